/* The named rules: their numbers, and the set of those used. */
#ifndef TG_PROOF_RULES_H
#define TG_PROOF_RULES_H

#include <tapegrad/proof.h>

/* The one list of rules: X(identifier, name, statement, condition, is it an assumption). */
#define TG_PROOF_RULES(X)                                                                                    \
    X(DISTRIBUTE, "distribute", "a (b + c) = a b + a c", "", 0)                                              \
    X(SUM_OVER_SUM, "S/S", "sum_k e_k / sum_k e_k = 1", "sum_k e_k is not 0", 0)                             \
    X(PART_OVER_WHOLE, "L/(L+R)", "L / (L + R) = 1 - R / (L + R)", "L + R is not 0", 0)                      \
    X(COMMON_DENOMINATOR, "common denominator", "a = b where a c = b c", "c is not 0", 0)                    \
    X(X_OVER_X, "x/x", "x / x = 1", "x is not 0", 0)                                                         \
    X(EXP_SUM, "exp of a sum", "exp(a + b) = exp(a) exp(b)", "", 0)                                          \
    X(EXP_LOG, "exp of a log", "exp(log(p)) = p", "p > 0", 0)                                                \
    X(LOG_EXP, "log of an exp", "log(exp(x)) = x", "", 0)                                                    \
    X(LOG_PRODUCT, "log of a product", "log(a b) = log(a) + log(b)", "a > 0", 0)                             \
    X(MAX_SHIFT, "max shift", "max_k(x_k + c) = max_k x_k + c", "c does not depend on k", 0)                 \
    X(STEP, "step", "[u > 0]^2 = [u > 0]; [u > 0] [u < 0] = 0", "", 0)                                       \
    X(STEP_NEGATIVE, "negative part", "u [u < 0] = u - u [u > 0]", "", 0)                                    \
    X(STEP_POSITIVE, "step of a positive", "[p > 0] = 1", "p > 0", 0)                                        \
    X(STEP_RELU, "step of relu", "[u [u > 0] > 0] = [u > 0]", "", 0)                                         \
    X(CASES, "case split", "f(u) by the cases u > 0, u < 0, u = 0", "", 0)                                   \
    X(PARITY, "parity", "f(-x) from f(x): odd, even, 1 - f(x) or f(x) - x",                                  \
      "as the function's formula has it", 0)                                                                 \
    X(SUM_ONE, "sum to one", "sum_k y_k = 1", "assumed of y", 1)                                             \
    X(POSITIVE, "positive", "p > 0", "assumed of p", 1)                                                      \
    X(OFF_KINK, "off the kink", "[u < 0] = 1 - [u > 0]", "u is not 0", 1)

typedef enum tg_rule_number {
#define TG_RULE_NUMBER(identifier, name, statement, condition, assumption) TG_RULE_##identifier,
    TG_PROOF_RULES(TG_RULE_NUMBER)
#undef TG_RULE_NUMBER
        TG_RULE_COUNT
} tg_rule_number;

#endif
