/* SPDX-License-Identifier: MIT
 *
 * A queue of tasks that wait for something: what locks, pools and resolvers are made of.
 * First come, first served. All of its tasks are of one loop.
 */
#ifndef KORU_SCHED_WAITQ_H
#define KORU_SCHED_WAITQ_H

#include "base/list.h"

#include <stdbool.h>

struct koru__waitq {
	struct koru__list waiters;
};

void koru__waitq_init(struct koru__waitq *q);

/* Suspends the calling task until it is woken. Only in a task.
 * Returns the waker's `result`, which is not negative, or -ECANCELED, and then no wake-up
 * was spent on this task. */
int koru__waitq_wait(struct koru__waitq *q);

/* Wakes the first waiter with `result` (>= 0). False when there is none. Never suspends. */
bool koru__waitq_wake_one(struct koru__waitq *q, int result);

/* Wakes every waiter there is now. Never suspends. */
void koru__waitq_wake_all(struct koru__waitq *q, int result);

#endif
