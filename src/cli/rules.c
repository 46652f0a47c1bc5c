/* tapegrad rules: the conventions' rules proved and checked, right or with an error planted. */
#include <stdlib.h>
#include <string.h>

#include "rules.h"

typedef struct request {
    tg_rules_spec spec; /* but for what depends on the convention */
    int64_t sizes[TG_RULES_LAYERS + 1];
    tg_activation activations[TG_RULES_LAYERS];
    int hidden, cost; /* -1: the convention's */
    int conventions[TG_CONVENTIONS], n_conventions;
    const char *plant; /* "random" too */
    tg_rules_view view;
    int json;
} request;

/* ---- The command line --------------------------------------------------------------------------------- */

/* "4,5,3" */
static int read_layers(const tg_arguments *a, request *r)
{
    const char *text = tg_option_value(a, "layers"), *at = text != NULL ? text : "4,5,3";
    int n = 0;
    for (; n <= TG_RULES_LAYERS; n++) {
        const char *end;
        if (!tg_read_integer(at, &end, 1, 1000000, &r->sizes[n]) || (*end != ',' && *end != '\0'))
            return tg_complain(a->command, "--layers %s: expected sizes from 1 to 1000000 such as 4,5,3",
                               text);
        if (*end == '\0') break;
        at = end + 1;
    }
    if (n < 1 || n > TG_RULES_LAYERS)
        return tg_complain(a->command, "--layers %s: expected the inputs' size and those of 1 to %d layers",
                           text, TG_RULES_LAYERS);
    r->spec.n_layers = n;
    r->spec.sizes = r->sizes;
    r->spec.activations = r->activations;
    return TG_EXIT_OK;
}

static int read_names(const tg_arguments *a, request *r)
{
    const char *activation = tg_option_value(a, "activation"), *cost = tg_option_value(a, "cost");
    r->hidden = activation != NULL ? tg_activation_find(activation) : -1;
    r->cost = cost != NULL ? tg_cost_find(cost) : -1;
    for (int i = 0; i < a->n_operands; i++) {
        int convention = tg_convention_find(a->operands[i]);
        if (convention < 0)
            return tg_complain(
                a->command, "there is no convention '%s'; there are vector, jacobian, delta, rows, columns",
                a->operands[i]);
        r->conventions[r->n_conventions++] = convention;
    }
    for (int c = 0; a->n_operands == 0 && c < TG_CONVENTIONS; c++) r->conventions[r->n_conventions++] = c;
    return TG_EXIT_OK;
}

static int read_request(const tg_arguments *a, request *r)
{
    int64_t layer = 0;
    *r = (request){.spec = {.batch = 4, .seed = 1}};
    r->plant = tg_option_value(a, "plant");
    r->json = tg_option_given(a, "json");
    r->view = (tg_rules_view){tg_option_given(a, "steps"), tg_option_given(a, "hide")};
    r->spec.no_assumptions = tg_option_given(a, "no-assumptions");
    int status = read_layers(a, r);
    if (status == TG_EXIT_OK) status = read_names(a, r);
    if (status == TG_EXIT_OK &&
        !(tg_option_integer(a, "batch", 1, 1000000, &r->spec.batch) &&
          tg_option_integer(a, "at", 1, r->spec.n_layers, &layer) && tg_option_seed(a, &r->spec.seed)))
        status = TG_EXIT_BAD;
    r->spec.plant_layer = (int)layer;
    if (status == TG_EXIT_OK && r->view.hide && r->plant == NULL)
        status = tg_complain(a->command, "--hide is for an error that --plant plants");
    if (status == TG_EXIT_OK && layer > 0 && r->plant == NULL)
        status = tg_complain(a->command, "--at is for an error that --plant plants");
    if (status == TG_EXIT_OK && r->view.hide && r->json)
        status = tg_complain(a->command, "--hide and --json do not go together");
    return status;
}

/* ---- One convention ----------------------------------------------------------------------------------- */

static void adapt(request *r, tg_convention convention)
{
    tg_rules_spec *spec = &r->spec;
    spec->convention = convention;
    spec->cost = r->cost >= 0 ? (tg_cost)r->cost : tg_convention_cost(convention);
    tg_activation hidden = r->hidden >= 0 ? (tg_activation)r->hidden : tg_convention_activation(convention);
    for (int l = 0; l < spec->n_layers; l++) r->activations[l] = hidden;
    r->activations[spec->n_layers - 1] = tg_convention_output(convention, hidden, spec->cost);
}

static void list_kinds(const tg_rules_spec *spec, int one)
{
    const tg_plant *plant;
    for (int i = 0; (plant = tg_plant_at(i)) != NULL; i++) {
        if (!tg_plant_possible(spec, plant->name, NULL)) continue;
        if (one)
            puts(plant->name);
        else
            printf("%-9s %s\n", tg_convention_name(spec->convention), plant->name);
    }
}

static const char *draw_kind(const tg_rules_spec *spec)
{
    const tg_plant *plant;
    int n = 0;
    while (tg_plant_at(n) != NULL) n++;
    uint64_t key = tg_random_key(spec->seed, "kind");
    for (uint64_t i = 0;; i++) { /* a flipped sign is possible everywhere */
        plant = tg_plant_at((int)tg_random_below(key, i, (uint64_t)n));
        if (tg_plant_possible(spec, plant->name, NULL)) return plant->name;
    }
}

