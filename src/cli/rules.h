/* What `tapegrad rules` shows. */
#ifndef TG_CLI_RULES_H
#define TG_CLI_RULES_H

#include "command.h"

typedef struct tg_rules_view {
    int steps; /* the proofs' steps too */
    int hide;  /* an exercise: the rules as they were built, and not which is wrong */
} tg_rules_view;

/* One convention's report as text. */
void tg_rules_show(const tg_rules_report *report, const tg_rules_view *view);
/* And as an element of "conventions"; NULL when memory runs out. */
json_t *tg_rules_json(const tg_rules_report *report);

#endif
