# The smallest configuration: no package and no pkg-config. The static library is built, what it says of missing
# packages is tested, and a program runs.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

configure(${source} ${work}/build -DBUILD_SHARED_LIBS=OFF -DCMAKE_BUILD_TYPE=Debug -DTAPEGRAD_WERROR=ON
    -DTAPEGRAD_ZLIB=OFF -DTAPEGRAD_LIBZIP=OFF -DTAPEGRAD_JANSSON=OFF -DTAPEGRAD_EXAMPLES=OFF
    -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON)
build(${work}/build --target tapegrad test_io_without)
run(${work}/build/tests/test_io_without)

run(${compiler} -std=c11 -DTAPEGRAD_STATIC -I${source}/include
    ${CMAKE_CURRENT_LIST_DIR}/consumer/consumer.c ${work}/build/src/libtapegrad.a -lm -o ${work}/consumer)
run(${work}/consumer ${work}/numbers.idx)
