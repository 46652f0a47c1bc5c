/* Sizes of a program that nothing binds: small ones with which it can be built; the first ones tried when there are none,
 * so that the problems with them are shown. */
#include <inttypes.h>
#include <stdlib.h>

#include "program.h"

/* Binds every free size, counting up from `first`, so that no two axes can be taken for one another. */
static void bind_free(const tg_program *p, const int64_t *bound, int64_t first)
{
    const char *name;
    for (int i = 0; (name = tg_model_size_at(p->model, i, NULL)) != NULL; i++)
        tg_model_bind_size(p->model, name, bound[i] >= 0 ? bound[i] : first++, NULL);
}

/* Whether the program can be built with its sizes as they are. */
static int builds(const tg_program *p)
{
    tg_graph *g = tg_graph_new(NULL);
    int fine = g != NULL && tg_model_build(p->model, g, NULL) == TG_OK;
    tg_graph_free(g);
    return fine;
}

int tg_program_bind_free_sizes(const tg_program *p)
{
    static const int64_t firsts[] = {3, 4, 8, 2, 1, 16};
    int n = 0, n_free = 0;
    while (tg_model_size_at(p->model, n, NULL) != NULL) n++;
    int64_t *bound = calloc((size_t)n + 1, sizeof *bound), value;
    if (bound == NULL) return tg_complain(p->command, "out of memory");
    for (int i = 0; i < n; i++) {
        tg_model_size_at(p->model, i, &bound[i]);
        n_free += bound[i] < 0;
    }
    int fine = n_free == 0;
    for (size_t k = 0; k < sizeof firsts / sizeof firsts[0] && !fine; k++) {
        tg_model_unbind_sizes(p->model);
        bind_free(p, bound, firsts[k]);
        fine = builds(p);
    }
    if (!fine) {
        tg_model_unbind_sizes(p->model);
        bind_free(p, bound, firsts[0]);
    }
    for (int i = 0; i < n; i++) {
        const char *name = tg_model_size_at(p->model, i, &value);
        if (bound[i] < 0)
            tg_note(p->command, "size '%s' is not bound; taking %" PRId64 " (--dim %s=… chooses another)",
                    name, value, name);
    }
    free(bound);
    return TG_EXIT_OK;
}
