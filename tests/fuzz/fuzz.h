/* What the fuzz targets share. A target parses bytes; what is accepted must survive being written and read again. */
#ifndef TG_FUZZ_H
#define TG_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Ends the process, which is how a target reports, unless the claim holds. */
void fuzz_require(int claim, const char *what);
void fuzz_require_same_array(const tg_array *a, const tg_array *b);
void fuzz_require_same_bundle(const tg_bundle *a, const tg_bundle *b);

#endif
