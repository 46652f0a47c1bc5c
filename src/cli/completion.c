/* Completion for bash, from the records: `tapegrad --completion`. */
#include <string.h>

#include "command.h"

static void option_words(FILE *to, const tg_command *c)
{
    for (const tg_option *o = c->options; o->name != NULL; o++) fprintf(to, "--%s ", o->name);
    fputs("--help", to);
}

/* "--format) words…": what may follow an option of the command. */
static void value_cases(FILE *to, const tg_command *c)
{
    for (const tg_option *o = c->options; o->name != NULL; o++) {
        if (o->argument == NULL) continue;
        fprintf(to, "        %s:--%s", c->name, o->name);
        if (o->letter != 0) fprintf(to, "|%s:-%c", c->name, o->letter);
        if (o->choices != NULL && strcmp(o->choices, "FILE") == 0)
            fputs(") compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n", to);
        else
            fprintf(to, ") COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n",
                    o->choices == NULL ? "" : o->choices);
    }
}

void tg_print_completion(FILE *to)
{
    fputs("# bash completion for tapegrad; made by 'tapegrad --completion'\n_tapegrad()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} "
          "command=${COMP_WORDS[1]}\n    COMPREPLY=()\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W '",
          to);
    for (int i = 0; tg_command_at(i) != NULL; i++) fprintf(to, "%s ", tg_command_at(i)->name);
    fputs("--help --version' -- \"$word\"))\n        return\n    fi\n    case $command:$before in\n", to);
    for (int i = 0; tg_command_at(i) != NULL; i++) value_cases(to, tg_command_at(i));
    fputs("    esac\n    case $command:$word in\n", to);
    for (int i = 0; tg_command_at(i) != NULL; i++) {
        fprintf(to, "        %s:-*) COMPREPLY=($(compgen -W '", tg_command_at(i)->name);
        option_words(to, tg_command_at(i));
        fputs("' -- \"$word\")) ;;\n", to);
    }
    fputs("        *) compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    esac\n}\n"
          "complete -F _tapegrad tapegrad\n",
          to);
}
