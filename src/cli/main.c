/* tapegrad: the command. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "lang/problems.h"

/* The order of the help. */
static const tg_command *const commands[] = {&tg_command_eval,    &tg_command_check, &tg_command_rules,
                                             &tg_command_explain, &tg_command_train, &tg_command_graph,
                                             &tg_command_plan,    &tg_command_ops,   &tg_command_version};

const tg_command *tg_command_at(int i)
{
    return i >= 0 && (size_t)i < sizeof commands / sizeof commands[0] ? commands[i] : NULL;
}

static const tg_command *find_command(const char *name)
{
    for (int i = 0; tg_command_at(i) != NULL; i++)
        if (strcmp(tg_command_at(i)->name, name) == 0) return tg_command_at(i);
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *best = NULL;
    int distance = 3;
    for (int i = 0; tg_command_at(i) != NULL; i++)
        tg_suggest(name, (uint32_t)strnlen(name, 1000), tg_command_at(i)->name, &best, &distance);
    fprintf(stderr, "tapegrad: there is no command '%s'; %s%s%s'tapegrad --help' lists the commands\n", name,
            best == NULL ? "" : "did you mean '", best == NULL ? "" : best, best == NULL ? "" : "'? ");
    return TG_EXIT_BAD;
}

static int run_command(const tg_command *command, int argc, char **argv)
{
    tg_arguments a;
    int status = tg_arguments_read(command, argc, argv, &a);
    if (status == TG_EXIT_OK && a.wants_help)
        tg_help_command(stdout, command);
    else if (status == TG_EXIT_OK)
        status = command->run(&a);
    tg_arguments_clear(&a);
    return status;
}

/* tapegrad help, and what stands before a subcommand. */
static int run_general(int argc, char **argv)
{
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || (strcmp(word, "help") == 0 && argc == 2)) {
        tg_help_overview(stdout);
        return TG_EXIT_OK;
    }
    if (strcmp(word, "help") == 0) {
        const tg_command *command = find_command(argv[2]);
        if (command == NULL) return unknown_command(argv[2]);
        tg_help_command(stdout, command);
        return TG_EXIT_OK;
    }
    if (strcmp(word, "--version") == 0) {
        printf("tapegrad %s\n", tg_version());
        return TG_EXIT_OK;
    }
    if (strcmp(word, "--man") == 0) {
        tg_print_manual(stdout);
        return TG_EXIT_OK;
    }
    if (strcmp(word, "--completion") == 0) {
        tg_print_completion(stdout);
        return TG_EXIT_OK;
    }
    return unknown_command(word);
}

/* A result that cannot be written is a failure; a reader that went away (`| head`) needs no message. */
static int finish_output(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    if (errno != EPIPE)
        fprintf(stderr, "tapegrad: cannot write to standard output%s%s\n", errno != 0 ? ": " : "",
                errno != 0 ? strerror(errno) : "");
    return TG_EXIT_BAD;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        tg_help_overview(stderr);
        return TG_EXIT_BAD;
    }
    const tg_command *command = find_command(argv[1]);
    int status = command == NULL ? run_general(argc, argv) : run_command(command, argc - 1, argv + 1);
    return finish_output(status);
}
