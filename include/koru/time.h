/* SPDX-License-Identifier: MIT
 *
 * Time: every duration and every moment is a count of nanoseconds in an int64_t.
 * Moments are read from one monotonic clock that setting the date does not move.
 */
#ifndef KORU_TIME_H
#define KORU_TIME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KORU_NANOSECOND  INT64_C(1)
#define KORU_MICROSECOND (1000 * KORU_NANOSECOND)
#define KORU_MILLISECOND (1000 * KORU_MICROSECOND)
#define KORU_SECOND      (1000 * KORU_MILLISECOND)
#define KORU_MINUTE      (60 * KORU_SECOND)
#define KORU_HOUR        (60 * KORU_MINUTE)

/* A moment that never comes, and a duration that never ends. */
#define KORU_FOREVER INT64_MAX

/* The current moment (CLOCK_MONOTONIC), in nanoseconds. Any thread, never
 * suspends. */
int64_t koru_now(void);

/* Waits for `ns` nanoseconds; zero or less only gives way to other tasks.
 * Suspends the task, or blocks a thread that runs no loop. KORU_FOREVER waits for
 * cancellation.
 * Returns 0, or -ECANCELED when the scope was cancelled before the time was over. */
int koru_sleep(int64_t ns);

/* Waits until koru_now() has reached `when`. Otherwise as koru_sleep. */
int koru_sleep_until(int64_t when);

/* The same two for those who are in no hurry: the wait may be longer by up to `slack` nanoseconds,
 * so that many that end at about the same time can end at the same moment and wake the processor
 * once. They end at the moment in between that is roundest as a binary number, which is the same
 * for most waits around it, in other loops and processes too. A slack of zero or less is none. */
int koru_sleep_slack(int64_t ns, int64_t slack);
int koru_sleep_until_slack(int64_t when, int64_t slack);

/* Intervals: the same thing again and again, at moments a period apart.
 *
 *     struct koru_interval iv;
 *     koru_interval_init(&iv, 100 * KORU_MILLISECOND, NULL);
 *     while (koru_interval_next(&iv, NULL) == 0)
 *             sample();
 *
 * The moments (ticks) are start + period, start + 2 * period and so on, however long the work
 * between them takes: unlike with koru_sleep in a loop nothing adds up. One task at a time uses an
 * interval; it holds nothing, so there is nothing to be done with it at the end. */

/* What is done about ticks that have passed while nobody waited for them. In each case the first
 * of them is answered at once. */
enum koru_missed {
	KORU_MISSED_SKIP = 0,  /* the others are left out; the next is the first to come */
	KORU_MISSED_BURST = 1, /* the others are answered at once too, one a call */
	KORU_MISSED_DELAY = 2, /* the next is a period from now, and so are those after it */
};

/* In the caller's storage. The fields belong to koru. */
struct koru_interval {
	int64_t koru__period; /* 0: not initialised */
	int64_t koru__next;   /* the tick to wait for */
	int64_t koru__slack;
	enum koru_missed koru__missed;
};

struct koru_interval_opts {
	int64_t first; /* the moment of the first tick; 0: a period from now. One that has
	                * passed counts as missed, which is a way to have a tick at once */
	int64_t slack; /* how much later than its moment a tick may be answered, as in
	                * koru_sleep_slack; less than the period */
	enum koru_missed missed;
};

/* `period` in nanoseconds. `opts` may be NULL. Any thread, never suspends.
 * Returns 0, or -EINVAL: a period of zero or less, a moment or a slack that is negative, a slack
 * that is not less than the period, an unknown policy. */
int koru_interval_init(struct koru_interval *iv, int64_t period,
                       const struct koru_interval_opts *opts);

/* Waits for the next tick; one that has passed is answered at once, having given way to other
 * tasks. Suspends the task, or blocks a thread that runs no loop.
 * Returns 0, and in *ret_missed (which may be NULL) how many more ticks have passed since this one;
 * or
 *   -ECANCELED  the scope was cancelled; the tick is still to come,
 *   -EINVAL     not initialised. */
int koru_interval_next(struct koru_interval *iv, uint64_t *ret_missed);

#ifdef __cplusplus
}
#endif
#endif
