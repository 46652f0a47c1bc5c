/* Symbol visibility: what is marked TG_API is the library's interface; everything else is hidden. */
#ifndef TAPEGRAD_EXPORT_H
#define TAPEGRAD_EXPORT_H

#if defined(TAPEGRAD_STATIC)
#define TG_API
#elif defined(_WIN32)
#if defined(TAPEGRAD_BUILDING)
#define TG_API __declspec(dllexport)
#else
#define TG_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define TG_API __attribute__((visibility("default")))
#else
#define TG_API
#endif

/* Lets the compiler check the arguments of functions that take a printf format. */
#if defined(__GNUC__)
#define TG_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define TG_PRINTF(text, first)
#endif

#endif
