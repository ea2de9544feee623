/* SPDX-License-Identifier: MIT
 *
 * The links inside objects that live in their user's storage (scopes, and the sync types).
 * Public only so that the compiler knows their size; nothing here is for use.
 */
#ifndef KORU_NODE_H
#define KORU_NODE_H

#include <stdbool.h>
#include <stdint.h>

struct koru__list {
	struct koru__list *next;
	struct koru__list *prev;
};

/* base/lock.h; all zero: open */
struct koru__lock {
	uint32_t word;
};

/* The place of one who waits in one queue (sched/wait.h). */
struct koru__wait;

struct koru__waiter {
	struct koru__waiter *next;
	struct koru__waiter *prev;
	struct koru__wait *wait;
	void *data;  /* the object's: what is sent, where to store what is received, … */
	bool queued; /* guarded by the object's lock, as are the links */
	int index;   /* which of its owner's entries: 0, or the case of a select */
};

/* Those who wait for something, in order of arrival; all zero: nobody. */
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

/* What a scope does as it closes, once its tasks have ended (sched/scope.h). */
struct koru_scope;

struct koru__scope_hook {
	struct koru__scope_hook *next; /* the one to run after it */
	void (*run)(struct koru_scope *scope, struct koru__scope_hook *hook);
};

/* sched/timer.h; all zero: not armed */
struct koru__timer {
	struct koru__list link;                  /* its slot; `next` is NULL while not armed */
	const void *hint;                        /* what will be looked at some timers after it */
	int64_t when;                            /* the moment it fires */
	void (*fire)(struct koru__timer *timer); /* called by the loop; must not suspend */
};

#endif
