# Puts the expected files together as one document and follows it:
#   cmake -DSOURCE=… -DWORK=… -DCOMMAND=… -DSTEPS=… -DEXPECTED=folder -P models.cmake
# A model without an expected file, and a file without a model, are errors.
file(GLOB models RELATIVE ${SOURCE}/examples/models ${SOURCE}/examples/models/*.tg)
file(GLOB expected RELATIVE ${EXPECTED} ${EXPECTED}/*.expected)
list(TRANSFORM models REPLACE "[.]tg$" ".expected")
list(SORT models)
list(SORT expected)
if(NOT models STREQUAL expected)
    message(FATAL_ERROR "examples/models and tests/models do not go together: ${models} and ${expected}")
endif()
set(document ${WORK}.md)
list(TRANSFORM expected PREPEND "${EXPECTED}/" OUTPUT_VARIABLE files)
execute_process(COMMAND cat ${files} OUTPUT_FILE ${document} RESULT_VARIABLE failed)
if(failed)
    message(FATAL_ERROR "the expected files cannot be read")
endif()
set(DOCUMENT ${document})
include(${CMAKE_CURRENT_LIST_DIR}/../tutorial/follow.cmake)
