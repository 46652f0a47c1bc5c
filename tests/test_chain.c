/* Chains: every operation that has a record gives the same bits as its loop, however its operands are had and whatever the instruction
 * set; compiled functions give the same with chains and without, for any length, also where results are read again
 * later, where there are more operations than one chain has, where params are updated in place, and where chains go row by
 * row and end with sums. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph_helpers.h"

#include "kernels/reduce_fold.h"
#include "ops/ops.h"
#include "plan/function.h"

enum { LONGEST = 5000, MOST_VALUES = 24000 };

static int here(tg_dtype dtype)
{
    return tg_chain_for(tg_instructions_here(), dtype) != NULL;
}

static void set(tg_dtype dtype, void *data, int64_t i, double x)
{
    if (dtype == TG_F32)
        ((float *)data)[i] = (float)x;
    else
        ((double *)data)[i] = x;
}

/* Numbers from low to high, in no order. */
static void fill(tg_dtype dtype, void *data, int64_t n, double low, double high, int64_t seed)
{
    for (int64_t i = 0; i < n; i++)
        set(dtype, data, i, low + (high - low) * (double)((i * 37 + seed) % 101) / 100);
}

/* ---- Records ---------------------------------------------------------------------------------------------- */

enum { CHUNKS = 3, MOST = CHUNKS * 64 };

typedef struct operands {
    _Alignas(64) char read[2][MOST * sizeof(double)], kept[MOST * sizeof(double)], number[2][sizeof(double)];
    _Alignas(64) char expected[MOST * sizeof(double)], found[(MOST + 64) * sizeof(double)];
} operands;

/* The operation with operands of these kinds, behind a negation, in memory where it is not aligned. */
static void check_record(const tg_chain_kernels *kernels, const tg_elementwise_kernels *loops, int row,
                         tg_dtype dtype, const tg_chain_kind *kind, operands *o)
{
    int64_t n = CHUNKS * kernels->chunk, strides[2];
    size_t item = tg_dtype_size(dtype), bytes = (size_t)n * item;
    assert_true(n <= MOST);
    const void *const read = o->read[0], *in[2];
    loops->rows[dtype][TG_ROW_neg](n, o->kept, &read, (const int64_t[]){1});
    tg_chain_record records[3] = {
        {.run = kernels->rows[TG_ROW_neg], .in = {o->read[0]}, .kind = {TG_CHAIN_READ}},
        {.run = kernels->rows[row], .to = o->found + item, .is_stored = 1},
        {.run = kernels->end}};
    for (int k = 0; k < 2; k++) {
        strides[k] = kind[k] != TG_CHAIN_NUMBER;
        in[k] = kind[k] == TG_CHAIN_READ ? o->read[k] : kind[k] == TG_CHAIN_KEPT ? o->kept : o->number[k];
        records[1].in[k] = kind[k] == TG_CHAIN_KEPT ? NULL : in[k];
        records[1].kind[k] = kind[k];
    }
    loops->rows[dtype][row](n, o->expected, in, strides);
    memset(o->found, 0x55, sizeof o->found);
    kernels->go(records, CHUNKS);
    if (memcmp(o->found + item, o->expected, bytes) != 0)
        fail_msg("%s of %s, operands had as %d and %d, differs", tg_elementwise_ops[row]->name,
                 tg_dtype_name(dtype), (int)kind[0], (int)kind[1]);
    assert_true(o->found[item - 1] == 0x55 && o->found[item + bytes] == 0x55);
}

