# Builds the project in PROJECT under BUILD and runs its program, `consumer`, whose exit code is the verdict.
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

if(EXISTS ${PROJECT}/build.sh)
  file(MAKE_DIRECTORY ${BUILD})
  set(ENV{CXX} ${CXX})
  set(ENV{PKG_CONFIG_PATH} ${PREFIX})
  run(${PROJECT}/build.sh ${BUILD}/consumer)
else()
  run(${CMAKE_COMMAND} -G Ninja -S ${PROJECT} -B ${BUILD} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}
      -DCMAKE_PREFIX_PATH=${PREFIX} -DSLUICE_UNITY=ON)
  run(${CMAKE_COMMAND} --build ${BUILD} --target consumer)
endif()
run(${BUILD}/consumer)
