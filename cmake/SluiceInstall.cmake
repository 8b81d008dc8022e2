# `cmake --install`: archives, headers, and what find_package(sluice) and pkg-config need.
# tests/consumers proves each way in.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sluice)
set_target_properties(sluice_config PROPERTIES EXPORT_NAME config)
set(testing)
if(SLUICE_ALL_DIALECTS)
  set(testing sluice_testing)
endif()
install(TARGETS sluice ${testing} sluice_config EXPORT sluice-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/sluice DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

install(EXPORT sluice-targets NAMESPACE sluice:: DESTINATION ${package_dir})
if(SLUICE_BUILD_GATEWAY)  # a component of its own, because of the packages that it needs
  install(TARGETS sluice_gateway EXPORT sluice-gateway-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT sluice-gateway-targets NAMESPACE sluice:: DESTINATION ${package_dir})
endif()
configure_package_config_file(cmake/sluice-config.cmake.in ${PROJECT_BINARY_DIR}/sluice-config.cmake
                              INSTALL_DESTINATION ${package_dir})
# Below 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sluice-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sluice-config.cmake ${PROJECT_BINARY_DIR}/sluice-config-version.cmake
        DESTINATION ${package_dir})

# The prefix follows the .pc file, so that an installed tree can be moved.
file(RELATIVE_PATH SLUICE_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" SLUICE_PC_PREFIX ${SLUICE_PC_PREFIX})
get_target_property(definitions sluice_config INTERFACE_COMPILE_DEFINITIONS)
list(TRANSFORM definitions PREPEND -D)
list(JOIN definitions " " SLUICE_PC_DEFINITIONS)
foreach(package sluice sluice-testing)
  configure_file(cmake/${package}.pc.in ${PROJECT_BINARY_DIR}/${package}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${package}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
