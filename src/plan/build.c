/* From nodes to a plan: which kernels run on which arrays. Views (transposes, broadcasts, slices) cost nothing:
 * kernels that take strides read through them, and for others they are copied. */
#include "fuse.h"

#include <stdlib.h>
#include <string.h>

/* ---- Growing lists ------------------------------------------------------------------------------------ */

/* Room for one more item in a list that doubles. */
static int reserve(void **items, int64_t n, int64_t *room, size_t item)
{
    if (n < *room) return 1;
    int64_t wanted = *room == 0 ? 64 : 2 * *room;
    void *grown = realloc(*items, (size_t)wanted * item);
    if (grown == NULL) return 0;
    *items = grown;
    *room = wanted;
    return 1;
}

int tg_add_place(tg_builder *b, const tg_place *place, int64_t buffer)
{
    tg_plan *plan = b->plan;
    if (!reserve((void **)&plan->places, plan->n_places, &b->places_room, sizeof *place) ||
        !reserve((void **)&b->buffer_of, plan->n_places, &b->buffer_of_room, sizeof *b->buffer_of))
        return 0;
    b->buffer_of[plan->n_places] = buffer;
    plan->places[plan->n_places++] = *place;
    return 1;
}

static int64_t add_buffer(tg_builder *b, size_t bytes)
{
    if (!reserve((void **)&b->buffers, b->n_buffers, &b->buffers_room, sizeof *b->buffers)) return -1;
    int64_t step = b->plan->n_steps;
    b->buffers[b->n_buffers] = (tg_buffer){.bytes = bytes, .first = step, .last = step, .reuses = -1};
    return b->n_buffers++;
}

/* ---- Places ------------------------------------------------------------------------------------------- */

static int is_row_major(const tg_place *p)
{
    int64_t stride = 1;
    for (int i = p->rank - 1; i >= 0; i--) {
        if (p->shape[i] != 1 && p->strides[i] != stride) return 0;
        stride *= p->shape[i] > 0 ? p->shape[i] : 1;
    }
    return 1;
}

/* Shape and strides in the plan's memory: t's shape, and the strides given or row-major ones. */
static int give_shape(tg_builder *b, tg_place *p, const tg_tensor *t, const int64_t *strides)
{
    size_t size = (size_t)t->rank * sizeof(int64_t);
    int64_t *memory = tg_arena_take(&b->plan->memory, 2 * size);
    if (memory == NULL) return 0;
    memcpy(memory, t->shape, size);
    if (strides != NULL)
        memcpy(memory + t->rank, strides, size);
    else
        tg_strides(t->rank, t->shape, memory + t->rank);
    p->dtype = t->dtype;
    p->rank = t->rank;
    p->count = tg_count(t);
    p->shape = memory;
    p->strides = memory + t->rank;
    return 1;
}

/* A new buffer for t's elements. */
static int put_in_buffer(tg_builder *b, const tg_tensor *t, tg_location *at)
{
    tg_type type = tg_type_of(t);
    *at = (tg_location){
        .place.base = TG_BASE_ARENA, .buffer = add_buffer(b, tg_type_bytes(&type)), .after = -1};
    return at->buffer >= 0 && give_shape(b, &at->place, t, NULL);
}

/* ---- Steps -------------------------------------------------------------------------------------------- */

static int add_operand(tg_builder *b, const tg_location *at)
{
    return tg_add_place(b, &at->place, at->place.base == TG_BASE_ARENA ? at->buffer : -1);
}

static void *copy_attr(tg_builder *b, const tg_tensor *t)
{
    size_t size = tg_node_attr_size(t);
    void *attr = tg_arena_take(&b->plan->memory, size + 1);
    if (attr != NULL) memcpy(attr, tg_node_attr(t), size);
    return attr;
}

