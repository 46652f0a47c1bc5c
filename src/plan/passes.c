/* The names of the planner's passes. */
#include <string.h>

#include "plan.h"

#define NAME_OF(pass, name) name,
static const char *const names[TG_PASSES] = {TG_PASS_LIST(NAME_OF)};

const char *tg_pass_name(int i)
{
    return i >= 0 && i < TG_PASSES ? names[i] : NULL;
}

int tg_passes_named(const char *list, unsigned *set, const char **unknown, int *length)
{
    *set = 0;
    while (*list != '\0') {
        size_t n = strcspn(list, ",");
        int i = 0;
        while (i < TG_PASSES && !(strlen(names[i]) == n && strncmp(names[i], list, n) == 0)) i++;
        if (i == TG_PASSES) {
            *unknown = list;
            *length = n > 40 ? 40 : (int)n;
            return 0;
        }
        *set |= 1u << i;
        list += n;
        if (*list == ',') list++;
    }
    return 1;
}
