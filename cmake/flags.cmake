# SPDX-License-Identifier: MIT
# How everything is compiled: warnings, sanitizers, and what the sources may ask about them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

add_compile_definitions(_GNU_SOURCE)
add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wcast-qual -Wwrite-strings -Wformat=2
  -Wno-missing-field-initializers # what is left out is zero, and zero is the default
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>)
# Not every architecture has them by default; debuggers, profilers and backtrace(3) need them.
add_compile_options(-fasynchronous-unwind-tables)
if(KORU_WERROR)
  add_compile_options(-Werror)
endif()
if(KORU_URING)
  add_compile_definitions(KORU_URING=1)
endif()
if(KORU_VALGRIND)
  add_compile_definitions(KORU_VALGRIND=1)
endif()
# The floors that are compiled without -fsanitize=thread cannot ask the compiler for it.
if(KORU_SANITIZE MATCHES "thread")
  add_compile_definitions(KORU_TSAN=1)
endif()
if(KORU_SANITIZE)
  add_compile_options(-fsanitize=${KORU_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  # The fuzzer's own main is linked by the fuzz targets alone.
  string(REPLACE "fuzzer-no-link," "" KORU_SANITIZE_LINK "${KORU_SANITIZE}")
  add_link_options(-fsanitize=${KORU_SANITIZE_LINK})
else()
  add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,SHARED_LIBRARY>:-Wl,-z,defs>)
endif()

# The floors that ThreadSanitizer does not see. They move values between threads and stacks
# in ways it cannot follow; what they promise to the code above is told to it by annotations
# in src/context (release and acquire where one task really hands something to another).
set(KORU_TSAN_BLIND_FLOORS base context poll sched sync coro)