/* Appends a kernel that reads `inputs` and fills a new buffer with t's elements: *at. */
static int add_step(tg_builder *b, const tg_tensor *t, const tg_op *op, tg_kernel_fn kernel,
                    const tg_location *inputs, int n, tg_location *at)
{
    tg_plan *plan = b->plan;
    if (!reserve((void **)&plan->steps, plan->n_steps, &b->steps_room, sizeof *plan->steps)) return 0;
    tg_step *step = &plan->steps[plan->n_steps];
    *step = (tg_step){.op = op,
                      .kernel = kernel,
                      .attr = copy_attr(b, t),
                      .n_inputs = n,
                      .first_place = plan->n_places,
                      .after = b->after};
    if (step->attr == NULL) return 0;
    for (int i = 0; i < n; i++) {
        if (inputs[i].after > step->after) step->after = inputs[i].after;
        if (!add_operand(b, &inputs[i])) return 0;
    }
    if (!put_in_buffer(b, t, at) || !add_operand(b, at)) return 0;
    plan->n_steps++;
    return 1;
}

/* Replaces *at by the same elements, row-major in a buffer of their own; the next one who needs them finds them. */
static int pack(tg_builder *b, const tg_tensor *t, tg_location *at)
{
    tg_location packed;
    if (!add_step(b, t, NULL, tg_copy_kernel, at, 1, &packed)) return 0;
    *at = packed;
    return 1;
}

static int want_scratch(tg_builder *b, const tg_tensor *t)
{
    if (t->op->scratch == NULL) return 1;
    tg_type *types = malloc((size_t)(t->n_inputs + 1) * sizeof *types);
    if (types == NULL) return 0;
    for (int i = 0; i < t->n_inputs; i++) types[i] = tg_type_of(t->inputs[i]);
    types[t->n_inputs] = tg_type_of(t);
    size_t bytes = t->op->scratch(types, t->n_inputs, &types[t->n_inputs], tg_node_attr(t));
    free(types);
    if (bytes > b->scratch) b->scratch = bytes;
    return 1;
}

static int lower_kernel(tg_builder *b, const tg_tensor *t, tg_location *at)
{
    tg_location few[TG_ELEMENTWISE_MAX], *inputs = few;
    if (t->n_inputs > TG_ELEMENTWISE_MAX) inputs = malloc((size_t)t->n_inputs * sizeof *inputs);
    int done = inputs != NULL && want_scratch(b, t);
    for (int i = 0; i < t->n_inputs && done; i++) {
        tg_location *input = &b->locations[tg_request_index(b->request, t->inputs[i])];
        if ((t->op->flags & TG_OP_STRIDED) == 0 && !is_row_major(&input->place))
            done = pack(b, t->inputs[i], input);
        inputs[i] = *input;
    }
    done = done && add_step(b, t, t->op, t->op->kernel, inputs, t->n_inputs, at);
    if (inputs != few) free(inputs);
    return done;
}

/* A reduction over axes of one element leaves all elements as they are: *at, where its input lies, without those axes. */
static int lower_reduction_of_nothing(tg_builder *b, const tg_tensor *t, tg_location *at)
{
    const tg_place input = b->locations[tg_request_index(b->request, t->inputs[0])].place;
    int64_t strides[TG_MAX_RANK];
    int from = 0;
    *at = b->locations[tg_request_index(b->request, t->inputs[0])];
    for (int i = 0; i < t->rank; i++) {
        strides[i] = 0;
        if (t->shape[i] == 1) continue;
        while (input.shape[from] == 1) from++;
        strides[i] = input.strides[from++];
    }
    return give_shape(b, &at->place, t, strides) ? 1 : -1;
}

/* 1 lowered, 0 not possible as a view, -1 out of memory. */
static int lower_view(tg_builder *b, const tg_tensor *t, tg_location *at)
{
    if ((t->op->flags & TG_OP_REDUCTION) != 0 && tg_count(t) > 0 && tg_count(t) == tg_count(t->inputs[0]))
        return lower_reduction_of_nothing(b, t, at);
    if (t->op->view == NULL) return 0;
    const tg_tensor *x = t->inputs[0];
    *at = b->locations[tg_request_index(b->request, x)];
    tg_type input = tg_type_of(x), output = tg_type_of(t);
    int64_t offset = 0, strides[TG_MAX_RANK];
    if (!t->op->view(&input, at->place.strides, &output, tg_node_attr(t), &offset, strides)) return 0;
    at->place.offset += offset * (int64_t)tg_dtype_size(t->dtype);
    /* Step k fills buffer k. */
    for (int i = 1; i < t->n_inputs; i++) {
        const tg_location *other = &b->locations[tg_request_index(b->request, t->inputs[i])];
        if (other->buffer > at->after) at->after = other->buffer;
        if (other->after > at->after) at->after = other->after;
    }
    return give_shape(b, &at->place, t, strides) ? 1 : -1;
}

