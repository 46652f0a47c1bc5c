# Follows a document, as readme_steps does, with the command `tapegrad` at hand:
#   cmake -DSOURCE=… -DWORK=… -DCOMMAND=… -DSTEPS=… -DDOCUMENT=… -P follow.cmake
# WORK/tapegrad is the folder in which the commands run; examples/ is there. A ```tg block is a file, whose name stands
# before it, as a ```c block is for readme_steps.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK}/tapegrad ${WORK}/bin)
file(CREATE_LINK ${SOURCE}/examples ${WORK}/tapegrad/examples SYMBOLIC)
file(CREATE_LINK ${COMMAND} ${WORK}/bin/tapegrad SYMBOLIC)

# Line by line with sed, since CMake's own strings give some characters another meaning.
execute_process(COMMAND sed "s/^```tg$/```c/" ${DOCUMENT} OUTPUT_FILE ${WORK}/document.md RESULT_VARIABLE failed)
if(failed)
    message(FATAL_ERROR "${DOCUMENT} cannot be read")
endif()
set(ENV{PATH} "${WORK}/bin:$ENV{PATH}")
execute_process(COMMAND ${STEPS} ${WORK}/document.md ${WORK} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${DOCUMENT} does not say what happens (line numbers of README.md above are its own)")
endif()
