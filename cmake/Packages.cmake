# The packages that the build uses. Sets
#   modules       the pkg-config modules, each with a target PkgConfig::module
#   packages      the targets that the library is linked with
#   pc_requires   and pc_libraries, the same for the pkg-config file

# tapegrad_missing(what package advice): ends the configuration, saying what to install.
function(tapegrad_missing what package advice)
    message(FATAL_ERROR "${what} was not found. ${advice} On Debian and Ubuntu: apt-get install ${package}")
endfunction()

# tapegrad_find_header(variable header package): the folder of a header.
function(tapegrad_find_header variable header package)
    find_path(${variable} ${header})
    mark_as_advanced(${variable})
    if(NOT ${variable})
        tapegrad_missing(${header} ${package} "Install it, or name its folder with -D${variable}=.")
    endif()
endfunction()

# tapegrad_find_module(option package module…): adds the first of these pkg-config modules to `modules`.
function(tapegrad_find_module option package)
    find_package(PkgConfig QUIET)
    if(NOT PkgConfig_FOUND)
        tapegrad_missing(pkg-config pkg-config "Install it, or configure with -D${option}=OFF.")
    endif()
    foreach(module ${ARGN})
        pkg_check_modules(${module} QUIET IMPORTED_TARGET GLOBAL ${module})
        if(${module}_FOUND)
            set(modules ${modules} ${module} PARENT_SCOPE)
            return()
        endif()
    endforeach()
    tapegrad_missing("${ARGN}" ${package} "Install it, or configure with -D${option}=OFF.")
endfunction()

tapegrad_find_header(UTHASH_INCLUDE_DIR uthash.h uthash-dev)
tapegrad_find_header(XXHASH_INCLUDE_DIR xxhash.h libxxhash-dev)

set(modules)
if(TAPEGRAD_LIBZIP)
    tapegrad_find_module(TAPEGRAD_LIBZIP libzip-dev libzip)
endif()
if(TAPEGRAD_JANSSON)
    tapegrad_find_module(TAPEGRAD_JANSSON libjansson-dev jansson)
endif()
if(TAPEGRAD_CBLAS)
    tapegrad_find_module(TAPEGRAD_CBLAS libopenblas-dev openblas cblas blas)
endif()
set(packages ${modules})
list(TRANSFORM packages PREPEND PkgConfig::)
set(pc_requires ${modules})
set(pc_libraries)

if(TAPEGRAD_ZLIB)
    find_package(ZLIB)
    if(NOT ZLIB_FOUND)
        tapegrad_missing(zlib zlib1g-dev "Install it, or configure with -DTAPEGRAD_ZLIB=OFF.")
    endif()
    list(APPEND packages ZLIB::ZLIB)
    list(APPEND pc_requires zlib)
endif()
find_library(MATH_LIBRARY m)
mark_as_advanced(MATH_LIBRARY)
if(MATH_LIBRARY)
    list(APPEND packages m)
    list(APPEND pc_libraries -lm)
endif()
