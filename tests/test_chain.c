/* Chains: every operation that has a record gives the same bits as its loop, however its operands are had, for any number
 * of elements and whatever the instruction set; compiled functions give the same with chains and without, for any length,
 * also where results are read again later, where there are more operations than one chain has, where params are updated
 * in place, and where chains go row by row and end with sums. */
#define _DEFAULT_SOURCE /* mmap's anonymous memory */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__unix__)
#include <sys/mman.h>
#include <unistd.h>
#endif

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

/* Three chunks of the widest vectors, and what lies behind them. */
enum { MOST = 3 * 128, BEHIND = 128 };

typedef struct operands {
    _Alignas(64) char read[2][(MOST + BEHIND) * sizeof(double)], number[sizeof(double)];
    _Alignas(64) char kept[MOST * sizeof(double)];
    _Alignas(64) char expected[MOST * sizeof(double)], found[(MOST + BEHIND) * sizeof(double)];
} operands;

static void make_operands(operands *o, tg_dtype dtype)
{
    for (int k = 0; k < 2; k++) {
        fill(dtype, o->read[k], MOST + BEHIND, -3, 3, 11 * k);
        set(dtype, o->read[k], 5 + k, (double)INFINITY);
    }
    set(dtype, o->number, 0, 0.75);
}

/* How a chain comes to keep something: by reading it and negating it, or as one number. */
typedef enum beginning { READ_AND_NEGATED, SPREAD } beginning;

/* Elements are read, kept, operated on and stored where memory is not aligned, and asked for; n of them and no others. */
static void check_record(const tg_chain_kernels *kernels, const tg_elementwise_kernels *loops, int row,
                         tg_dtype dtype, beginning begins, tg_chain_way way, int64_t n, operands *o)
{
    const size_t item = tg_dtype_size(dtype), bytes = (size_t)n * item;
    const void *kept = begins == SPREAD ? o->number : o->kept, *read = o->read[0], *in[2] = {kept, kept};
    int64_t strides[2] = {begins != SPREAD, begins != SPREAD};
    loops->rows[dtype][TG_ROW_neg](n, o->kept, &read, (const int64_t[]){1});
    int other = way == TG_CHAIN_KEPT_READ || way == TG_CHAIN_KEPT_NUMBER;
    int is_number = way == TG_CHAIN_KEPT_NUMBER || way == TG_CHAIN_NUMBER_KEPT;
    if (way != TG_CHAIN_KEPT) {
        in[other] = is_number ? o->number : o->read[1];
        strides[other] = !is_number;
    }
    tg_chain_record records[7] = {{.run = kernels->fetch, .memory = o->read[0], .ahead = 256}};
    int r = 1;
    records[r++] = begins == SPREAD ? (tg_chain_record){.run = kernels->spread, .memory = o->number}
                                    : (tg_chain_record){.run = kernels->read, .memory = o->read[0]};
    if (begins == READ_AND_NEGATED)
        records[r++] = (tg_chain_record){.run = kernels->rows[TG_ROW_neg][TG_CHAIN_KEPT]};
    records[r++] = (tg_chain_record){.run = kernels->fetch_to_write, .memory = o->found};
    records[r++] =
        (tg_chain_record){.run = kernels->rows[row][way], .memory = is_number ? o->number : o->read[1]};
    records[r++] = (tg_chain_record){.run = kernels->store, .memory = o->found + item};
    records[r] = (tg_chain_record){.run = kernels->end};
    loops->rows[dtype][row](n, o->expected, in, strides);
    memset(o->found, 0x55, sizeof o->found);
    kernels->go(records, n);
    if (memcmp(o->found + item, o->expected, bytes) != 0)
        fail_msg("%s of %lld %s, in way %d, differs", tg_elementwise_ops[row]->name, (long long)n,
                 tg_dtype_name(dtype), (int)way);
    for (size_t i = 0; i < sizeof o->found; i++)
        if (i < item || i >= item + bytes) assert_int_equal(o->found[i], 0x55);
}

/* Checks all ways of having the operands, and returns how many there are. */
static int check_row(tg_instructions instructions, int row, tg_dtype dtype)
{
    const tg_chain_kernels *kernels = tg_chain_for(instructions, dtype);
    static operands o;
    int ways = 0;
    make_operands(&o, dtype);
    for (int way = 0; way < TG_CHAIN_WAYS; way++) {
        if (kernels->rows[row][way] == NULL) continue;
        ways++;
        for (int64_t n = 0; n <= MOST; n += n < 4 || n > MOST - 4 ? 1 : 13)
            check_record(kernels, tg_elementwise_for(instructions), row, dtype, READ_AND_NEGATED,
                         (tg_chain_way)way, n, &o);
        check_record(kernels, tg_elementwise_for(instructions), row, dtype, SPREAD, (tg_chain_way)way, MOST,
                     &o);
    }
    return ways;
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
            assert_int_equal(checked, 8 + 6 * TG_CHAIN_WAYS);
        }
    }
    assert_null(tg_chain_for(tg_instructions_here(), TG_I64));
    assert_null(tg_chain_for(TG_BASELINE, TG_F32));
}

