/* SPDX-License-Identifier: MIT
 *
 * The beginning and the end of a suspending call, in pieces that are inlined: for calls that mostly
 * do not have to wait, without a wait that would be filled in for nothing. wait.h has them whole.
 */
#ifndef KORU_SCHED_CALL_H
#define KORU_SCHED_CALL_H

#include "base/macro.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/scope.h"
#include "sched/task.h"
#include "sched/wait.h"

/* 0, or -ECANCELED: the task's scope is over. */
static inline int koru__call_begin(void)
{
	const struct koru_task *task = koru__task_self();
	if (koru__likely(!task || !task->head.attend))
		return 0;
	return koru__checkpoint(koru__loop());
}

/* Fills in the wait of a call that began so and has not suspended since. */
static inline void koru__call_waits(struct koru__wait *wait)
{
	wait->task = koru__task_self();
	wait->loop = wait->task ? koru__loop() : NULL;
	wait->claimed = 0;
	wait->woken = KORU__WOKEN_NOT;
}

/* The call ends without having had to wait: gives way to others after a number of those in a row
 * (KORU__CALLS_AT_ONCE_MAX), so that a task whose calls never wait lets others run. */
static inline void koru__call_spared(void)
{
	struct koru__loop_head *here = &koru__loop_here;
	if (koru__unlikely(!here->current))
		return;
	if (koru__likely(here->calls_left > 0))
		here->calls_left--;
	else
		koru__calls_spent(here->loop);
}

#endif
