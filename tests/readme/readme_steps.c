/* Follows a README from top to bottom, as a newcomer would, and compares what is printed with what it shows.
 *
 *     readme_steps README.md folder
 *
 * Of the README's fenced blocks two kinds count; what is in ```sh blocks is not run, others are an error:
 *   ```c and ```cmake blocks    a file, whose name stands in the line before the block as `name`: (with the colon);
 *                               after "From `name`:" the block has to be a part of that file instead
 *   ```console blocks           commands, "$ command", each followed by what it prints. A command that shows nothing
 *                               may print anything; the line "..." stands for any lines. Every command must succeed.
 * A line before a console block may say
 *   <!-- test: command -->      run this in place of the block's (single) command; ":" does nothing
 *   <!-- numbers within 5 % --> decimal numbers may differ by that much (compare_text.h)
 * All of it becomes one shell script, FOLDER/steps.sh, that runs in FOLDER/tapegrad. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare_text.h"

#define LINE 1024
#define MAX_STEPS 200
#define SHOWN 8192
#define MARK "\001"

typedef struct step {
    char command[LINE];
    char shown[SHOWN]; /* what the README shows as its output */
    double tolerance;
    int line; /* in the README */
} step;

typedef struct reader {
    FILE *readme, *script;
    int line, errors;
    const char *folder;
    char before[LINE]; /* the last line with text in it */
    char instead[LINE];
    double tolerance;
    step *steps;
    int n_steps;
} reader;

