# Installs the library, shared or static, under a prefix of its own; a program outside the tree finds it with CMake
# and with pkg-config, is built and runs.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

file(REMOVE_RECURSE ${work}/prefix ${work}/moved ${work}/cmake-consumer)
configure(${source} ${work}/build -DBUILD_SHARED_LIBS=${shared} -DCMAKE_BUILD_TYPE=Debug
    -DTAPEGRAD_TESTS=OFF -DTAPEGRAD_EXAMPLES=OFF -DCMAKE_INSTALL_PREFIX=${work}/prefix -DCMAKE_INSTALL_LIBDIR=lib
    -DTAPEGRAD_ZLIB=${zlib} -DTAPEGRAD_LIBZIP=${libzip} -DTAPEGRAD_JANSSON=${jansson})
build(${work}/build)
run(${CMAKE_COMMAND} --install ${work}/build)

# An installed tree can be moved.
file(RENAME ${work}/prefix ${work}/moved)
set(prefix ${work}/moved)
set(file ${work}/numbers.idx)
if(zlib)
    set(file ${work}/numbers.idx.gz)
endif()

set(consumer ${CMAKE_CURRENT_LIST_DIR}/consumer)
configure(${consumer} ${work}/cmake-consumer -DCMAKE_PREFIX_PATH=${prefix} -Dwanted_version=${version})
build(${work}/cmake-consumer)
run(${work}/cmake-consumer/consumer ${file})

if(pkg_config)
    set(ENV{PKG_CONFIG_PATH} ${prefix}/lib/pkgconfig:$ENV{PKG_CONFIG_PATH})
    output_of(found ${pkg_config} --modversion tapegrad)
    if(NOT found STREQUAL version)
        message(FATAL_ERROR "pkg-config found version ${found}, not ${version}")
    endif()
    output_of(flags ${pkg_config} --cflags --libs tapegrad)
    separate_arguments(flags UNIX_COMMAND "${flags}")
    run(${compiler} -std=c11 ${consumer}/consumer.c -o ${work}/pkg-config-consumer ${flags}
        -Wl,-rpath,${prefix}/lib)
    run(${work}/pkg-config-consumer ${file})
endif()

# Only the interface is visible.
if(shared AND nm AND EXISTS ${prefix}/lib/libtapegrad.so)
    output_of(symbols ${nm} -D --defined-only --format=posix ${prefix}/lib/libtapegrad.so)
    string(REGEX MATCHALL "[^\n]+" symbols "${symbols}")
    list(LENGTH symbols count)
    list(FILTER symbols EXCLUDE REGEX "^tg_")
    if(count EQUAL 0 OR symbols)
        message(FATAL_ERROR "Of ${count} visible symbols, these do not begin with tg_: ${symbols}")
    endif()
endif()
