/* SPDX-License-Identifier: MIT
 *
 * How much of the heap a program has taken and not given back, for tests that link with `heap`
 * (tests/CMakeLists.txt): the linker sends their calls, and koru's, through here.
 */
#ifndef TESTS_SUPPORT_HEAP_H
#define TESTS_SUPPORT_HEAP_H

/* Pieces of memory in use. Not for programs with several threads. */
long memory_in_use(void);

#endif