static int check_row(tg_instructions instructions, int row, tg_dtype dtype)
{
    const tg_chain_kernels *kernels = tg_chain_for(instructions, dtype);
    static operands o;
    int n = 0;
    if (kernels->rows[row] == NULL) return 0;
    for (int k = 0; k < 2; k++) {
        fill(dtype, o.read[k], MOST, -3, 3, 11 * k);
        set(dtype, o.read[k], 5 + k, (double)INFINITY);
        set(dtype, o.number[k], 0, 0.75 + k);
    }
    int n_inputs = tg_elementwise_ops[row]->n_inputs;
    for (int i = 0; i < (n_inputs == 1 ? 3 : 9); i++, n++)
        check_record(kernels, tg_elementwise_for(instructions), row, dtype,
                     (const tg_chain_kind[]){(tg_chain_kind)(i % 3), (tg_chain_kind)(i / 3)}, &o);
    return n;
}

static void test_records(void **state)
{
    (void)state;
    for (int set_of = TG_BASELINE; set_of <= (int)tg_instructions_here(); set_of++) {
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
            int checked = 0;
            if (tg_chain_for((tg_instructions)set_of, (tg_dtype)dtype) == NULL) continue;
            for (int row = 0; row < TG_ROWS; row++)
                checked += check_row((tg_instructions)set_of, row, (tg_dtype)dtype);
            assert_int_equal(checked, 8 * 3 + 6 * 9);
        }
    }
    assert_null(tg_chain_for(tg_instructions_here(), TG_I64));
    assert_null(tg_chain_for(TG_BASELINE, TG_F32));
}

/* Behind exp, over some chunks in two goes: the totals are those of the fold, to the last bit. */
static void check_sum(tg_instructions instructions, tg_dtype dtype)
{
    const tg_chain_kernels *kernels = tg_chain_for(instructions, dtype);
    const tg_fold *fold = tg_reduce_for(instructions)->sum[dtype];
    static operands o;
    static tg_totals found, expected;
    int64_t n = CHUNKS * kernels->chunk, item = (int64_t)tg_dtype_size(dtype);
    const void *in[1] = {o.read[0]};
    double sums[2] = {0, 0};
    fill(dtype, o.read[0], MOST, -30, 30, 0);
    tg_elementwise_for(instructions)->rows[dtype][TG_ROW_exp](n, o.expected, in, (const int64_t[]){1});
    fold->start(&expected, fold->lanes);
    fold->along(&expected, n, o.expected, 1);
    tg_chain_record records[2] = {
        {.run = kernels->rows[TG_ROW_exp], .in = {o.read[0]}, .kind = {TG_CHAIN_READ}},
        {.run = kernels->sum, .to = (char *)&found}};
    fold->start(&found, fold->lanes);
    kernels->go(records, 1);
    records[0].in[0] += kernels->chunk * item;
    kernels->go(records, CHUNKS - 1);
    assert_memory_equal(found.of.f64, expected.of.f64, (size_t)fold->lanes * sizeof(double));
    fold->join(&found);
    fold->join(&expected);
    fold->finish(&found, 1, &sums[0]);
    fold->finish(&expected, 1, &sums[1]);
    assert_memory_equal(&sums[0], &sums[1], sizeof sums[0]);
    assert_true(sums[0] > 0);
}

static void test_sums(void **state)
{
    (void)state;
    for (int set_of = TG_BASELINE; set_of <= (int)tg_instructions_here(); set_of++)
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++)
            if (tg_chain_for((tg_instructions)set_of, (tg_dtype)dtype) != NULL)
                check_sum((tg_instructions)set_of, (tg_dtype)dtype);
}

/* ---- Functions -------------------------------------------------------------------------------------------- */

typedef struct program {
    tg_graph *g;
    tg_tensor *outputs[4];
    tg_update updates[2];
    int n_outputs, n_updates;
} program;

static tg_function *compile(const program *p, const char *passes_off)
{
    tg_function *f = NULL;
    const tg_compile_options options = {.passes_off = passes_off};
    if (tg_compile_with(p->g, p->outputs, p->n_outputs, p->updates, p->n_updates, &options, &f) != TG_OK)
        fail_msg("%s", tg_error(p->g));
    return f;
}

