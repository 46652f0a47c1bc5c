# Steps that the package tests share. A step that fails ends the test.

# run(command…)
function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "This failed (${result}): ${ARGN}")
    endif()
endfunction()

# output_of(variable command…)
function(output_of variable)
    execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "This failed (${result}): ${ARGN}")
    endif()
    set(${variable} "${output}" PARENT_SCOPE)
endfunction()

# configure(source binary option…)
function(configure source binary)
    run(${CMAKE_COMMAND} -S ${source} -B ${binary} -G ${generator} -DCMAKE_C_COMPILER=${compiler} ${ARGN})
endfunction()

# build(binary argument…)
function(build binary)
    run(${CMAKE_COMMAND} --build ${binary} --parallel 2 ${ARGN})
endfunction()