/* ---- Nodes -------------------------------------------------------------------------------------------- */

static int lower_constant(tg_builder *b, const tg_tensor *t, tg_location *at)
{
    at->place.base = TG_BASE_CONSTANT;
    at->place.offset = (int64_t)b->constant_bytes;
    b->constant_offsets[tg_request_index(b->request, t)] = at->place.offset;
    b->constant_bytes += (tg_node_attr_size(t) + TG_ALIGNMENT - 1) / TG_ALIGNMENT * TG_ALIGNMENT;
    return give_shape(b, &at->place, t, NULL);
}

static int lower_leaf(tg_builder *b, const tg_tensor *t, tg_location *at)
{
    tg_plan *plan = b->plan;
    at->place.base = TG_BASE_LEAF + plan->n_leaves;
    plan->leaves[plan->n_leaves] = (tg_plan_leaf){.type = tg_type_of(t), .is_input = t->op == &tg_op_input};
    b->last_read[plan->n_leaves++] = -1;
    return give_shape(b, &at->place, t, NULL);
}

static int lower(tg_builder *b, const tg_tensor *t, tg_location *at)
{
    *at = (tg_location){.buffer = -1, .after = -1};
    if (t->op == &tg_op_constant) return lower_constant(b, t, at);
    if (t->op->infer == NULL) return lower_leaf(b, t, at);
    int viewed = lower_view(b, t, at);
    if (viewed > 0 && !tg_does(b->request, TG_PASS_VIEW)) return pack(b, t, at);
    return viewed != 0 ? viewed > 0 : lower_kernel(b, t, at);
}

/* An output stays row-major in a buffer of its own, which nothing overwrites before the next run. */
static int lower_output(tg_builder *b, tg_tensor *t, int64_t *place)
{
    tg_location *at = &b->locations[tg_request_index(b->request, t)];
    if ((at->place.base != TG_BASE_ARENA || !is_row_major(&at->place)) && !pack(b, t, at)) return 0;
    b->buffers[at->buffer].last = INT64_MAX;
    *place = b->plan->n_places;
    return add_operand(b, at);
}

static int lower_update(tg_builder *b, const tg_update *update, tg_plan_update *made)
{
    tg_location *at = &b->locations[tg_request_index(b->request, update->value)];
    tg_type type = tg_type_of(update->value);
    made->bytes = tg_type_bytes(&type);
    /* Another update may change a leaf before this one is copied from it: take a copy first. */
    if ((at->place.base != TG_BASE_ARENA || !is_row_major(&at->place)) && !pack(b, update->value, at))
        return 0;
    made->place = b->plan->n_places;
    return add_operand(b, at);
}

/* A node that is computed again leaves its first buffer to those who have read it. */
static int lower_nodes(tg_builder *b, const tg_order *order)
{
    const tg_request *q = b->request;
    int64_t n = order == NULL ? q->n_nodes : order->n;
    int before = 0;
    b->after = -1;
    for (int64_t i = 0; i < n; i++) {
        int64_t k = order == NULL ? i : order->nodes[i];
        int again = order != NULL && order->again[i];
        if (again != before) b->after = again ? b->plan->n_steps - 1 : -1;
        before = again;
        if (!lower(b, q->nodes[k], &b->locations[k])) return 0;
    }
    return 1;
}