static char *read_line(reader *r, char text[LINE])
{
    if (fgets(text, LINE, r->readme) == NULL) return NULL;
    r->line++;
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void complain(reader *r, const char *message)
{
    fprintf(stderr, "README.md:%d: %s\n", r->line, message);
    r->errors++;
}

static char *read_all(FILE *file)
{
    size_t length = 0, size = 1 << 20;
    char *text = calloc(1, size);
    while (text != NULL && length < size - 1) {
        size_t n = fread(text + length, 1, size - 1 - length, file);
        if (n == 0) break;
        length += n;
    }
    return text;
}

/* ---- From the README to a script ---------------------------------------------------------------------- */

/* The block has to stand in the file of that name, as it is. */
static void read_part_block(reader *r, const char *name)
{
    char text[LINE], path[2 * LINE], block[SHOWN] = "";
    while (read_line(r, text) != NULL && strcmp(text, "```") != 0) {
        size_t length = strlen(block);
        snprintf(block + length, sizeof block - length, "%s\n", text);
    }
    snprintf(path, sizeof path, "%s/tapegrad/%s", r->folder, name);
    FILE *file = fopen(path, "r");
    char *whole = file == NULL ? NULL : read_all(file);
    if (whole == NULL || strstr(whole, block) == NULL)
        complain(r, "the block above is not a part of the file it names");
    free(whole);
    if (file != NULL) fclose(file);
}

static void read_file_block(reader *r)
{
    char text[LINE], name[LINE] = "";
    if (sscanf(r->before, "From `%1000[^`]`:", name) == 1) {
        read_part_block(r, name);
        return;
    }
    if (sscanf(r->before, "`%1000[^`]`:", name) != 1 || strstr(r->before, "`:") == NULL)
        complain(r, "a block of code without a line `name`: before it");
    fprintf(r->script, "cat > '%s' <<'END OF FILE'\n", name);
    while (read_line(r, text) != NULL && strcmp(text, "```") != 0) fprintf(r->script, "%s\n", text);
    fprintf(r->script, "END OF FILE\n");
}

static void add_command(reader *r, const char *command)
{
    if (r->n_steps == MAX_STEPS) {
        complain(r, "too many commands");
        return;
    }
    step *s = &r->steps[r->n_steps++];
    s->line = r->line;
    s->tolerance = r->tolerance;
    snprintf(s->command, sizeof s->command, "%s", r->instead[0] != '\0' ? r->instead : command);
    r->instead[0] = '\0';
    fprintf(r->script, "%s\nprintf '" MARK "%%d\\n' $?\n", s->command);
}

static void read_console_block(reader *r)
{
    char text[LINE];
    int first = r->n_steps;
    while (read_line(r, text) != NULL && strcmp(text, "```") != 0) {
        if (strncmp(text, "$ ", 2) == 0) {
            add_command(r, text + 2);
        } else if (r->n_steps == first) {
            complain(r, "output before the first command");
        } else {
            char *shown = r->steps[r->n_steps - 1].shown;
            size_t length = strlen(shown);
            if (length + strlen(text) + 2 > SHOWN)
                complain(r, "too much output is shown");
            else
                sprintf(shown + length, "%s\n", text);
        }
    }
    r->tolerance = 0;
}

static void read_comment(reader *r, const char *text)
{
    double percent;
    if (sscanf(text, "<!-- numbers within %lf %% -->", &percent) == 1) r->tolerance = percent / 100;
    if (strncmp(text, "<!-- test: ", 11) != 0) return;
    snprintf(r->instead, sizeof r->instead, "%s", text + 11);
    char *end = strstr(r->instead, " -->");
    if (end != NULL) *end = '\0';
}

static void read_readme(reader *r)
{
    char text[LINE];
    while (read_line(r, text) != NULL) {
        if (strcmp(text, "```c") == 0 || strcmp(text, "```cmake") == 0) {
            read_file_block(r);
        } else if (strcmp(text, "```console") == 0) {
            read_console_block(r);
        } else if (strncmp(text, "```", 3) == 0) {
            if (strcmp(text, "```sh") != 0) complain(r, "a block that is neither c, cmake, console nor sh");
            while (read_line(r, text) != NULL && strcmp(text, "```") != 0) continue;
        }
        read_comment(r, text);
        if (text[0] != '\0') memcpy(r->before, text, sizeof text);
    }
}

/* ---- Running ------------------------------------------------------------------------------------------ */

/* Compares one step with the output up to its mark; returns what follows, or NULL when there is no mark. */
static char *check_step(const step *s, char *output, int *failures)
{
    char *mark = strchr(output, MARK[0]), *rest = mark == NULL ? NULL : strchr(mark, '\n');
    if (mark != NULL) *mark = '\0';
    int status = mark == NULL ? -1 : atoi(mark + 1), line = 0;
    if (status != 0)
        fprintf(stderr, "README.md:%d: $ %s\nended with status %d and this output:\n%s\n", s->line,
                s->command, status, output);
    else if (s->shown[0] != '\0' && !same_text(s->shown, output, s->tolerance, &line))
        fprintf(stderr, "README.md:%d: $ %s\nline %d of the output is not as shown. It printed:\n%s\n",
                s->line, s->command, line, output);
    else
        return rest == NULL ? NULL : rest + 1;
    ++*failures;
    return rest == NULL ? NULL : rest + 1;
}

static int run_script(const reader *r, const char *folder)
{
    char command[LINE];
    snprintf(command, sizeof command, "cd '%s/tapegrad' && sh ../steps.sh 2>&1", folder);
    FILE *pipe = popen(command, "r");
    char *output = pipe == NULL ? NULL : read_all(pipe), *rest = output;
    if (pipe != NULL) pclose(pipe);
    int failures = 0;
    for (int i = 0; i < r->n_steps && rest != NULL; i++) rest = check_step(&r->steps[i], rest, &failures);
    if (rest == NULL) fprintf(stderr, "the script did not run to its end\n");
    failures += rest == NULL;
    free(output);
    printf("%d commands, %d failures\n", r->n_steps, failures);
    return failures;
}

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    char path[LINE];
    snprintf(path, sizeof path, "%s/steps.sh", argv[2]);
    reader r = {.readme = fopen(argv[1], "r"), .script = fopen(path, "w"), .folder = argv[2]};
    r.steps = calloc(MAX_STEPS, sizeof *r.steps);
    if (r.readme == NULL || r.script == NULL || r.steps == NULL) {
        perror(r.readme == NULL ? argv[1] : path);
        return 2;
    }
    read_readme(&r);
    fclose(r.readme);
    fclose(r.script);
    int failures = r.errors + (r.n_steps == 0);
    if (failures == 0) failures = run_script(&r, argv[2]);
    free(r.steps);
    return failures == 0 ? 0 : 1;
}
