/* SPDX-License-Identifier: MIT
 *
 * What the spawn programs in C and C++ share: `tasks` tasks are started and joined, `at_once` at a
 * time. They do nothing in one part (`parts` is 1), or in two with a yield between (2). The
 * includer passes a function that starts and joins one such batch.
 */
#ifndef BENCH_SPAWN_BATCH_H
#define BENCH_SPAWN_BATCH_H

#include "lib/bench.h"

/* From the arguments tasks and at_once. A tenth more is done first to warm up. */
static inline void batch_run(int argc, char **argv, void (*batch)(long at_once))
{
	long at_once = bench_arg(argc, argv, "at_once");
	long batches = bench_arg(argc, argv, "tasks") / at_once;
	for (long i = 0; i < batches / 10 + 1; i++)
		batch(at_once);
	int64_t started = bench_now();
	for (long i = 0; i < batches; i++)
		batch(at_once);
	int64_t ended = bench_now();
	bench_print("spawn", (double)(ended - started) / (double)(batches * at_once), "ns");
}

#endif
