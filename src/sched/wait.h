/* SPDX-License-Identifier: MIT
 *
 * Waiting for what another task, loop or thread brings about: what every sync type, channel and
 * future is made of.
 *
 * An object has a lock (base/lock.h) and queues of waiters behind it. Who must wait enters a queue
 * with the lock held, gives the lock up and suspends. Who makes it true takes a waiter out with
 * koru__waiters_claim, gives the lock up and wakes it; which of the three kinds of waiters it was
 * (a task of this loop, of another, a plain thread) makes no difference.
 *
 * One who waits may stand in several queues (select), and may be cancelled at any moment. So what
 * decides is a claim: one word, set once, by whoever wakes or by the cancellation. Entries that
 * lost stay in their queues until their owner, awake again, removes them; wakers skip them.
 */
#ifndef KORU_SCHED_WAIT_H
#define KORU_SCHED_WAIT_H

#include "base/lock.h"
#include "koru/node.h"

#include <stdbool.h>
#include <stdint.h>

struct koru__loop;
struct koru__wait_kind;
struct koru_task;

/* A plain thread that waits for descriptors too says so before it enters its first queue. Whoever
 * claims it writes a one to its eventfd, which stays open until then. */
enum koru__woken {
	KORU__WOKEN_NOT,
	KORU__WOKEN,
	KORU__WOKEN_NOT_AND_POLLS,
	KORU__WOKEN_NOT_AND_LOOKS,  /* a task that has not parked yet: it sees KORU__WOKEN */
	KORU__WOKEN_NOT_AND_SLEEPS, /* a plain thread that the kernel has to be asked to wake */
};

/* One who waits, on its own stack. */
struct koru__wait {
	struct koru__loop *loop; /* NULL: a plain thread */
	struct koru_task *task;
	uint32_t claimed; /* how it ends is decided */
	int wake_fd;      /* of a thread that polls: the eventfd it polls */
	/* What it looks at while it waits. */
	uint32_t woken; /* enum koru__woken: how it is told */
	int result;
	struct koru__message message; /* to its loop */
};

/* Begins a wait on behalf of the running task or thread: fills it in. Every suspending call begins
 * so, whether or not it will have to wait.
 * Returns 0, or -ECANCELED: the task's scope is over. */
int koru__wait_begin(struct koru__wait *wait);

/* A suspending call ends without having had to wait: gives way to others after a number of them.
 * Call it last and with no lock held. */
void koru__wait_spared(void);

/* Suspends until claimed and woken. The waiter is in its queues; no lock is held. Afterwards the
 * caller removes the entries that are still queued.
 * Returns the waker's result, or -ECANCELED, and then nobody has claimed it. */
int koru__wait_suspend(struct koru__wait *wait, const struct koru__wait_kind *kind);

/* The same for a plain thread, until a moment: -ETIMEDOUT then, and nobody has claimed it. */
int koru__wait_block(struct koru__wait *wait, int64_t until);

/* Whether a task that has to wait may look on for a moment before it does: no other task of its
 * loop is ready, and lately it has been worth while. `came` says how it went the last time. */
bool koru__wait_may_look(void);
void koru__wait_looked(bool came);

/* The plain case, one queue: enters `queue`, gives `lock` up, suspends, and is out of the queue
 * when it returns, with the lock given up. `waiter` was filled in but for its links. */
int koru__wait_in(struct koru__waiters *queue, struct koru__waiter *waiter, struct koru__lock *lock,
                  const struct koru__wait_kind *kind);

/* Wakes a claimed waiter. Its stack may be gone when this returns. Never suspends; any thread,
 * with or without the lock (but see there what the woken one may free). */
void koru__wait_wake(struct koru__wait *wait, int result);

/* What to wake a waiter with who may stand in several queues: which entry it was, and whether it
 * got what it stood there for. Plain waiters have the index 0. */
static inline int koru__wake_result(const struct koru__waiter *w, bool passed)
{
	return w->index * 2 + passed;
}

static inline int koru__wake_index(int result)
{
	return result / 2;
}

static inline bool koru__wake_passed(int result)
{
	return result % 2;
}

/* The queue; the object's lock is held. */
static inline void koru__waiters_push(struct koru__waiters *q, struct koru__waiter *w)
{
	w->queued = true;
	w->next = NULL;
	w->prev = q->last;
	if (q->last)
		q->last->next = w;
	else
		q->first = w;
	q->last = w;
}

static inline void koru__waiters_remove(struct koru__waiters *q, struct koru__waiter *w)
{
	if (!w->queued)
		return;
	w->queued = false;
	if (w->next)
		w->next->prev = w->prev;
	else
		q->last = w->prev;
	if (w->prev)
		w->prev->next = w->next;
	else
		q->first = w->next;
}

/* Takes the first waiter out that nobody has claimed, and claims it; NULL when there is none. The
 * caller owes it a koru__wait_wake. */
static inline struct koru__waiter *koru__waiters_claim(struct koru__waiters *q)
{
	for (;;) {
		struct koru__waiter *w = q->first;
		if (!w)
			return NULL;
		koru__waiters_remove(q, w);
		if (koru__likely(koru__claim(&w->wait->claimed)))
			return w;
	}
}

/* Takes out all that nobody has claimed, in their order, into `ret_claimed`; the caller owes them a
 * koru__waiters_wake, without the lock. */
void koru__waiters_claim_all(struct koru__waiters *q, struct koru__waiters *ret_claimed);
void koru__waiters_wake(struct koru__waiters *claimed, int result);

/* The same for those that may stand in several queues: each with its own koru__wake_result. */
void koru__waiters_wake_each(struct koru__waiters *claimed, bool passed);

#endif
