/* SPDX-License-Identifier: MIT
 *
 * The plainest thing to wait in: a queue, first come, first served, that remembers nothing. What
 * the pools and resolvers of the floors below are made of.
 */
#ifndef KORU_SCHED_WAITQ_H
#define KORU_SCHED_WAITQ_H

#include "koru/node.h"

#include <stdbool.h>

struct koru__waitq {
	struct koru__lock lock;
	struct koru__waiters waiters;
};

void koru__waitq_init(struct koru__waitq *q);

/* Suspends the caller until it is woken.
 * Returns the waker's `result`, which is not negative, or -ECANCELED, and then no wake-up
 * was spent on this task. */
int koru__waitq_wait(struct koru__waitq *q);

/* Wakes the first waiter with `result` (>= 0). False when there is none. Never suspends. */
bool koru__waitq_wake_one(struct koru__waitq *q, int result);

/* Wakes every waiter there is now. Never suspends. */
void koru__waitq_wake_all(struct koru__waitq *q, int result);

#endif
