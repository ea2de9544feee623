/* SPDX-License-Identifier: MIT
 *
 * Functions full of values that have to survive switches; switch_body.c is compiled once for
 * each set of compiler options in CMakeLists.txt.
 */
#ifndef TESTS_CONTEXT_SWITCH_BODY_H
#define TESTS_CONTEXT_SWITCH_BODY_H

#include <stdint.h>

struct switch_case {
	uint64_t seed;
	int rounds;
	int yields;      /* 0: the same computation without a switch, to compare with */
	uint64_t result; /* everything that was computed, mixed */
};

/* Each is a koru_fn whose argument is a struct switch_case. */
#define SWITCH_BODY_DECLARE(flavour)                                                               \
	int switch_integers_##flavour(void *arg);                                                  \
	int switch_floats_##flavour(void *arg);                                                    \
	int switch_wide_##flavour(void *arg);                                                      \
	int switch_frames_##flavour(void *arg)

#endif