/* How many steps run in chains; *kept: how many of those results are not stored. */
static int64_t chained(const tg_function *f, int64_t *kept)
{
    int64_t steps = 0;
    *kept = 0;
    for (int64_t s = 0; s < f->plan->n_steps; s++) {
        const tg_step *first = &f->plan->steps[s];
        steps += first->chain;
        for (int64_t i = 0; i < first->chain; i++) *kept += !first[i].record.is_stored;
    }
    return steps;
}

/* All outputs and then all params after two runs, in new memory. The params are then as before. */
static char *results(const program *p, tg_function *f, size_t *size)
{
    char *all = NULL;
    size_t n = 0;
    void *before[2] = {NULL};
    for (int u = 0; u < p->n_updates; u++) {
        tg_type type = tg_type_of(p->updates[u].param);
        before[u] = malloc(tg_type_bytes(&type));
        tg_get(p->updates[u].param, before[u], tg_type_bytes(&type));
    }
    for (int i = 0; i < 2; i++)
        if (tg_run(f) != TG_OK) fail_msg("%s", tg_function_error(f));
    for (int i = 0; i < p->n_outputs + p->n_updates; i++) {
        tg_tensor *t = i < p->n_outputs ? p->outputs[i] : p->updates[i - p->n_outputs].param;
        tg_type type = tg_type_of(t);
        size_t bytes = tg_type_bytes(&type);
        all = realloc(all, n + bytes);
        assert_non_null(all);
        memcpy(all + n, i < p->n_outputs ? tg_output(f, t) : tg_data(t), bytes);
        n += bytes;
    }
    for (int u = 0; u < p->n_updates; u++) {
        tg_type type = tg_type_of(p->updates[u].param);
        tg_set(p->updates[u].param, before[u], tg_type_bytes(&type));
        free(before[u]);
    }
    *size = n;
    return all;
}

/* At least so many steps are in chains, and so many of their results stay in registers. */
static void check_program(const program *p, int64_t steps, int64_t kept, const char *what)
{
    tg_function *chains = compile(p, NULL), *usual = compile(p, "chain");
    int64_t has_kept, usual_kept;
    if (steps > 0 && (chained(chains, &has_kept) < steps || has_kept < kept))
        fail_msg("%s: %lld steps are in chains, %lld results stay in registers", what,
                 (long long)chained(chains, &has_kept), (long long)has_kept);
    assert_int_equal(chained(usual, &usual_kept), 0);
    size_t n, n_usual;
    char *found = results(p, chains, &n), *expected = results(p, usual, &n_usual);
    assert_int_equal(n, n_usual);
    if (memcmp(found, expected, n) != 0) fail_msg("%s: results differ", what);
    free(found);
    free(expected);
    tg_function_free(chains);
    tg_function_free(usual);
}

static tg_tensor *values(tg_graph *g, const char *name, tg_dtype dtype, int64_t n, int64_t seed)
{
    static double data[MOST_VALUES];
    assert_true(n <= MOST_VALUES);
    fill(dtype, data, n, -2, 2, seed);
    return tg_param(g, name, dtype, 1, &n, data);
}

