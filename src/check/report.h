/* What the forms of a report have in common. */
#ifndef TG_CHECK_REPORT_H
#define TG_CHECK_REPORT_H

#include <tapegrad/check_callback.h>

#include "explain/text.h"

const char *tg_check_kind_name(tg_check_kind kind);
const char *tg_check_outcome_name(tg_check_outcome outcome);
/* The name of an x; "all" for -1. */
const char *tg_check_part_name(const tg_check_report *r, int part);
/* Fills index with the entry's place in its tensor and returns how many axes it has; 0 where there is no place. */
int tg_check_index(const tg_check_report *r, const tg_check_entry *e, int64_t *index);

#endif
