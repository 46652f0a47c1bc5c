# Everything is built with coverage for libFuzzer and with the sanitizers that find what it looks for.
if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "TAPEGRAD_FUZZ needs clang, for libFuzzer: configure with -DCMAKE_C_COMPILER=clang. "
        "On Debian and Ubuntu: apt-get install clang libclang-rt-dev")
endif()
set(fuzz_options -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
add_compile_options(${fuzz_options})
add_link_options(${fuzz_options})
