/* SPDX-License-Identifier: MIT
 *
 * What the skynet programs in C and C++ share: a task starts ten others, each of these ten more,
 * until there are `leaves` (a power of ten) at the bottom. Each leaf has a number, and each other
 * task adds up what its children hand back.
 */
#ifndef BENCH_SKYNET_SKYNET_H
#define BENCH_SKYNET_SKYNET_H

#include "lib/bench.h"

enum { SKYNET_CHILDREN = 10 };

/* A task, and what it hands back. */
struct skynet {
	int64_t first; /* the number of its first leaf */
	int64_t leaves;
	int64_t sum;
};

/* Its child `index`. */
static inline struct skynet skynet_child(const struct skynet *parent, int index)
{
	int64_t leaves = parent->leaves / SKYNET_CHILDREN;
	struct skynet child = { parent->first + index * leaves, leaves, 0 };
	return child;
}

/* From the arguments leaves and rounds: the whole tree, once to warm up and then `rounds` times.
 * `grow` runs the task at the top. */
static inline void skynet_run(int argc, char **argv, void (*grow)(struct skynet *top))
{
	long leaves = bench_arg(argc, argv, "leaves");
	long rounds = bench_arg(argc, argv, "rounds");
	int64_t started = 0;
	for (long i = 0; i <= rounds; i++) {
		if (i == 1)
			started = bench_now();
		struct skynet top = { 0, leaves, 0 };
		grow(&top);
		bench_require(top.sum == (int64_t)leaves * (leaves - 1) / 2, "the sum");
	}
	bench_print("skynet", (double)(bench_now() - started) / 1e6 / (double)rounds, "ms");
}

#endif