/* Results that are read by the next operation, on either side and on both, later, and at the end. */
static void check_length(tg_dtype dtype, int64_t n)
{
    program p = {.g = tg_graph_new(&(tg_graph_options){.flags = TG_NO_SIMPLIFY})};
    tg_tensor *x = values(p.g, "x", dtype, n, 0), *y = values(p.g, "y", dtype, n, 5);
    tg_tensor *number = tg_param(p.g, "number", dtype, 0, NULL, NULL);
    tg_tensor *a = tg_mul_scalar(x, 1.5), *b = tg_add(a, y), *c = tg_sub(y, b), *d = tg_mul(c, c);
    tg_tensor *e = tg_maximum(tg_add(number, tg_tanh(d)), a),
              *late = tg_sub(e, tg_mul(b, tg_number_like(b, 3)));
    tg_tensor *broken = tg_exp(tg_sin(tg_neg(late)));
    p.outputs[0] = late;
    p.outputs[1] = tg_add(tg_where(tg_lt(c, e), broken, tg_abs(broken)), e);
    p.outputs[2] = tg_sqrt(tg_abs(tg_flip(a, 0)));
    p.n_outputs = 3;
    p.updates[0] = (tg_update){x, tg_sub(x, tg_mul(tg_mul(a, e), tg_number_like(x, 0.125)))};
    p.updates[1] = (tg_update){y, tg_div(tg_add(y, x), tg_add(tg_square(y), tg_number_like(y, 1)))};
    p.n_updates = 2;
    char what[60];
    snprintf(what, sizeof what, "%lld numbers of %s", (long long)n, tg_dtype_name(dtype));
    check_program(&p, here(dtype) && n > 16 ? 10 : 0, 4, what);
    tg_graph_free(p.g);
}

static void test_lengths(void **state)
{
    (void)state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        for (int64_t n = 1; n <= 200; n++) check_length((tg_dtype)dtype, n);
        check_length((tg_dtype)dtype, LONGEST);
    }
}

/* Longer than one chain. */
static void test_long_chains(void **state)
{
    (void)state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        program p = {.g = tg_graph_new(NULL), .n_outputs = 1};
        tg_tensor *x = values(p.g, "x", (tg_dtype)dtype, 300, 0), *t = x;
        for (int i = 0; i < 100; i++) t = i % 3 == 0 ? tg_abs(t) : i % 3 == 1 ? tg_mul(t, x) : tg_sub(x, t);
        p.outputs[0] = t;
        check_program(&p, here((tg_dtype)dtype) ? 100 : 0, 90, "a long chain");
        tg_graph_free(p.g);
    }
}

/* Rows and columns: sums of blocks between, biases, and products before. */
static void test_rows(void **state)
{
    (void)state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        program p = {.g = tg_graph_new(NULL)};
        tg_tensor *x = tg_reshape(values(p.g, "x", (tg_dtype)dtype, 4800, 0), 2, (const int64_t[]){48, 100});
        tg_tensor *w = tg_reshape(values(p.g, "w", (tg_dtype)dtype, 4000, 0), 2, (const int64_t[]){100, 40});
        tg_tensor *bias = values(p.g, "bias", (tg_dtype)dtype, 40, 3);
        tg_tensor *h = tg_tanh(tg_neg(tg_add(tg_matmul(x, w), bias))),
                  *slope = tg_sub(tg_number_like(h, 1), tg_square(h));
        tg_tensor *loss = tg_sum(tg_square(tg_mul(h, slope)), NULL);
        p.outputs[p.n_outputs++] = loss;
        p.outputs[p.n_outputs++] = tg_softmax(tg_mul(h, slope), 1);
        p.outputs[p.n_outputs++] = tg_sum(tg_exp(tg_neg(tg_abs(x))), TG_AXES(0));
        check_program(&p, here((tg_dtype)dtype) ? 4 : 0, 1, "rows");
        tg_graph_free(p.g);
    }
}

/* How many chains go row by row, and how many end with a sum. */
static void count_kinds(const tg_function *f, int *by_rows, int *sums)
{
    *by_rows = *sums = 0;
    for (int64_t s = 0; s < f->plan->n_steps; s++) {
        const tg_step *step = &f->plan->steps[s];
        *by_rows += step->chain > 1 && step->chain_columns > 0;
        *sums += step->chain > 1 && step[step->chain - 1].loop == NULL;
    }
}

/* A number for each row, from a param and from a reduction, and one for each column; sums of rows and of all, of what is
 * read again and of what is not. */
