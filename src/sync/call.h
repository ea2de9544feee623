/* SPDX-License-Identifier: MIT
 *
 * The beginning and the end of a suspending call that mostly does not have to wait, without calls
 * and without a wait that would be filled in for nothing.
 */
#ifndef KORU_SYNC_CALL_H
#define KORU_SYNC_CALL_H

#include "base/macro.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/scope.h"
#include "sched/task.h"
#include "sched/wait.h"

/* What koru__wait_begin returns. */
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

/* koru__wait_spared. */
static inline void koru__call_spared(void)
{
	struct koru__loop_head *here = &koru__loop_here;
	if (koru__unlikely(!here->current))
		return;
	if (koru__likely(here->calls_left > 0))
		here->calls_left--;
	else
		koru__spared(here->loop);
}

#endif
