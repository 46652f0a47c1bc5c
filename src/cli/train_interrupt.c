/* Ctrl-C while `train` runs, and how to go on after it. */
#define _POSIX_C_SOURCE 200809L /* sigaction */

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "train.h"

static volatile sig_atomic_t interrupted;
static double interrupted_at; /* of the handler alone */

/* The first Ctrl-C asks training to stop; one that comes later ends the program. Two at once are one: programs such as
 * timeout send the signal to the process and to its group. */
static void note_signal(int number)
{
    double now = train_clock();
    (void)number;
    if (interrupted && now - interrupted_at > 0.5) _exit(TRAIN_EXIT_INTERRUPTED);
    if (!interrupted) interrupted_at = now;
    interrupted = 1;
}

void train_catch_interrupts(void)
{
    struct sigaction action = {0};
    action.sa_handler = note_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int train_interrupted(void)
{
    return interrupted;
}

/* An argument as a shell takes it. */
static void print_argument(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:=+%@";
    if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
        fprintf(stderr, " %s", text);
        return;
    }
    fputs(" '", stderr);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", stderr);
        else
            fputc(*text, stderr);
    }
    fputc('\'', stderr);
}

void train_say_how_to_resume(const tg_arguments *a)
{
    fputs("resume with: tapegrad train", stderr);
    print_argument(a->operands[0]);
    for (int i = 0; i < a->n_given; i++) {
        if (strcmp(a->given[i].option->name, "resume") == 0) continue;
        fprintf(stderr, " --%s", a->given[i].option->name);
        if (a->given[i].value != NULL) print_argument(a->given[i].value);
    }
    fputs(" --resume\n", stderr);
}
