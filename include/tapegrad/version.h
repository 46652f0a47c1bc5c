/* The version of these headers. The build reads it from here, so that it stands in one place. */
#ifndef TAPEGRAD_VERSION_H
#define TAPEGRAD_VERSION_H

#include <tapegrad/export.h>

#define TG_VERSION_MAJOR 0
#define TG_VERSION_MINOR 1
#define TG_VERSION_PATCH 0

/* One number to compare with: 0.1.0 is 100, 1.2.3 is 10203. */
#define TG_VERSION_NUMBER (TG_VERSION_MAJOR * 10000 + TG_VERSION_MINOR * 100 + TG_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is linked, as TG_VERSION_NUMBER and as text ("0.1.0"). */
TG_API int tg_version_number(void);
TG_API const char *tg_version(void);

#ifdef __cplusplus
}
#endif

#endif