static void check_wide_rows(tg_dtype dtype, int64_t rows, int64_t columns, double special)
{
    program p = {.g = tg_graph_new(NULL)};
    const int64_t n = rows * columns;
    tg_tensor *flat = values(p.g, "x", dtype, n, 0);
    static char data[MOST_VALUES * sizeof(double)];
    tg_get(flat, data, (size_t)n * tg_dtype_size(dtype));
    set(dtype, data, n / 3, special);
    tg_set(flat, data, (size_t)n * tg_dtype_size(dtype));
    tg_tensor *x = tg_reshape(flat, 2, (const int64_t[]){rows, columns});
    tg_tensor *left = tg_reshape(values(p.g, "left", dtype, rows, 7), 2, (const int64_t[]){rows, 1});
    tg_tensor *above = values(p.g, "above", dtype, columns, 3);
    tg_tensor *shifted = tg_sub(x, tg_max(x, TG_KEEP_AXES(1))), *scaled = tg_mul(tg_exp(shifted), left);
    p.outputs[p.n_outputs++] = tg_add(tg_sum(scaled, TG_AXES(1)), tg_logsumexp(tg_mul(x, left), TG_AXES(1)));
    p.outputs[p.n_outputs++] = tg_add(tg_softmax(tg_sub(above, x), 1), scaled);
    p.outputs[p.n_outputs++] =
        tg_add(tg_sum(tg_square(tg_sub(x, left)), NULL), tg_sum(tg_exp(tg_neg(x)), NULL));
    p.outputs[p.n_outputs++] = tg_logsumexp(flat, NULL);
    char what[80];
    snprintf(what, sizeof what, "%lld rows of %lld %s and %g", (long long)rows, (long long)columns,
             tg_dtype_name(dtype), special);
    check_program(&p, here(dtype) && columns >= 256 ? 10 : 0, 4, what);
    int by_rows, sums;
    tg_function *f = compile(&p, NULL);
    count_kinds(f, &by_rows, &sums);
    tg_function_free(f);
    if (here(dtype) && columns >= 256 && rows > 1 && (by_rows < 3 || sums < 4))
        fail_msg("%s: %d chains go row by row, %d end with sums", what, by_rows, sums);
    tg_graph_free(p.g);
}

static void test_wide_rows(void **state)
{
    (void)state;
    static const int64_t columns[] = {1, 7, 31, 64, 100, 255, 256, 257, 300, 384, 1000, 1023};
    static const double specials[] = {1, (double)NAN, (double)INFINITY, -(double)INFINITY};
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        for (int i = 0; i < COUNT(columns); i++)
            for (int64_t rows = 1; rows <= 23; rows += 1 + rows / 2)
                check_wide_rows((tg_dtype)dtype, rows, columns[i], specials[(i + rows) % 4]);
        check_wide_rows((tg_dtype)dtype, 3, 8000, 1);
    }
}

/* A few numbers that cancel, of which a sum in another order would be another: they are added as without chains. */
static void test_few_numbers(void **state)
{
    (void)state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        for (int64_t n = 17; n <= 140; n += 3) {
            program p = {.g = tg_graph_new(NULL), .n_outputs = 1};
            tg_tensor *x = values(p.g, "x", (tg_dtype)dtype, n, 0);
            tg_tensor *large = tg_mul_scalar(tg_exp(tg_mul_scalar(x, 30)), 1e10);
            tg_tensor *cancels = tg_sub(large, tg_flip(large, 0));
            p.outputs[0] = tg_sum(tg_add(tg_neg(cancels), x), NULL);
            check_program(&p, 0, 0, "few numbers");
            tg_graph_free(p.g);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_records),    cmocka_unit_test(test_sums),
                                       cmocka_unit_test(test_lengths),    cmocka_unit_test(test_long_chains),
                                       cmocka_unit_test(test_rows),       cmocka_unit_test(test_wide_rows),
                                       cmocka_unit_test(test_few_numbers)};
    return cmocka_run_group_tests_name("chains", tests, NULL, NULL);
}
