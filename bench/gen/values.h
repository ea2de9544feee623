/* SPDX-License-Identifier: MIT
 *
 * What the generator programs in C and C++ share: one generator hands out `values` numbers, and
 * what it costs to ask for one and get it. The includer passes a function that takes the next
 * `count` values and adds them up.
 */
#ifndef BENCH_GEN_VALUES_H
#define BENCH_GEN_VALUES_H

#include "lib/bench.h"

/* From the argument values. A tenth more is done first to warm up. */
static inline void values_run(int argc, char **argv, uint64_t (*take)(long count))
{
	long values = bench_arg(argc, argv, "values");
	uint64_t sum = take(values / 10);
	int64_t started = bench_now();
	sum += take(values);
	int64_t ended = bench_now();
	uint64_t all = (uint64_t)(values / 10 + values);
	bench_require(sum == all * (all - 1) / 2, "the sum of the values");
	bench_print("next", (double)(ended - started) / (double)values, "ns");
}

#endif
