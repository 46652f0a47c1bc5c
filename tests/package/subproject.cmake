# Configures a project that adds the source tree to itself.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

file(REMOVE_RECURSE ${work})
configure(${CMAKE_CURRENT_LIST_DIR}/subproject ${work} -Dtapegrad_source=${source}
    -DTAPEGRAD_ZLIB=OFF -DTAPEGRAD_LIBZIP=OFF -DTAPEGRAD_JANSSON=OFF)
