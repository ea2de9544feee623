/* SPDX-License-Identifier: MIT
 * Starts and joins empty State Threads, whose stacks the library keeps for reuse. See
 * batch.h. */
#include <st.h>

#include "spawn/batch.h"

static st_thread_t *threads;

static long parts;

/* The library has no yield but a sleep of nothing. */
static void *task(void *arg)
{
	if (parts == 2)
		st_usleep(0);
	return arg;
}

static void batch(long at_once)
{
	for (long i = 0; i < at_once; i++)
		bench_require((threads[i] = st_thread_create(task, NULL, 1, 0)) != NULL,
		              "st_thread_create");
	for (long i = 0; i < at_once; i++)
		bench_require(st_thread_join(threads[i], NULL) == 0, "st_thread_join");
}

int main(int argc, char **argv)
{
	parts = bench_arg(argc, argv, "parts");
	bench_require(st_init() == 0, "st_init");
	threads = calloc((size_t)bench_arg(argc, argv, "at_once"), sizeof *threads);
	bench_require(threads != NULL, "memory");
	batch_run(argc, argv, batch);
	return 0;
}
