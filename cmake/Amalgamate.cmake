# Writes tapegrad_check.h and tapegrad_check.c: the checks of derivative code over plain arrays as one header and one
# source, made of the library's own files, for projects that want to add two files to their tests and no library.
#
#   cmake -D source=… -D output=… -D version=… -P Amalgamate.cmake
#
# Includes of the library's files are left out, since those files stand in the result, in an order in which each comes
# before what needs it; includes of the C library are gathered at the top.
set(public_headers include/tapegrad/export.h include/tapegrad/text.h include/tapegrad/check_callback.h)
set(internals src/graph/c_locale.h src/explain/text.h src/kernels/philox.h src/check/subject.h src/check/compare.h src/check/slope.h
    src/check/report.h src/graph/c_locale.c src/explain/text.c src/check/slope.c src/check/checking.c src/check/pattern.c
    src/check/compare.c src/check/callback.c src/check/report.c src/check/report_json.c src/check/report_junit.c)

# Sets the variable `result` to the contents of the files after a heading.
function(join result heading)
    set(includes)
    set(text)
    foreach(path IN LISTS ARGN)
        file(READ ${source}/${path} content)
        string(REGEX MATCHALL "#include <[a-z]+\\.h>\n" found "${content}")
        list(APPEND includes ${found})
        string(REGEX REPLACE "#include [^\n]*\n" "" content "${content}")
        string(APPEND text "\n/* ==== ${path} ==== */\n\n${content}")
    endforeach()
    list(REMOVE_DUPLICATES includes)
    list(SORT includes)
    list(JOIN includes "" includes)
    set(${result} "${heading}${includes}${text}" PARENT_SCOPE)
endfunction()

set(origin "Made from the sources of tapegrad ${version} by cmake/Amalgamate.cmake; changes belong there.")
join(header "/* Checks of derivatives that were written by hand. Add tapegrad_check.c to the tests, and link with -lm.
 * ${origin} */
#ifndef TAPEGRAD_STATIC
#define TAPEGRAD_STATIC
#endif
" ${public_headers})
join(body "/* Checks of derivatives that were written by hand; tapegrad_check.h says how to use them.
 * ${origin} */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include \"tapegrad_check.h\"

" ${internals})
file(WRITE ${output}/tapegrad_check.h "${header}")
file(WRITE ${output}/tapegrad_check.c "${body}")
