/* The named rules and verdicts as tables. */
#include "rules.h"

static const tg_proof_rule_info rules[] = {
#define RULE(identifier, name, statement, condition, assumption) {name, statement, condition, assumption},
    TG_PROOF_RULES(RULE)
#undef RULE
};

const tg_proof_rule_info *tg_proof_rules(int *count)
{
    if (count != NULL) *count = TG_RULE_COUNT;
    return rules;
}

const char *tg_proof_verdict_name(tg_proof_verdict verdict)
{
    static const char *const names[] = {"proved", "refuted", "undecided"};
    return names[verdict == TG_PROVED ? 0 : verdict == TG_REFUTED ? 1 : 2];
}
