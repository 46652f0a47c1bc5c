/* What the command says: messages on standard error, JSON on standard output. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "io/file.h"

int tg_complain(const tg_command *command, const char *format, ...)
{
    fprintf(stderr, "tapegrad %s: ", command->name);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return TG_EXIT_BAD;
}

void tg_note(const tg_command *command, const char *format, ...)
{
    fprintf(stderr, "tapegrad %s: note: ", command->name);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

int tg_text_write(const tg_command *command, const char *path, const char *text)
{
    tg_diag diag;
    if (path == NULL || strcmp(path, "-") == 0) {
        fputs(text, stdout);
        return TG_EXIT_OK;
    }
    tg_bytes piece = {(unsigned char *)(uintptr_t)text, strlen(text), 0};
    if (tg_file_write(path, &piece, 1, &diag) == TG_OK) return TG_EXIT_OK;
    return tg_complain(command, "%s", diag.message);
}

char *tg_utf8_name(const char *name)
{
    char *copy = malloc(strlen(name) + 1);
    if (copy == NULL) return NULL;
    strcpy(copy, name);
    for (char *c = copy; !tg_text_is_utf8(name) && *c != '\0'; c++)
        if ((unsigned char)*c >= 128) *c = '?';
    return copy;
}

json_t *tg_json_real(double value)
{
    if (isnan(value)) return json_string("nan");
    if (isinf(value)) return json_string(value > 0 ? "inf" : "-inf");
    return json_real(value);
}

int tg_json_print(const tg_command *command, json_t *object)
{
    /* 17 digits give every double back. A failing stream is found when the output is finished. */
    char *text = object == NULL ? NULL : json_dumps(object, JSON_REAL_PRECISION(17));
    json_decref(object);
    if (text == NULL) return tg_complain(command, "out of memory for the JSON output");
    puts(text);
    free(text);
    return TG_EXIT_OK;
}
