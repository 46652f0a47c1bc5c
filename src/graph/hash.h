/* uthash and xxHash, set up for this library: hashes are XXH3, and running out of memory is reported instead
 * of ending the process. */
#ifndef TG_GRAPH_HASH_H
#define TG_GRAPH_HASH_H

#include <xxhash.h>

/* An element that could not be added has no table afterwards; whoever adds checks tg_hash_added. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->hh.tbl = NULL)
#define HASH_FUNCTION(key, length, hash) ((hash) = (unsigned)XXH3_64bits((key), (length)))
#include <uthash.h>

/* An older one would end the process when memory runs out, and would not compare nodes as intern.c says. */
#ifndef HASH_KEYCMP
#error "uthash 2.1.0 or newer is needed"
#endif

#define tg_hash_added(element) ((element)->hh.tbl != NULL)

#endif
