/* tapegrad version: what this build is. */
#include <string.h>

#include "command.h"
#include "kernels/gemm.h"
#include "kernels/instructions.h"

static const struct {
    const char *name;
    int present;
} packages[] = {{"zlib", TG_WITH_ZLIB},
                {"libzip", TG_WITH_LIBZIP},
                {"jansson", TG_WITH_JANSSON},
                {"cblas", TG_WITH_CBLAS}};

#define PACKAGES (sizeof packages / sizeof packages[0])

static int run(const tg_arguments *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < PACKAGES; i++)
        if (packages[i].present) json_array_append_new(list, json_string(packages[i].name));
    if (tg_option_given(a, "json"))
        return tg_json_print(a->command,
                             json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "version", tg_version(), "build",
                                       TG_BUILD_TYPE, "compiler", TG_COMPILER, "instructions",
                                       tg_instructions_name(tg_instructions_here()), "matrix_products",
                                       tg_gemm_name(), "packages", list));
    json_decref(list);
    printf("tapegrad %s\nbuild            %s, %s\ninstruction set  %s\nmatrix products  %s\npackages        ",
           tg_version(), TG_BUILD_TYPE, TG_COMPILER, tg_instructions_name(tg_instructions_here()),
           tg_gemm_name());
    for (size_t i = 0; i < PACKAGES; i++)
        if (packages[i].present) printf(" %s", packages[i].name);
    putchar('\n');
    return TG_EXIT_OK;
}

static const tg_option options[] = {{"json", 0, NULL, 0, "Write one JSON object.", NULL},
                                    {NULL, 0, NULL, 0, NULL, NULL}};

static const tg_example examples[] = {{"tapegrad version", "the version, the build, what computes"},
                                      {NULL, NULL}};

const tg_command tg_command_version = {
    "version",
    "show the version and the build",
    "",
    0,
    0,
    "Shows the version, build type and compiler, the instruction set that the kernels use on this processor, what "
    "computes matrix products, and the packages that were built in.",
    options,
    examples,
    run};
