/* SPDX-License-Identifier: MIT
 *
 * The links inside objects that live in their user's storage (scopes, and the sync types).
 * Public only so that the compiler knows their size; nothing here is for use.
 */
#ifndef KORU_NODE_H
#define KORU_NODE_H

#include <stdint.h>

struct koru__list {
	struct koru__list *next;
	struct koru__list *prev;
};

/* base/lock.h; all zero: open */
struct koru__lock {
	uint32_t word;
};

/* Those who wait for something, in order of arrival (sched/wait.h); all zero: nobody. */
struct koru__waiter;

struct koru__waiters {
	struct koru__waiter *first;
	struct koru__waiter *last;
};

/* Who holds something: a task, or with a NULL task the thread itself (sync/holder.h). All zero:
 * nobody. */
struct koru__loop_head;
struct koru__task_head;

struct koru__holder {
	struct koru__loop_head *thread;
	struct koru__task_head *task;
};

/* What one thread leaves for a loop to do (sched/inbox.h). */
struct koru__loop;

struct koru__message {
	struct koru__message *next;
	void (*receive)(struct koru__loop *loop, struct koru__message *message);
};

/* sched/timer.h; all zero: not armed */
struct koru__timer {
	struct koru__list link;                  /* its slot; `next` is NULL while not armed */
	const void *hint;                        /* what will be looked at some timers after it */
	int64_t when;                            /* the moment it fires */
	void (*fire)(struct koru__timer *timer); /* called by the loop; must not suspend */
};

#endif