/* 1, 0 or -1 as tg_rules_verdict, or TG_EXIT_BAD with a message. */
static int check_one(const tg_command *command, request *r, int first, json_t *list)
{
    tg_diag diag = {TG_OK, ""};
    tg_rules_report *report;
    r->spec.plant = r->plant == NULL                  ? NULL
                    : strcmp(r->plant, "random") == 0 ? draw_kind(&r->spec)
                                                      : r->plant;
    if (tg_rules_check(&r->spec, &report, &diag) != TG_OK) return tg_complain(command, "%s", diag.message);
    int verdict = tg_rules_verdict(report);
    if (r->json) {
        json_array_append_new(list, tg_rules_json(report));
    } else {
        if (!first) putchar('\n');
        tg_rules_show(report, &r->view);
    }
    tg_rules_free(report);
    return verdict;
}

static int check_all(const tg_command *command, request *r)
{
    json_t *list = json_array();
    int verdict = 1;
    for (int i = 0; i < r->n_conventions && verdict != TG_EXIT_BAD; i++) {
        adapt(r, (tg_convention)r->conventions[i]);
        int one = check_one(command, r, i == 0, list);
        if (one == TG_EXIT_BAD || one == 0 || (one < 0 && verdict > 0)) verdict = one;
    }
    if (verdict == TG_EXIT_BAD) {
        json_decref(list);
        return TG_EXIT_BAD;
    }
    if (!r->json) {
        json_decref(list);
    } else if (tg_json_print(command, json_pack("{s:s, s:o}", "status",
                                                verdict > 0    ? "pass"
                                                : verdict == 0 ? "fail"
                                                               : "inconclusive",
                                                "conventions", list)) != TG_EXIT_OK) {
        return TG_EXIT_BAD;
    }
    return verdict > 0 ? TG_EXIT_OK : verdict == 0 ? TG_EXIT_NO : TG_EXIT_INCONCLUSIVE;
}

static int run(const tg_arguments *a)
{
    request r;
    int status = read_request(a, &r);
    if (status != TG_EXIT_OK) return status;
    if (r.plant == NULL || strcmp(r.plant, "list") != 0) return check_all(a->command, &r);
    for (int i = 0; i < r.n_conventions; i++) {
        adapt(&r, (tg_convention)r.conventions[i]);
        list_kinds(&r.spec, r.n_conventions == 1);
    }
    return TG_EXIT_OK;
}

static const tg_option options[] = {
    {"layers", 0, "N0,N1,…", 0, "The sizes of the input and of the layers (4,5,3).", NULL},
    {"activation", 0, "NAME", 0, "The activation of the hidden layers; the last one goes with the cost.",
     "identity sigmoid tanh relu leaky_relu elu gelu silu softplus sin"},
    {"cost", 0, "NAME", 0, "The cost.",
     "quadratic l1 huber logistic hinge cross_entropy binary_cross_entropy"},
    {"batch", 0, "N", 0, "The number of examples (4).", NULL},
    {"seed", 's', "N", 0, "Seed of the random data, and of --plant random (1).", NULL},
    {"plant", 0, "KIND", 0, "Plant an error of this kind; 'list' prints the kinds, 'random' draws one.",
     NULL},
    {"at", 0, "LAYER", 0, "Plant it at this layer (drawn).", NULL},
    {"hide", 0, NULL, 0, "With --plant: show the rules, one of them wrong, as an exercise.", NULL},
    {"no-assumptions", 0, NULL, 0, "Prove without the assumption that targets sum to one.", NULL},
    {"steps", 0, NULL, 0, "Show the steps of each proof.", NULL},
    {"json", 0, NULL, 0, "Write one JSON object.", NULL},
    {NULL, 0, NULL, 0, NULL, NULL}};

static const tg_example examples[] = {
    {"tapegrad rules", "all five conventions, proved and checked"},
    {"tapegrad rules rows --layers 784,30,10 --steps", "one of them, with the steps of the proofs"},
    {"tapegrad rules delta --plant dropped-transpose", "a broken rule, and its counterexample"},
    {"tapegrad rules vector --plant random --hide --seed 7", "an exercise; without --hide, its solution"},
    {NULL, NULL}};

const tg_command tg_command_rules = {
    "rules",
    "prove and check the rules of backpropagation in five conventions",
    "[CONVENTION…]",
    0,
    TG_CONVENTIONS,
    "Records a network in the notation of each convention (vector, jacobian, delta, rows, columns) and shows that the "
    "gradients which differentiation derives are that convention's rules: by proof, for every width and batch, and by "
    "number, against the rules in plain loops, on random data. 'ulp' is the largest difference between the two in "
    "units in the last place of the tensor's largest element.\n\n"
    "--plant breaks a rule on purpose; the answer is then a counterexample and exit status 1. A kind of error that the "
    "shapes would give away is planted in a network with equal widths.",
    options,
    examples,
    run};