/* Of n elements behind exp: the totals are those of the fold, to the last bit. */
static void check_sum(tg_instructions instructions, tg_dtype dtype, int64_t n)
{
    const tg_chain_kernels *kernels = tg_chain_for(instructions, dtype);
    const tg_fold *fold = tg_reduce_for(instructions)->sum[dtype];
    static operands o;
    static tg_totals found, expected;
    const void *in[1] = {o.read[0]};
    double sums[2] = {0, 0};
    fill(dtype, o.read[0], MOST + BEHIND, -30, 30, 0);
    tg_elementwise_for(instructions)->rows[dtype][TG_ROW_exp](n, o.expected, in, (const int64_t[]){1});
    fold->start(&expected, fold->lanes);
    fold->along(&expected, n, o.expected, 1);
    const tg_chain_record records[3] = {{.run = kernels->read, .memory = o.read[0]},
                                        {.run = kernels->rows[TG_ROW_exp][TG_CHAIN_KEPT]},
                                        {.run = kernels->sum, .memory = (char *)&found}};
    fold->start(&found, fold->lanes);
    kernels->go(records, n);
    assert_memory_equal(found.of.f64, expected.of.f64, (size_t)fold->lanes * sizeof(double));
    fold->join(&found);
    fold->join(&expected);
    fold->finish(&found, 1, &sums[0]);
    fold->finish(&expected, 1, &sums[1]);
    assert_memory_equal(&sums[0], &sums[1], sizeof sums[0]);
    assert_true(n == 0 || sums[0] > 0);
}

static void test_sums(void **state)
{
    (void)state;
    for (int set_of = TG_BASELINE; set_of <= (int)tg_instructions_here(); set_of++)
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++)
            for (int64_t n = 0; n <= MOST; n++)
                if (tg_chain_for((tg_instructions)set_of, (tg_dtype)dtype) != NULL)
                    check_sum((tg_instructions)set_of, (tg_dtype)dtype, n);
}

#if defined(__unix__)
/* Memory ends where the elements do: nothing behind them is touched, though vectors are wider. */
static void check_at_the_end(tg_instructions set_of, tg_dtype dtype)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), item = tg_dtype_size(dtype);
    char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    assert_int_equal(mprotect(memory + page, page, PROT_NONE), 0);
    const tg_chain_kernels *kernels = tg_chain_for(set_of, dtype);
    for (int64_t n = 1; n <= 200 && kernels != NULL; n++) {
        char *at = memory + page - (size_t)n * item;
        fill(dtype, at, n, 1, 2, 0);
        const tg_chain_record records[4] = {
            {.run = kernels->read, .memory = at},
            {.run = kernels->rows[TG_ROW_sub][TG_CHAIN_KEPT_READ], .memory = at},
            {.run = kernels->store, .memory = at},
            {.run = kernels->end}};
        kernels->go(records, n);
        for (size_t i = 0; i < (size_t)n * item; i++) assert_int_equal(at[i], 0);
    }
    munmap(memory, 2 * page);
}

static void test_at_the_end(void **state)
{
    (void)state;
    for (int set_of = TG_BASELINE; set_of <= (int)tg_instructions_here(); set_of++)
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++)
            check_at_the_end((tg_instructions)set_of, (tg_dtype)dtype);
}
#else
static void test_at_the_end(void **state)
{
    (void)state;
}
#endif

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

/* How many of a chain's records have that function. */
static int64_t count_links(const tg_step *first, tg_chain_fn run)
{
    int64_t n = 0;
    for (int64_t i = 0; i < first->n_links; i++) n += first->links[i].record.run == run;
    return n;
}

static const tg_chain_kernels *kernels_of(const tg_function *f, const tg_step *first)
{
    return tg_chain_for(tg_instructions_here(), f->plan->places[tg_result_place(first)].dtype);
}

