/* Runs a fuzz target over every file of the folders given, for compilers without a fuzzer. It succeeds if the
 * target returned each time and there was at least one file. */
#define _XOPEN_SOURCE 700

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The file's size, or -1 when it cannot be read. *bytes is allocated to that size, so that reading past it is
 * seen by checking tools. */
static long read_file(const char *path, uint8_t **bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return -1;
    long size = -1;
    if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
    *bytes = size >= 0 ? malloc(size > 0 ? (size_t)size : 1) : NULL;
    if (*bytes == NULL || fseek(file, 0, SEEK_SET) != 0 ||
        fread(*bytes, 1, (size_t)size, file) != (size_t)size)
        size = -1;
    fclose(file);
    return size;
}

/* How many files were replayed, or -1. */
static int replay_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    if (directory == NULL) return -1;
    int count = 0;
    for (struct dirent *entry = readdir(directory); entry != NULL && count >= 0; entry = readdir(directory)) {
        if (entry->d_name[0] == '.') continue;
        char path[4096];
        uint8_t *bytes = NULL;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        long size = read_file(path, &bytes);
        if (size >= 0) LLVMFuzzerTestOneInput(bytes, (size_t)size);
        free(bytes);
        if (size < 0) fprintf(stderr, "%s: cannot read\n", path);
        count = size < 0 ? -1 : count + 1;
    }
    closedir(directory);
    return count;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = replay_folder(argv[i]);
        if (count < 0) {
            fprintf(stderr, "%s: cannot replay\n", argv[i]);
            return EXIT_FAILURE;
        }
        total += count;
    }
    printf("%d files\n", total);
    return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
