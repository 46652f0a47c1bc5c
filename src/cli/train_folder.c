/* A folder with IDX files: which of them are the images and the labels. */
#define _POSIX_C_SOURCE 200809L /* opendir */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train_data.h"

/* How well a name fits what is looked for: 0 not at all; the wanted part's prefix is best, no prefix second, the
 * other part's last. A file that is not compressed goes before its compressed copy. */
static int fitness(const char *name, const char *kind, train_part part)
{
    static const char *const prefix[] = {[TRAIN_PART_TRAIN] = "train-", [TRAIN_PART_TEST] = "t10k-"};
    const char *own = prefix[part],
               *other = prefix[part == TRAIN_PART_TRAIN ? TRAIN_PART_TEST : TRAIN_PART_TRAIN];
    if (name[0] == '.' || strstr(name, kind) == NULL) return 0;
    int fit = strncmp(name, own, strlen(own)) == 0 ? 6 : strncmp(name, other, strlen(other)) == 0 ? 2 : 4;
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".gz") == 0 ? fit - 1 : fit;
}

/* The name that fits best, in found; the error says when there is none or more than one. */
static tg_status find_file(const char *folder, const char *kind, train_part part, char found[256],
                           tg_diag *diag)
{
    DIR *list = opendir(folder);
    if (list == NULL) return tg_fail(diag, TG_ERR_IO, "%s: %s", folder, strerror(errno));
    int best = 0, equal = 0;
    char second[256] = "";
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        int fit = fitness(entry->d_name, kind, part);
        if (fit == 0 || fit < best) continue;
        equal = fit == best;
        snprintf(equal ? second : found, 256, "%s", entry->d_name);
        best = fit;
    }
    closedir(list);
    if (best == 0)
        return tg_fail(diag, TG_ERR_IO, "%s: expected a file with '%s' in its name, found none", folder,
                       kind);
    if (equal)
        return tg_fail(diag, TG_ERR_ARGUMENT,
                       "%s: expected one file with '%s' in its name, found %.100s and %.100s", folder, kind,
                       found, second);
    return TG_OK;
}

static tg_status load(const char *folder, const char *kind, train_part part, tg_array **out, tg_diag *diag)
{
    char name[256] = "";
    tg_status status = find_file(folder, kind, part, name, diag);
    if (status != TG_OK) return status;
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory");
    snprintf(path, size, "%s/%s", folder, name);
    status = tg_idx_load(path, out, diag);
    free(path);
    return status;
}

tg_status train_folder_load(const char *path, train_part part, train_source *source, tg_diag *diag)
{
    tg_status status = load(path, "images", part, &source->x, diag);
    if (status == TG_OK) status = load(path, "labels", part, &source->y, diag);
    if (status != TG_OK) return status;
    const tg_type *x = &source->x->type, *y = &source->y->type;
    char x_text[TG_TYPE_TEXT], y_text[TG_TYPE_TEXT];
    if (x->rank < 2 || y->rank != 1 || y->dtype != TG_I64 || x->shape[0] != y->shape[0])
        return tg_fail(diag, TG_ERR_SHAPE,
                       "%s: expected images [n, rows, columns] and labels i64[n], found %s and %s", path,
                       tg_type_text(x, x_text, sizeof x_text), tg_type_text(y, y_text, sizeof y_text));
    source->labelled = 1;
    return TG_OK;
}
