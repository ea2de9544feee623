/* SPDX-License-Identifier: MIT
 *
 * Parking: how a task waits, and how it is woken. Everything that may suspend ends here.
 */
#ifndef KORU_SCHED_PARK_H
#define KORU_SCHED_PARK_H

#include <stdbool.h>

struct koru__loop;
struct koru_scope;
struct koru_task;

/* A kind of wait: static, one for each thing that a task can wait for. */
struct koru__wait_kind {
	const char *what; /* for reports: "mutex", "sleep" */

	/* Called, on any of the loop's stacks, when the scope of a task that waits so is cancelled:
	 * takes the task out of what it waits for and unparks it with -ECANCELED, or asks for that
	 * to happen. NULL: the wait is not cancellable. */
	void (*interrupt)(struct koru_task *task);
};

/* `interrupt` for what waits with a struct koru__wait (wait.h). */
void koru__wait_interrupt(struct koru_task *task);

/* Suspends the running task until koru__unpark. `wait` is kept in task->wait for `interrupt`.
 * The caller has looked whether the scope is cancelled already (koru__checkpoint).
 * Returns what koru__unpark was given. */
int koru__park(struct koru__loop *loop, const struct koru__wait_kind *kind, void *wait);

/* Makes a parked task of this thread's loop ready. */
void koru__unpark(struct koru_task *task, int result);

/* As koru_yield, in a task whether or not its scope is cancelled. */
void koru__give_way(struct koru__loop *loop);

/* The running task has made as many calls without having to wait as it may in a row (call.h): gives
 * way. */
void koru__calls_spent(struct koru__loop *loop);

/* For a task that waits for the tasks of `scope`: when the next in the run queue is one of them
 * that has not started, calls it here and now, on the stack of the caller, who could do nothing
 * else anyway. Returns true when it did and that task has ended; false when the caller has to
 * park. */
bool koru__host_first(struct koru__loop *loop, struct koru_scope *scope);

/* The loop's own side: runs the first ready task, which there is, and returns when no task is
 * ready or the turn is over. */
void koru__resume_first(struct koru__loop *loop);

#endif
