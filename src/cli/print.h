/* Arrays for people and as JSON. */
#ifndef TG_CLI_PRINT_H
#define TG_CLI_PRINT_H

#include "command.h"

/* "[[1, 2.5],\n [3, 4]]" with columns aligned; of a long axis the ends alone. 8 significant digits. */
void tg_print_array(FILE *to, const tg_type *type, const void *data);

/* {"dtype": …, "shape": […], "data": nested lists}; NULL when memory runs out. */
json_t *tg_json_array(const tg_type *type, const void *data);
json_t *tg_json_shape(const tg_type *type);

#endif
