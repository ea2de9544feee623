# SPDX-License-Identifier: MIT
# koru_library(NAME FLOORS folder... [USES library...] [MODULES pkg-config-module...])
#
# Makes two libraries of the same sources, the folders under src/ that exist:
#
#   NAME         static, for the tests, the tools and the command in this tree. Compiled for
#                position-independent executables, so its thread-locals need no call.
#   NAME-shared  compiled -fPIC, with an soname and the version script cmake/NAME.map.
#
# MODULES are linked privately and written into NAME.pc and the CMake package.
#
# What is exported is decided by the version script alone, which hides all that it does not
# list. The sources are compiled with default visibility and linked with
# -Bsymbolic-functions: calls inside a library are then direct, as with -fvisibility=hidden,
# and the exports are listed in one place instead of two.
function(koru_library name)
  cmake_parse_arguments(L "" "" "FLOORS;USES;MODULES" ${ARGN})
  add_library(${name} STATIC)
  target_compile_options(${name} PRIVATE -fPIE)
  foreach(floor ${L_FLOORS})
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${floor}/CMakeLists.txt)
      add_subdirectory(${floor})
    endif()
  endforeach()
  koru_library_links(${name} "" "${L_USES}" "${L_MODULES}")
  get_target_property(sources ${name} SOURCES)
  koru_tsan_blind("${sources}")
  set_property(GLOBAL APPEND PROPERTY KORU_LIBRARIES ${name})
  set_property(GLOBAL PROPERTY KORU_MODULES_${name} "${L_MODULES}")
  set_property(GLOBAL PROPERTY KORU_USES_${name} "${L_USES}")

  if(NOT KORU_SHARED)
    return()
  endif()
  add_library(${name}-shared SHARED ${sources})
  koru_library_links(${name}-shared "-shared" "${L_USES}" "${L_MODULES}")
  set(map ${PROJECT_SOURCE_DIR}/cmake/${name}.map)
  set_target_properties(${name}-shared PROPERTIES
    OUTPUT_NAME ${name} VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LINK_DEPENDS ${map})
  target_compile_options(${name}-shared PRIVATE
    -ftls-model=initial-exec $<$<C_COMPILER_ID:GNU>:-fno-semantic-interposition>)
  target_link_options(${name}-shared PRIVATE
    -Wl,--version-script=${map} -Wl,-Bsymbolic-functions)
endfunction()

# What a library includes and links. `suffix` names the twins of the libraries it uses.
function(koru_library_links target suffix uses modules)
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  foreach(use ${uses})
    target_link_libraries(${target} PUBLIC ${use}${suffix})
  endforeach()
  target_link_libraries(${target} PRIVATE Threads::Threads)
  foreach(module ${modules})
    if(NOT TARGET PkgConfig::koru_${module})
      pkg_check_modules(koru_${module} REQUIRED QUIET IMPORTED_TARGET GLOBAL ${module})
    endif()
    target_link_libraries(${target} PRIVATE PkgConfig::koru_${module})
  endforeach()
endfunction()

# Takes -fsanitize=thread from the sources of the blind floors (see flags.cmake).
function(koru_tsan_blind sources)
  if(NOT KORU_SANITIZE MATCHES "thread")
    return()
  endif()
  foreach(floor ${KORU_TSAN_BLIND_FLOORS})
    set(blind ${sources})
    list(FILTER blind INCLUDE REGEX "/src/${floor}/")
    set_property(SOURCE ${blind} APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=thread)
  endforeach()
endfunction()
