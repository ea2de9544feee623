/* SPDX-License-Identifier: MIT
 *
 * Tasks that any loop may run and that have not started: each loop keeps those its own tasks have
 * made. The owner takes the oldest when it has nothing else to run, and the youngest when it waits
 * for that one's scope; idle loops steal the oldest, which in fork-join work is the largest.
 *
 * A list under a lock, not a lock-free array: it has no limit and needs no memory, and its lock
 * also orders a theft against the cancellation of the scope that the task belongs to (remote.h).
 */
#ifndef KORU_SCHED_DEQUE_H
#define KORU_SCHED_DEQUE_H

#include "base/lock.h"

#include <stdbool.h>

struct koru_scope;
struct koru_task;

struct koru__deque {
	struct koru__lock lock;
	unsigned count; /* written under the lock, read without: a hint for others */
	struct koru_task *oldest;
	struct koru_task *youngest;
};

/* The owner's hint is exact, since others only take. */
static inline bool koru__deque_empty(const struct koru__deque *deque)
{
	return __atomic_load_n(&deque->count, __ATOMIC_RELAXED) == 0;
}

/* The owner. */
void koru__deque_push(struct koru__deque *deque, struct koru_task *task);
struct koru_task *koru__deque_take_oldest(struct koru__deque *deque);

/* The youngest, if it is a task of `scope`; else NULL. */
struct koru_task *koru__deque_take_youngest(struct koru__deque *deque,
                                            const struct koru_scope *scope);

/* The loop `thief`: takes the oldest from the deque of the loop `home` and fills `remote` in for
 * it. False when there is none. */
struct koru__loop;
struct koru__remote;
bool koru__deque_steal(struct koru__deque *deque, struct koru__loop *home,
                       struct koru__remote *remote, struct koru__loop *thief);

/* What was written before this is seen by who steals after it, and what was written before a theft
 * that came first is seen after this. */
static inline void koru__deque_fence(struct koru__deque *deque)
{
	koru__lock_take(&deque->lock);
	koru__lock_give(&deque->lock);
}

#endif
