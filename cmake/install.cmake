# SPDX-License-Identifier: MIT
# What is installed: headers, libraries, pkg-config files, a CMake package, the command and
# its manual.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/koru)
get_property(libraries GLOBAL PROPERTY KORU_LIBRARIES)

# The .pc file of a library: what it uses in turn comes from koru_library's USES and MODULES.
function(koru_install_pc name)
  get_property(uses GLOBAL PROPERTY KORU_USES_${name})
  get_property(modules GLOBAL PROPERTY KORU_MODULES_${name})
  list(TRANSFORM uses APPEND " = ${PROJECT_VERSION}") # KORU_PRIVATE binds them together
  if(NOT KORU_SHARED) # what is private to a shared library is not to a static one
    list(APPEND uses ${modules})
    set(modules)
  endif()
  list(JOIN uses ", " uses)
  list(JOIN modules ", " modules)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/koru.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

install(DIRECTORY include/koru DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(modules_of_all)
foreach(name ${libraries})
  koru_install_pc(${name})
  get_property(modules GLOBAL PROPERTY KORU_MODULES_${name})
  list(APPEND modules_of_all ${modules})
  # libkoru-net is koru::net to its users; libkoru is koru::koru.
  string(REPLACE "koru-" "" export_name ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${export_name}-static)
  install(TARGETS ${name} EXPORT koru-static)
  if(KORU_SHARED)
    set_target_properties(${name}-shared PROPERTIES EXPORT_NAME ${export_name})
    install(TARGETS ${name}-shared EXPORT koru-shared)
  endif()
endforeach()

install(EXPORT koru-static NAMESPACE koru:: DESTINATION ${package_dir})
if(KORU_SHARED)
  install(EXPORT koru-shared NAMESPACE koru:: DESTINATION ${package_dir})
endif()
configure_package_config_file(cmake/koru-config.cmake.in ${PROJECT_BINARY_DIR}/koru-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/koru-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/koru-config.cmake ${PROJECT_BINARY_DIR}/koru-config-version.cmake
  DESTINATION ${package_dir})

if(TARGET koru-command)
  install(TARGETS koru-command)
  install(FILES man/koru.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
