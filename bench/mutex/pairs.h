/* SPDX-License-Identifier: MIT
 *
 * A number of threads, each of which locks and unlocks one mutex in a loop and counts in between;
 * nanoseconds for one lock and unlock, by the clock on the wall, whoever did it. The program that
 * includes this defines PAIRS_RUN, which starts a thread's loop in whatever way it has, and the
 * loop itself with PAIRS_LOOP.
 *
 * All threads start together. The clock stops when the first of them is done, so that none is
 * measured while it is alone; what the others had done by then counts. `least` is the share of the
 * thread that had the mutex least often, in percent of an equal share.
 */
#ifndef BENCH_MUTEX_PAIRS_H
#define BENCH_MUTEX_PAIRS_H

#include "lib/bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

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

/* Calls run(&pairs_each[i]) in each thread, in this one where it is the only one, and prints. */
static inline void pairs_measure(int argc, char **argv, void *(*run)(void *self))
{
	pthread_t threads[PAIRS_THREADS_MAX];
	long total = 0, least;
	pairs_threads = bench_arg(argc, argv, "threads");
	pairs_wanted = bench_arg(argc, argv, "pairs");
	bench_require(pairs_threads <= PAIRS_THREADS_MAX, "threads");
	for (long i = 1; i < pairs_threads; i++)
		bench_require(pthread_create(&threads[i], NULL, run, &pairs_each[i]) == 0,
		              "pthread_create");
	bench_require(run(&pairs_each[0]) != NULL, "run");
	least = pairs_each[0].done;
	for (long i = 0; i < pairs_threads; i++) {
		void *result;
		if (i > 0) {
			pthread_join(threads[i], &result);
			bench_require(result != NULL, "run");
		}
		total += pairs_each[i].done;
		if (pairs_each[i].done < least)
			least = pairs_each[i].done;
	}
	bench_require(pairs_counter == total, "every pair counted");
	bench_print("pair", (double)(pairs_ended - pairs_started) / (double)total, "ns");
	bench_print("least", (double)least * 100 * (double)pairs_threads / (double)total, "%");
}

#endif
