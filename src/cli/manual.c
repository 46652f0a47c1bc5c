/* The man page, from the records: `tapegrad --man`. */
#include "command.h"

/* Text with what roff would take as a request or an escape made plain. */
static void escaped(FILE *to, const char *text)
{
    int line_start = 1;
    for (; *text != '\0'; text++) {
        if (line_start && (*text == '.' || *text == '\'')) fputs("\\&", to);
        if (*text == '\\')
            fputs("\\e", to);
        else if (*text == '-')
            fputs("\\-", to);
        else if (*text == '\n' && text[1] == '\n')
            fputs("\n.PP", to);
        else
            fputc(*text, to);
        line_start = *text == '\n';
    }
}

static void option(FILE *to, const tg_option *o)
{
    fputs(".TP\n\\fB", to);
    if (o->letter != 0) fprintf(to, "\\-%c\\fR, \\fB", o->letter);
    fputs("\\-\\-", to);
    escaped(to, o->name);
    fputs("\\fR", to);
    if (o->argument != NULL) {
        fputs(" \\fI", to);
        escaped(to, o->argument);
        fputs("\\fR", to);
    }
    if (o->repeats) fputs(" ...", to);
    fputc('\n', to);
    escaped(to, o->help);
    fputc('\n', to);
}

static void command_section(FILE *to, const tg_command *c)
{
    fprintf(to, ".SS tapegrad %s [OPTION]... %s\n", c->name, c->operands);
    escaped(to, c->about);
    fputc('\n', to);
    for (const tg_option *o = c->options; o->name != NULL; o++) option(to, o);
    for (const tg_example *e = c->examples; e->command != NULL; e++) {
        fputs(e == c->examples ? ".PP\nExamples:\n.PP\n.nf\n" : ".PP\n.nf\n", to);
        escaped(to, e->command);
        fputs("\n.fi\n.RS 4\n", to);
        escaped(to, e->says);
        fputs("\n.RE\n", to);
    }
}

void tg_print_manual(FILE *to)
{
    fprintf(to,
            ".TH TAPEGRAD 1 \"\" \"tapegrad %s\" \"User Commands\"\n.SH NAME\n"
            "tapegrad \\- automatic differentiation of tensor programs written as text\n.SH SYNOPSIS\n"
            ".B tapegrad\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n.SH COMMANDS\n",
            tg_version());
    for (int i = 0; tg_command_at(i) != NULL; i++) command_section(to, tg_command_at(i));
    fputs(".SH ENVIRONMENT\n.TP\n" TG_THREADS_VARIABLE "\nthreads to use where \\-\\-threads is not given\n",
          to);
    fputs(".SH EXIT STATUS\n.TP\n0\nsuccess\n.TP\n1\nthe answer is no: a check failed, a rule was refuted\n"
          ".TP\n2\nbad usage or bad input\n.TP\n3\na check was inconclusive\n",
          to);
}
