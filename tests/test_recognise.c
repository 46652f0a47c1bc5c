/* Multilayer perceptrons are recognised in any spelling, what is none is refused with a reason, and what was recognised
 * obeys the rules of all five conventions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "recognise_models.h"

static void test_perceptrons(void **state)
{
    (void)state;
    for (const recognise_model *m = perceptrons; m->name != NULL; m++) {
        built_model built = build_model(m->text);
        tg_found_mlp found;
        char reason[TG_REASON], text[512];
        int64_t nodes = tg_node_count(built.graph);
        int answer = tg_recognise(built.graph, built.loss, &found, reason);
        if (answer != 1) fail_msg("%s: %d: %s %s", m->name, answer, reason, tg_error(built.graph));
        if (strcmp(found_text(&found, text, sizeof text), m->found) != 0)
            fail_msg("%s: %s\n   instead of %s", m->name, text, m->found);
        assert_int_equal(tg_node_count(built.graph), nodes);
        for (int c = 0; c < TG_CONVENTIONS; c++) prove_rules(&built, &found, m->name, (tg_convention)c);
        free_model(&built);
    }
}

static void test_others(void **state)
{
    (void)state;
    for (const recognise_model *m = others; m->name != NULL; m++) {
        built_model built = build_model(m->text);
        tg_found_mlp found;
        char reason[TG_REASON];
        int64_t nodes = tg_node_count(built.graph);
        int answer = tg_recognise(built.graph, built.loss, &found, reason);
        if (answer != 0 || strstr(reason, m->found) == NULL)
            fail_msg("%s: %d: %s (%s)", m->name, answer, reason, tg_error(built.graph));
        assert_int_equal(tg_node_count(built.graph), nodes);
        free_model(&built);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_perceptrons),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
