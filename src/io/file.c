/* Whole files: reading with checks, and atomic writing. */
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE 700 /* realpath */

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READ_STEP ((size_t)64 * 1024)
#define TEMPORARY_NAME_ROOM 64 /* bytes that a temporary file's own name takes at most */
#define TEMPORARY_TRIES 1000

static tg_status fail_errno(tg_diag *diag, const char *path, const char *doing)
{
    int code = errno;
    char reason[128];
    if (strerror_r(code, reason, sizeof reason) != 0) snprintf(reason, sizeof reason, "error %d", code);
    return tg_fail(diag, code == ENOMEM ? TG_ERR_MEMORY : TG_ERR_IO, "%s: cannot %s: %s", path, doing,
                   reason);
}

static tg_status check_kind(const struct stat *status, const char *path, bool pipe_allowed, tg_diag *diag)
{
    if (S_ISREG(status->st_mode) || (pipe_allowed && S_ISFIFO(status->st_mode))) return TG_OK;
    return tg_fail(diag, TG_ERR_IO, "%s: expected a file, found %s", path,
                   S_ISDIR(status->st_mode) ? "a directory" : "a device, pipe or socket");
}

static tg_status read_all(int file, const char *path, bool any_kind, tg_bytes *out, tg_diag *diag)
{
    struct stat status;
    if (fstat(file, &status) != 0) return fail_errno(diag, path, "examine the file");
    tg_status kind = any_kind && !S_ISDIR(status.st_mode) ? TG_OK : check_kind(&status, path, true, diag);
    if (kind != TG_OK) return kind;

    /* One byte more than the size, so that the read that finds the end needs no more room. */
    uint64_t expected = status.st_size > 0 ? (uint64_t)status.st_size : 0;
    if (expected > SIZE_MAX / 2 || !tg_bytes_reserve(out, (size_t)expected + 1))
        return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for a file of %llu bytes", path,
                       (unsigned long long)expected);
    for (;;) {
        if (out->room == out->size && !tg_bytes_reserve(out, READ_STEP))
            return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory after %zu bytes", path, out->size);
        size_t room = out->room - out->size;
        ssize_t got = read(file, out->data + out->size, room < SIZE_MAX / 4 ? room : SIZE_MAX / 4);
        if (got == 0) return TG_OK;
        if (got > 0) out->size += (size_t)got;
        if (got < 0 && errno != EINTR) return fail_errno(diag, path, "read");
    }
}

tg_status tg_file_read(const char *path, tg_bytes *out, tg_diag *diag)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) return fail_errno(diag, path, "open for reading");
    size_t before = out->size;
    tg_status status = read_all(file, path, false, out, diag);
    if (status != TG_OK) out->size = before;
    close(file);
    return status;
}

tg_status tg_standard_input_read(tg_bytes *out, tg_diag *diag)
{
    size_t before = out->size;
    tg_status status = read_all(STDIN_FILENO, "standard input", true, out, diag);
    if (status != TG_OK) out->size = before;
    return status;
}

/* What is to be replaced: its path with links resolved, and its permissions. */
typedef struct file_target {
    char *path;
    size_t directory_length; /* with the final '/'; 0 for the current directory */
    bool exists;
    mode_t mode;
} file_target;

static tg_status find_target(const char *path, file_target *out, tg_diag *diag)
{
    struct stat status;
    *out = (file_target){0};
    if (path[0] == '\0') return tg_fail(diag, TG_ERR_IO, "the name of a file to write is empty");
    if (stat(path, &status) == 0) {
        tg_status kind = check_kind(&status, path, false, diag);
        if (kind != TG_OK) return kind;
        if (access(path, W_OK) != 0) return fail_errno(diag, path, "replace the file");
        out->exists = true;
        out->mode = status.st_mode & 07777;
        out->path = realpath(path, NULL);
        if (out->path == NULL) return fail_errno(diag, path, "resolve the path");
    } else if (errno == ENOENT) {
        out->path = tg_text_copy(path, strlen(path));
        if (out->path == NULL) return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the path", path);
    } else {
        return fail_errno(diag, path, "open for writing");
    }
    const char *slash = strrchr(out->path, '/');
    out->directory_length = slash == NULL ? 0 : (size_t)(slash - out->path) + 1;
    return TG_OK;
}

/* Opens a new file in the target's directory, under a name that does not depend on the target's, which may be
 * as long as the file system allows. */
static int open_temporary(const file_target *target, char *name, size_t room)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    unsigned long long start = (unsigned long long)now.tv_sec * 1000000000u + (unsigned long long)now.tv_nsec;
    int file = -1;
    for (unsigned try = 0; try < TEMPORARY_TRIES && file < 0; try++) {
        snprintf(name, room, "%.*s.tapegrad-%ld-%llx.tmp", (int)target->directory_length, target->path,
                 (long)getpid(), start + try);
        file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file < 0 && errno != EEXIST) break;
    }
    return file;
}

static bool write_all(int file, const tg_bytes *bytes)
{
    size_t done = 0;
    while (done < bytes->size) {
        size_t left = bytes->size - done;
        ssize_t wrote = write(file, bytes->data + done, left < SIZE_MAX / 4 ? left : SIZE_MAX / 4);
        if (wrote < 0 && errno != EINTR) return false;
        if (wrote > 0) done += (size_t)wrote;
    }
    return true;
}

static tg_status fill_temporary(int file, const file_target *target, const char *path, const tg_bytes *pieces,
                                size_t count, tg_diag *diag)
{
    if (target->exists && fchmod(file, target->mode) != 0) return fail_errno(diag, path, "set permissions");
    for (size_t i = 0; i < count; i++)
        if (!write_all(file, &pieces[i])) return fail_errno(diag, path, "write");
    if (fsync(file) != 0) return fail_errno(diag, path, "sync");
    return TG_OK;
}

/* Makes the rename itself durable. Some directories cannot be opened or synced; the new file is complete and
 * in place by then, so that is no failure. */
static void sync_directory(const file_target *target, char *name)
{
    memcpy(name, target->path, target->directory_length);
    name[target->directory_length] = '\0';
    int directory = open(target->directory_length == 0 ? "." : name, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (directory < 0) return;
    fsync(directory);
    close(directory);
}

static tg_status replace(const file_target *target, const char *path, const tg_bytes *pieces, size_t count,
                         tg_diag *diag)
{
    size_t room = target->directory_length + TEMPORARY_NAME_ROOM;
    char *temporary = malloc(room);
    if (temporary == NULL) return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory for the path", path);
    int file = open_temporary(target, temporary, room);
    if (file < 0) {
        tg_status status = fail_errno(diag, path, "make a temporary file beside it");
        free(temporary);
        return status;
    }
    tg_status status = fill_temporary(file, target, path, pieces, count, diag);
    if (close(file) != 0 && status == TG_OK) status = fail_errno(diag, path, "close");
    if (status == TG_OK && rename(temporary, target->path) != 0) status = fail_errno(diag, path, "rename to");
    if (status != TG_OK)
        unlink(temporary);
    else
        sync_directory(target, temporary);
    free(temporary);
    return status;
}

tg_status tg_file_write(const char *path, const tg_bytes *pieces, size_t count, tg_diag *diag)
{
    file_target target;
    tg_status status = find_target(path, &target, diag);
    if (status != TG_OK) return status;
    status = replace(&target, path, pieces, count, diag);
    free(target.path);
    return status;
}
