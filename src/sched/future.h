/* SPDX-License-Identifier: MIT
 *
 * Futures, as the scheduler and select see them. See koru/future.h for what they promise.
 */
#ifndef KORU_SCHED_FUTURE_H
#define KORU_SCHED_FUTURE_H

#include "base/macro.h"
#include "koru/future.h"

#include <errno.h>

struct koru_scope;

static inline bool koru__future_is_done(const struct koru_future *f)
{
	return __atomic_load_n(&f->koru__state, __ATOMIC_ACQUIRE) == KORU__FUTURE_DONE;
}

/* Whether `task`, or a thread (NULL), may wait for it: 0, -EINVAL or -EDEADLK as koru_await. */
static inline int koru__future_admits(const struct koru_future *f, const struct koru_task *task)
{
	if (koru__unlikely(f->koru__state == KORU__FUTURE_NONE))
		return -EINVAL;
	return koru__unlikely(f->koru__task && f->koru__task == task) && !koru__future_is_done(f)
	               ? -EDEADLK
	               : 0;
}

/* The result of a future that is done; an error counts as awaited from now on. */
int koru__future_take(struct koru_future *f);

/* A task of `scope` has ended: hands its result to those who await it. Returns the error that is
 * left for the scope, or 0. The future may be gone afterwards. */
int koru__future_task_ended(struct koru_future *f, struct koru_scope *scope, int result);

/* The oldest error of the scope's tasks that nobody has awaited, or 0; from now on the scope knows
 * of all of them, and has written them down. */
int koru__future_errors_take(struct koru_scope *scope);

static inline int koru__future_errors(struct koru_scope *scope)
{
	if (koru__likely(!__atomic_load_n(&scope->koru__errors, __ATOMIC_RELAXED)))
		return 0;
	return koru__future_errors_take(scope);
}

#endif