static int lower_all(tg_builder *b, const tg_order *order)
{
    const tg_request *q = b->request;
    if (!lower_nodes(b, order)) return 0;
    b->after = -1;
    /* The leaves are noted first: a copy of one that another update takes replaces its location. */
    for (int i = 0; i < q->n_updates; i++) {
        b->plan->updates[i].leaf =
            b->locations[tg_request_index(q, q->updates[i].param)].place.base - TG_BASE_LEAF;
        b->plan->leaves[b->plan->updates[i].leaf].is_updated = 1;
    }
    for (int i = 0; i < q->n_updates; i++)
        if (!lower_update(b, &q->updates[i], &b->plan->updates[i])) return 0;
    for (int i = 0; i < q->n_outputs; i++)
        if (!lower_output(b, q->outputs[i], &b->plan->outputs[i])) return 0;
    return 1;
}

/* ---- The plan ----------------------------------------------------------------------------------------- */

static int begin(tg_builder *b)
{
    const tg_request *q = b->request;
    size_t n = (size_t)q->n_nodes + 1;
    tg_plan *plan = b->plan = calloc(1, sizeof *plan);
    if (plan == NULL) return 0;
    atomic_init(&plan->references, 1);
    plan->leaves = malloc(n * sizeof *plan->leaves);
    plan->outputs = calloc((size_t)q->n_outputs + 1, sizeof *plan->outputs);
    plan->updates = calloc((size_t)q->n_updates + 1, sizeof *plan->updates);
    plan->n_outputs = q->n_outputs;
    plan->n_updates = q->n_updates;
    plan->threads = q->threads < 1 ? 1 : q->threads;
    b->locations = malloc(n * sizeof *b->locations);
    b->last_read = malloc(n * sizeof *b->last_read);
    b->constant_offsets = malloc(n * sizeof *b->constant_offsets);
    b->last_failing = -1;
    return plan->leaves != NULL && plan->outputs != NULL && plan->updates != NULL && b->locations != NULL &&
           b->last_read != NULL && b->constant_offsets != NULL;
}

static void end(tg_builder *b)
{
    free(b->locations);
    free(b->last_read);
    free(b->constant_offsets);
    free(b->moved_to);
    free(b->buffers);
    free(b->buffer_of);
}

static int fold_epilogues(tg_builder *b)
{
    return !tg_does(b->request, TG_PASS_EPILOGUE) || tg_fold_epilogues(b);
}

/* No machine has as much memory, and below it no sum of sizes overflows. */
#define MOST_BYTES (UINT64_C(1) << 60)

static int sizes_add_up(const tg_request *request)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < request->n_nodes; i++) {
        tg_type type = tg_type_of(request->nodes[i]);
        uint64_t bytes = tg_type_bytes(&type);
        if (bytes > MOST_BYTES - sum) return 0;
        sum += bytes;
    }
    return 1;
}

tg_plan *tg_plan_build(const tg_request *request, const tg_order *order)
{
    if (!sizes_add_up(request)) {
        tg_graph_fail(request->graph, TG_ERR_SIZE, "the arrays of a plan take more than 2^60 bytes together");
        return NULL;
    }
    tg_builder b = {.request = request};
    tg_fusion fusion = {0};
    int built = begin(&b) && lower_all(&b, order) && fold_epilogues(&b) && tg_fuse(&b, &fusion) &&
                tg_schedule(&b, &fusion) && tg_plan_finish(&b);
    tg_fusion_free(&fusion);
    end(&b);
    if (built) return b.plan;
    tg_plan_release(b.plan);
    tg_graph_fail(request->graph, TG_ERR_MEMORY, "out of memory for a plan of %lld nodes",
                  (long long)request->n_nodes);
    return NULL;
}

void tg_plan_release(tg_plan *plan)
{
    if (plan == NULL || atomic_fetch_sub(&plan->references, 1) != 1) return;
    free(plan->leaves);
    free(plan->steps);
    free(plan->units);
    free(plan->places);
    free(plan->in_bands);
    free(plan->small);
    free(plan->outputs);
    free(plan->updates);
    free(plan->places_of_leaves);
    tg_aligned_free(plan->constants);
    tg_arena_free(&plan->memory);
    free(plan);
}
