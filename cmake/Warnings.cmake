# The warnings that every target of the project is built with.
add_library(tapegrad_warnings INTERFACE)
if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(tapegrad_warnings INTERFACE
        -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wdouble-promotion
        $<$<BOOL:${TAPEGRAD_WERROR}>:-Werror>)
endif()
