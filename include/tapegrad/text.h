/* Texts that the library makes. */
#ifndef TAPEGRAD_TEXT_H
#define TAPEGRAD_TEXT_H

#include <tapegrad/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Frees a text that one of the library's functions returned as new memory. NULL is fine. */
TG_API void tg_text_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
