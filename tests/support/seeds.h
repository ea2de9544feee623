/* SPDX-License-Identifier: MIT
 *
 * Random programs, one a seed: runs many of them, and says which one it was that failed.
 */
#ifndef TESTS_SUPPORT_SEEDS_H
#define TESTS_SUPPORT_SEEDS_H

#include <stdint.h>

/* Calls run_one for `plain` seeds in a row, the first drawn by chance; for `watched` where the
 * program runs under something that slows it down. Asserts that no descriptor is left open. A
 * failed assertion, or an alarm that run_one has set for a program that hangs, ends with the seed.
 * KORU_TEST_SEED=number runs that one alone, KORU_TEST_PROGRAMS=number another count. Returns how
 * many were run. */
unsigned long long run_seeds(unsigned long long plain, unsigned long long watched,
                             void (*run_one)(uint64_t seed));

#endif