/* How many steps run in chains; *kept: how many of those results are not stored. */
static int64_t chained(const tg_function *f, int64_t *kept)
{
    int64_t steps = 0;
    *kept = 0;
    for (int64_t s = 0; s < f->plan->n_steps; s++) {
        const tg_step *first = &f->plan->steps[s];
        if (first->chain <= 1) continue;
        const tg_chain_kernels *kernels = kernels_of(f, first);
        steps += first->chain;
        *kept += first->chain - count_links(first, kernels->store) - count_links(first, kernels->sum);
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

/* What a chain in blocks asks for: what it reads for the first time, a little ahead; what was read in the block before, for
 * the next block; and what is written behind it. */
static void check_fetches(const tg_function *f, int64_t reads, int64_t reads_again, int64_t writes)
{
    int64_t found_reads = 0, found_again = 0, found_writes = 0;
    for (int64_t s = 0; s < f->plan->n_steps; s++) {
        const tg_step *first = &f->plan->steps[s];
        for (int64_t i = 0; i < first->n_links; i++) {
            const tg_chain_link *link = &first->links[i];
            const tg_place *p = &f->plan->places[first[link->step].first_place + link->operand];
            int is_read = link->record.run == kernels_of(f, first)->fetch;
            if (is_read && link->record.ahead == p->tile->block) found_again++;
            if (is_read && link->record.ahead != p->tile->block) found_reads++;
            if (link->record.run == kernels_of(f, first)->fetch_to_write) found_writes++;
        }
    }
    assert_int_equal(found_reads, reads);
    assert_int_equal(found_again, reads_again);
    assert_int_equal(found_writes, writes);
}

static void test_fetches(void **state)
{
    (void)state;
    if (!here(TG_F32)) return;
    program p = {.g = tg_graph_new(NULL), .n_outputs = 1};
    tg_tensor *flat = values(p.g, "x", TG_F32, 24000, 0), *y = values(p.g, "y", TG_F32, 24000, 1);
    p.outputs[0] = tg_add(tg_abs(tg_sub(flat, y)), flat);
    tg_function *f = compile(&p, NULL);
    check_fetches(f, 2, 0, 0);
    tg_function_free(f);
    p.outputs[0] = tg_softmax(tg_reshape(flat, 2, (const int64_t[]){24, 1000}), 1);
    f = compile(&p, NULL);
    check_fetches(f, 0, 1, 1);
    tg_function_free(f);
    p.outputs[0] = tg_abs(tg_mul_scalar(flat, 1.5));
    p.outputs[1] = tg_sub(tg_square(tg_tanh(p.outputs[0])), p.outputs[0]);
    p.n_outputs = 2;
    f = compile(&p, NULL);
    check_fetches(f, 1, 0, 1);
    tg_function_free(f);
    p.n_outputs = 1;
    p.outputs[0] = tg_neg(tg_abs(values(p.g, "few", TG_F32, 100, 1)));
    f = compile(&p, NULL);
    check_fetches(f, 0, 0, 0);
    tg_function_free(f);
    tg_graph_free(p.g);
}

/* So long that blocks are larger, where what they leave in scratch memory is not touched; a sum is the same without
 * chains. */
static void test_long_arrays(void **state)
{
    (void)state;
    enum { LONG = 8 * 32768 + 5 };
    static float data[LONG];
    const int64_t n = LONG;
    fill(TG_F32, data, n, -2, 2, 0);
    program p = {.g = tg_graph_new(NULL), .n_outputs = 1};
    tg_tensor *x = tg_param(p.g, "x", TG_F32, 1, &n, data);
    tg_tensor *const cases[] = {tg_sub(tg_square(tg_neg(tg_mul_scalar(x, 1.5))), x),
                                tg_sum(tg_square(tg_sub(tg_exp(x), x)), NULL), tg_square(tg_tanh(x)),
                                tg_sum(tg_tanh(x), NULL)};
    for (int i = 0; i < COUNT(cases); i++) {
        p.outputs[0] = cases[i];
        check_program(&p, here(TG_F32) && i < 2 ? 4 : 0, 3, "a long array");
        tg_function *f = compile(&p, NULL);
        int64_t rows = f->plan->units[0].block_rows;
        if (here(TG_F32) && i < 2) assert_int_equal(rows, 32768);
        if (i >= 2) assert_true(rows <= 8192);
        tg_function_free(f);
        if (i != 1) continue;
        f = compile(&p, "chain,loop");
        assert_int_equal(f->plan->units[0].block_rows, rows);
        tg_function_free(f);
    }
    tg_graph_free(p.g);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),     cmocka_unit_test(test_sums),
        cmocka_unit_test(test_lengths),     cmocka_unit_test(test_long_chains),
        cmocka_unit_test(test_rows),        cmocka_unit_test(test_wide_rows),
        cmocka_unit_test(test_few_numbers), cmocka_unit_test(test_at_the_end),
        cmocka_unit_test(test_fetches),     cmocka_unit_test(test_long_arrays)};
    return cmocka_run_group_tests_name("chains", tests, NULL, NULL);
}
