/* SPDX-License-Identifier: MIT
 *
 * A number of threads, each of which locks a mutex, counts, and unlocks it, in a loop; nanoseconds
 * of wall time for one lock and unlock, whoever did it. With `idle=2` another thread sleeps
 * meanwhile, so that what libraries do for processes of one thread does not count.
 *
 * All begin together. The clock stops when the first of them is done, so that nobody is measured
 * while it is alone; what the others had done by then counts. `least` is how often the thread had
 * the mutex that had it least, in percent of an equal share.
 */
#ifndef BENCH_MUTEX_PAIRS_H
#define BENCH_MUTEX_PAIRS_H

#include "lib/bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

enum { PAIRS_THREADS_MAX = 64, PAIRS_CHUNK = 1000 };

struct pairs_thread {
	long done; /* valid once it has ended */
	char apart[120];
};

static long pairs_wanted;       /* of each thread */
static atomic_long pairs_ready; /* threads at the start */
static atomic_bool pairs_over;  /* the first is done */
static int64_t pairs_started, pairs_ended;
static long pairs_threads;
static struct pairs_thread pairs_each[PAIRS_THREADS_MAX];
static long pairs_counter __attribute__((aligned(128))); /* what the mutex protects */

/* The body of a thread: LOCK and UNLOCK are statements. A thread that is alone starts at once. */
#define PAIRS_LOOP(self, LOCK, UNLOCK)                                                             \
	do {                                                                                       \
		for (long i_ = 0; i_ < pairs_wanted / 10; i_++) {                                  \
			LOCK;                                                                      \
			UNLOCK;                                                                    \
		}                                                                                  \
		pairs_start();                                                                     \
		while ((self)->done < pairs_wanted && !atomic_load(&pairs_over)) {                 \
			for (int i_ = 0; i_ < PAIRS_CHUNK; i_++) {                                 \
				LOCK;                                                              \
				pairs_counter++;                                                   \
				UNLOCK;                                                            \
			}                                                                          \
			(self)->done += PAIRS_CHUNK;                                               \
		}                                                                                  \
		pairs_end();                                                                       \
	} while (0)

static inline void pairs_start(void)
{
	if (atomic_fetch_add(&pairs_ready, 1) + 1 == pairs_threads)
		pairs_started = bench_now();
	while (atomic_load(&pairs_ready) < pairs_threads)
		continue;
}

static inline void pairs_end(void)
{
	if (!atomic_exchange(&pairs_over, true))
		pairs_ended = bench_now();
}

static void *pairs_sleep(void *arg)
{
	pause();
	return arg;
}

/* Reads the arguments; the work is to be done for each of pairs_each[0 .. pairs_threads - 1]. */
static inline void pairs_init(int argc, char **argv)
{
	pthread_t sleeper;
	pairs_threads = bench_arg(argc, argv, "processors");
	pairs_wanted = bench_arg(argc, argv, "pairs");
	bench_require(pairs_threads <= PAIRS_THREADS_MAX, "processors");
	if (bench_arg(argc, argv, "idle") == 2)
		bench_require(pthread_create(&sleeper, NULL, pairs_sleep, NULL) == 0,
		              "pthread_create");
}

/* Calls run(&pairs_each[i]) in each thread, in this one where it is the only one. */
static inline void pairs_run(void *(*run)(void *self))
{
	pthread_t threads[PAIRS_THREADS_MAX];
	for (long i = 1; i < pairs_threads; i++)
		bench_require(pthread_create(&threads[i], NULL, run, &pairs_each[i]) == 0,
		              "pthread_create");
	run(&pairs_each[0]);
	for (long i = 1; i < pairs_threads; i++)
		pthread_join(threads[i], NULL);
}

static inline void pairs_print(void)
{
	long total = 0, least = pairs_each[0].done;
	for (long i = 0; i < pairs_threads; i++) {
		total += pairs_each[i].done;
		if (pairs_each[i].done < least)
			least = pairs_each[i].done;
	}
	bench_require(pairs_counter == total, "every pair counted");
	bench_print("pair", (double)(pairs_ended - pairs_started) / (double)total, "ns");
	bench_print("least", (double)least * 100 * (double)pairs_threads / (double)total, "%");
}

#endif
