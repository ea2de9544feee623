/* SPDX-License-Identifier: MIT
 * Starts and joins empty GNU Pth threads. See batch.h. */
#include <pth.h>

#include "spawn/batch.h"

static pth_t *threads;

static long parts;

static void *task(void *arg)
{
	if (parts == 2)
		pth_yield(NULL);
	return arg;
}

static void batch(long at_once)
{
	for (long i = 0; i < at_once; i++)
		bench_require((threads[i] = pth_spawn(PTH_ATTR_DEFAULT, task, NULL)) != NULL,
		              "pth_spawn");
	for (long i = 0; i < at_once; i++)
		bench_require(pth_join(threads[i], NULL), "pth_join");
}

int main(int argc, char **argv)
{
	parts = bench_arg(argc, argv, "parts");
	bench_require(pth_init(), "pth_init");
	threads = calloc((size_t)bench_arg(argc, argv, "at_once"), sizeof *threads);
	bench_require(threads != NULL, "memory");
	batch_run(argc, argv, batch);
	return 0;
}
