/* Help from the records. */
#include <string.h>

#include "command.h"

#define WIDTH 80

/* Words filled into lines of WIDTH characters, those after the first behind `indent` spaces; `column` characters stand
 * on the first one already. A blank line stays one. */
static void fill(FILE *to, const char *text, int indent, int column)
{
    while (*text != '\0') {
        int paragraph = text[0] == '\n';
        if (text[0] == ' ' || paragraph) {
            if (paragraph && text[1] == '\n') {
                fputs("\n\n", to);
                column = 0;
            }
            text += strspn(text, " \n");
            continue;
        }
        int length = (int)strcspn(text, " \n");
        if (column > indent && column + 1 + length > WIDTH) {
            fputc('\n', to);
            column = 0;
        }
        if (column == 0)
            column = fprintf(to, "%*s", indent, "");
        else if (column > indent)
            column += fprintf(to, " ");
        column += fprintf(to, "%.*s", length, text);
        text += length;
    }
    fputc('\n', to);
}

void tg_help_overview(FILE *to)
{
    fputs("Usage: tapegrad COMMAND [OPTION]... [ARGUMENT]...\n\n"
          "Automatic differentiation of tensor programs written as text.\n\nCommands:\n",
          to);
    for (int i = 0; tg_command_at(i) != NULL; i++)
        fprintf(to, "  %-10s %s\n", tg_command_at(i)->name, tg_command_at(i)->summary);
    fputs("\n'tapegrad COMMAND --help' describes each, with examples.\n"
          "Exit status: 0 success; 1 the answer is no; 2 bad usage or bad input; 3 inconclusive.\n",
          to);
}

static void show_option(FILE *to, const tg_option *o)
{
    int column =
        o->letter != 0 ? fprintf(to, "  -%c, --%s", o->letter, o->name) : fprintf(to, "      --%s", o->name);
    if (o->argument != NULL) column += fprintf(to, " %s", o->argument);
    if (o->repeats) column += fprintf(to, " ...");
    if (column > 26) {
        fputc('\n', to);
        column = 0;
    } else {
        column += fprintf(to, "%*s", 28 - column, "");
    }
    fill(to, o->help, 28, column);
}

void tg_help_command(FILE *to, const tg_command *command)
{
    static const tg_option help = {"help", 'h', NULL, 0, "Show this help.", NULL};
    fprintf(to, "Usage: tapegrad %s [OPTION]...%s%s\n\n", command->name,
            command->operands[0] != '\0' ? " " : "", command->operands);
    fill(to, command->about, 0, 0);
    fputs("\nOptions:\n", to);
    for (const tg_option *o = command->options; o->name != NULL; o++) show_option(to, o);
    show_option(to, &help);
    if (command->examples[0].command != NULL) fputs("\nExamples:\n", to);
    for (const tg_example *e = command->examples; e->command != NULL; e++)
        fprintf(to, "  %s\n      %s\n", e->command, e->says);
}
