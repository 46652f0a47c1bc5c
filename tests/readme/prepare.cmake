# Prepares a folder in which the README's commands can run, and follows them:
#   cmake -DSOURCE=… -DBUILD=… -DWORK=… -DCOMPILER=… -DFLAGS=… -DSHARED=… -DSTEPS=… -P prepare.cmake
# WORK/tapegrad is the source tree (as links) with the build folder as build; WORK/home is the home folder, into
# which the README installs; WORK/bin has the compiler, with the flags that the library was built with, as cc, and
# for a static library a pkg-config that says what that needs.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK}/tapegrad ${WORK}/home ${WORK}/bin)
file(GLOB entries RELATIVE ${SOURCE} ${SOURCE}/*)
foreach(entry ${entries})
    if(NOT entry MATCHES "^build")
        file(CREATE_LINK ${SOURCE}/${entry} ${WORK}/tapegrad/${entry} SYMBOLIC)
    endif()
endforeach()
file(CREATE_LINK ${BUILD} ${WORK}/tapegrad/build SYMBOLIC)
file(WRITE ${WORK}/bin/cc "#!/bin/sh\nexec '${COMPILER}' ${FLAGS} \"$@\"\n")
set(programs ${WORK}/bin/cc)
file(CHMOD ${programs} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)

set(ENV{HOME} ${WORK}/home)
set(ENV{PATH} "${WORK}/bin:$ENV{PATH}")
set(ENV{CC} ${WORK}/bin/cc)
foreach(variable CFLAGS CMAKE_PREFIX_PATH PKG_CONFIG_PATH LD_LIBRARY_PATH DESTDIR)
    unset(ENV{${variable}})
endforeach()
execute_process(COMMAND ${STEPS} ${SOURCE}/README.md ${WORK} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "the README does not say what happens")
endif()
