/* Array elements as files store them: which types there are, and their conversion to and from arrays. */
#ifndef TG_IO_ELEMENTS_H
#define TG_IO_ELEMENTS_H

#include <tapegrad/array.h>

#include "bytes.h"

typedef enum tg_element {
    TG_ELEMENT_BOOL,
    TG_ELEMENT_I8,
    TG_ELEMENT_U8,
    TG_ELEMENT_I16,
    TG_ELEMENT_U16,
    TG_ELEMENT_I32,
    TG_ELEMENT_U32,
    TG_ELEMENT_I64,
    TG_ELEMENT_U64,
    TG_ELEMENT_F16,
    TG_ELEMENT_BF16,
    TG_ELEMENT_F32,
    TG_ELEMENT_F64,
    TG_ELEMENT_KINDS
} tg_element;

/* How a file says that an array is laid out, row-major. */
typedef struct tg_layout {
    tg_element element;
    bool big_endian;
    int rank; /* 0 to TG_MAX_RANK */
    int64_t shape[TG_MAX_RANK];
} tg_layout;

/* The file element that keeps every value of dtype. */
tg_element tg_element_of_dtype(tg_dtype dtype);

/* The bytes that the layout takes in the file. TG_ERR_FORMAT when the sizes are impossible. name is the file's,
 * for messages, here and below. */
tg_status tg_layout_bytes(const tg_layout *layout, const char *name, size_t *bytes, tg_diag *diag);

/* A new array of the size bytes at data, which must be exactly those that the layout takes. */
tg_status tg_elements_decode(const tg_layout *layout, const unsigned char *data, size_t size,
                             const char *name, tg_array **out, tg_diag *diag);

/* Appends the array's elements, converted to element, which must hold each value. False: out of memory. */
bool tg_elements_encode(const tg_array *array, tg_element element, bool big_endian, tg_bytes *out);

/* Whether a caller's array is one that can be written. label names it in messages. */
tg_status tg_array_check(const tg_array *array, const char *label, tg_diag *diag);

#endif
