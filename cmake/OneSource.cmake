# The checks of hand-written derivatives as two files, for projects without the library.
set(one_source ${PROJECT_BINARY_DIR}/one_source)
file(GLOB one_source_needs CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/src/check/*.[ch] ${PROJECT_SOURCE_DIR}/src/explain/text.[ch]
    ${PROJECT_SOURCE_DIR}/src/graph/c_locale.[ch]
    ${PROJECT_SOURCE_DIR}/src/kernels/philox.h ${PROJECT_SOURCE_DIR}/include/tapegrad/*.h)
add_custom_command(OUTPUT ${one_source}/tapegrad_check.h ${one_source}/tapegrad_check.c
    COMMAND ${CMAKE_COMMAND} -D source=${PROJECT_SOURCE_DIR} -D output=${one_source} -D version=${PROJECT_VERSION}
        -P ${CMAKE_CURRENT_LIST_DIR}/Amalgamate.cmake
    DEPENDS ${one_source_needs} ${CMAKE_CURRENT_LIST_DIR}/Amalgamate.cmake VERBATIM)
add_custom_target(tapegrad_one_source ALL DEPENDS ${one_source}/tapegrad_check.h ${one_source}/tapegrad_check.c)
if(TAPEGRAD_INSTALL)
    install(FILES ${one_source}/tapegrad_check.h ${one_source}/tapegrad_check.c
        DESTINATION ${CMAKE_INSTALL_DATADIR}/tapegrad)
endif()
