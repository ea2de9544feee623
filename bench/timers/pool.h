/* SPDX-License-Identifier: MIT
 *
 * What the timer programs in C share: a pool of `pending` timers, and what it costs
 *   - to cancel one of them and arm it again, with all others pending: each in turn, as timeouts of
 *     requests that are answered, or picked at random;
 *   - to arm all of them and let each fire.
 *
 * The includer gives four functions. None of the deadlines of the first part comes to pass. In the
 * second part the time between arming and the last deadline is slept through and not counted, so
 * what is left is the work, not the waiting. A pool of one is armed for the present moment.
 */
#ifndef BENCH_TIMERS_POOL_H
#define BENCH_TIMERS_POOL_H

#include "lib/bench.h"

struct pool_timers {
	void (*arm)(long index, int64_t ns); /* to fire `ns` nanoseconds after `begin` */
	void (*cancel)(long index);
	void (*begin)(void); /* of a round: takes the time */
	void (*fire)(void);  /* runs the loop until all have fired */
};

/* From a fixed seed, so that every peer has the same deadlines (xorshift; Marsaglia, 2003). */
static inline uint64_t pool_random(void)
{
	static uint64_t x = 88172645463325252u;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static inline int64_t pool_far(void)
{
	return (int64_t)(3600 + pool_random() % 60) * 1000000000 + (int64_t)(pool_random() >> 34);
}

/* One step: the timer `index`, with the deadline that comes next. */
static inline void pool_step(const struct pool_timers *t, long index)
{
	t->cancel(index);
	t->arm(index, pool_far());
}

static inline void pool_cancel(const struct pool_timers *t, long pending, long steps)
{
	t->begin();
	for (long i = 0; i < pending; i++)
		t->arm(i, pool_far());
	for (long i = 0; i < steps / 10; i++)
		pool_step(t, i % pending);
	int64_t started = bench_now();
	for (long i = 0, index = 0; i < steps; i++, index = index + 1 < pending ? index + 1 : 0)
		pool_step(t, index);
	int64_t turned = bench_now();
	for (long i = 0; i < steps; i++)
		pool_step(t, (long)(pool_random() % (uint64_t)pending));
	int64_t ended = bench_now();
	for (long i = 0; i < pending; i++)
		t->cancel(i);
	bench_print("cancel", (double)(turned - started) / (double)steps, "ns");
	bench_print("random", (double)(ended - turned) / (double)steps, "ns");
}

static inline int64_t pool_round(const struct pool_timers *t, long pending, int64_t spread)
{
	int64_t started = bench_now();
	t->begin();
	for (long i = 0; i < pending; i++)
		t->arm(i, (int64_t)(pool_random() % (uint64_t)spread));
	int64_t armed = bench_now();
	int64_t left =
	        started + spread + 1000000 - armed; /* for those that count in milliseconds */
	if (left > 0)
		nanosleep(&(struct timespec){ left / 1000000000, left % 1000000000 }, NULL);
	int64_t awake = bench_now();
	t->fire();
	return bench_now() - awake + armed - started;
}

static inline double pool_fire_one(const struct pool_timers *t, long rounds)
{
	int64_t started = bench_now();
	for (long i = 0; i < rounds; i++) {
		t->begin();
		t->arm(0, 0);
		t->fire();
	}
	return (double)(bench_now() - started) / (double)rounds;
}

/* From the arguments pending, steps, rounds and spread_us. A tenth more is done first to warm up.
 */
static inline void pool_run(const struct pool_timers *t, int argc, char **argv)
{
	long pending = bench_arg(argc, argv, "pending");
	long steps = bench_arg(argc, argv, "steps");
	int64_t spread = bench_arg(argc, argv, "spread_us") * 1000;
	pool_cancel(t, pending, steps);
	if (pending == 1) {
		pool_fire_one(t, steps / 10);
		bench_print("fire", pool_fire_one(t, steps), "ns");
		return;
	}
	long rounds = bench_arg(argc, argv, "rounds");
	int64_t took = 0;
	for (long i = -1; i < rounds; i++) {
		int64_t round = pool_round(t, pending, spread);
		took += i < 0 ? 0 : round;
	}
	bench_print("fire", (double)took / (double)(rounds * pending), "ns");
}

#endif
