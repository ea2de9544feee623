/* SPDX-License-Identifier: MIT
 * Starts and joins empty threads of the operating system, for scale. See batch.h. */
#include <pthread.h>

#include "spawn/batch.h"

static pthread_t *threads;

static void *empty(void *arg)
{
	return arg;
}

static void batch(long at_once)
{
	for (long i = 0; i < at_once; i++)
		bench_require(pthread_create(&threads[i], NULL, empty, NULL) == 0,
		              "pthread_create");
	for (long i = 0; i < at_once; i++)
		bench_require(pthread_join(threads[i], NULL) == 0, "pthread_join");
}

int main(int argc, char **argv)
{
	threads = calloc((size_t)bench_arg(argc, argv, "at_once"), sizeof *threads);
	bench_require(threads != NULL, "memory");
	batch_run(argc, argv, batch);
	return 0;
}
