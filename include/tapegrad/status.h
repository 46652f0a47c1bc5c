/* Status codes and error messages.
 *
 * Nothing in tapegrad aborts, exits or prints. A function that can fail returns a tg_status or NULL.
 * The detailed message is kept by the graph (tg_error) or the function (tg_function_error), or, for
 * functions that work without a graph, in a tg_diag that the caller provides. */
#ifndef TAPEGRAD_STATUS_H
#define TAPEGRAD_STATUS_H

#include <tapegrad/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The one list of status codes: X(name, number, what it means). Numbers are never reused. */
#define TG_STATUS_LIST(X)                                                                                    \
    X(TG_OK, 0, "success")                                                                                   \
    X(TG_ERR_NULL, -1, "a required argument is NULL")                                                        \
    X(TG_ERR_MEMORY, -2, "out of memory")                                                                    \
    X(TG_ERR_SHAPE, -3, "shapes do not fit")                                                                 \
    X(TG_ERR_DTYPE, -4, "wrong element type")                                                                \
    X(TG_ERR_RANK, -5, "wrong number of axes")                                                               \
    X(TG_ERR_SIZE, -6, "a size is negative or too large")                                                    \
    X(TG_ERR_GRAPH, -7, "a tensor belongs to another graph")                                                 \
    X(TG_ERR_UNBOUND, -8, "an input has no value")                                                           \
    X(TG_ERR_INDEX, -9, "an index is out of range")                                                          \
    X(TG_ERR_NAME, -10, "a name is missing, malformed, unknown or taken")                                    \
    X(TG_ERR_ARGUMENT, -11, "an argument has a value that is not allowed")                                   \
    X(TG_ERR_RULE, -12, "an operation has no derivative rule, or its rule is wrong")                         \
    X(TG_ERR_STALE, -13, "a tensor was dropped by tg_rewind")                                                \
    X(TG_ERR_IO, -14, "a file cannot be read or written")                                                    \
    X(TG_ERR_FORMAT, -15, "a file is damaged, truncated or of another kind")                                 \
    X(TG_ERR_CHECKSUM, -16, "a file's contents do not match its checksum")                                   \
    X(TG_ERR_UNSUPPORTED, -17, "this build or this version does not support it")                             \
    X(TG_STOPPED, -18, "stopped because a callback asked for it")                                            \
    X(TG_ERR_SYNTAX, -19, "a program has errors")

typedef enum tg_status {
#define TG_STATUS_ENUM(name, number, text) name = number,
    TG_STATUS_LIST(TG_STATUS_ENUM)
#undef TG_STATUS_ENUM
} tg_status;

/* The code's name ("TG_ERR_SHAPE") and its meaning ("shapes do not fit"). Static strings, never NULL;
 * an unknown code gives "unknown status". */
TG_API const char *tg_status_name(tg_status status);
TG_API const char *tg_status_text(tg_status status);

#define TG_DIAG_SIZE 512

/* Where a function without a graph says what was wrong. Every parameter of this type may be NULL. On
 * failure the function fills both fields; on success it leaves the struct alone. A longer message is cut. */
typedef struct tg_diag {
    tg_status status;
    char message[TG_DIAG_SIZE];
} tg_diag;

/* Fills *diag (unless it is NULL) and returns status, so that a failing function can end with
 * `return tg_fail(diag, TG_ERR_FORMAT, "%s: ...", path)`. */
TG_API tg_status tg_fail(tg_diag *diag, tg_status status, const char *format, ...) TG_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif

#endif
