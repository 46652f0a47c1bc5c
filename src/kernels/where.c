/* The loops of where: a choice between two operands by a third, which is bool. */
#include "elementwise.h"
#include "independent.h"

#define WHERE_STRIDES(sa, sb)                                                                                \
    INDEPENDENT for (int64_t i = 0; i < n; i++)                                                              \
    {                                                                                                        \
        value x = a[i * (sa)], y = b[i * (sb)];                                                              \
        to[i] = condition[i] ? x : y;                                                                        \
    }

/* One loop for each type; both values are read, so that the choice can be made in vectors. */
#define WHERE_LOOP(name, type)                                                                               \
    static void name(int64_t n, void *out, const void *const *in, const int64_t *s)                          \
    {                                                                                                        \
        typedef type value;                                                                                  \
        value *to = out;                                                                                     \
        const unsigned char *condition = in[0];                                                              \
        const value *a = in[1], *b = in[2];                                                                  \
        if (s[0] == 1 && s[1] == 1 && s[2] == 1) {                                                           \
            WHERE_STRIDES(1, 1)                                                                              \
        } else if (s[0] == 1 && s[1] == 1 && s[2] == 0) {                                                    \
            WHERE_STRIDES(1, 0)                                                                              \
        } else if (s[0] == 1 && s[1] == 0 && s[2] == 1) {                                                    \
            WHERE_STRIDES(0, 1)                                                                              \
        } else {                                                                                             \
            for (int64_t i = 0; i < n; i++) to[i] = condition[i * s[0]] ? a[i * s[1]] : b[i * s[2]];         \
        }                                                                                                    \
    }

WHERE_LOOP(where_f32, float)
WHERE_LOOP(where_f64, double)
WHERE_LOOP(where_i64, int64_t)
WHERE_LOOP(where_bool, unsigned char)

const tg_loop tg_where_loops[] = {
    [TG_F32] = where_f32, [TG_F64] = where_f64, [TG_I64] = where_i64, [TG_BOOL] = where_bool};
