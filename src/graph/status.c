/* Status codes, their texts, and the version. */
#include <stdarg.h>
#include <stdio.h>

#include <tapegrad/status.h>
#include <tapegrad/version.h>

#include "c_locale.h"

const char *tg_status_name(tg_status status)
{
    switch (status) {
#define STATUS_NAME(name, number, text)                                                                      \
    case name:                                                                                               \
        return #name;
        TG_STATUS_LIST(STATUS_NAME)
#undef STATUS_NAME
    }
    return "unknown status";
}

const char *tg_status_text(tg_status status)
{
    switch (status) {
#define STATUS_TEXT(name, number, text)                                                                      \
    case name:                                                                                               \
        return text;
        TG_STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}

tg_status tg_fail(tg_diag *diag, tg_status status, const char *format, ...)
{
    if (diag != NULL) {
        va_list args;
        va_start(args, format);
        diag->status = status;
        tg_c_vsnprintf(diag->message, sizeof diag->message, format, args);
        va_end(args);
    }
    return status;
}

int tg_version_number(void)
{
    return TG_VERSION_NUMBER;
}

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *tg_version(void)
{
    return TEXT(TG_VERSION_MAJOR) "." TEXT(TG_VERSION_MINOR) "." TEXT(TG_VERSION_PATCH);
}
