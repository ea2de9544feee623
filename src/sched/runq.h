/* SPDX-License-Identifier: MIT
 *
 * The run queue of a loop: the tasks that could run, first come, first served. Its ends lie in the
 * part of the loop that koru_yield sees (koru/task.h).
 */
#ifndef KORU_SCHED_RUNQ_H
#define KORU_SCHED_RUNQ_H

#include "sched/loop.h"
#include "sched/scope.h"
#include "sched/task.h"

#include <stddef.h>

static inline void koru__runq_push(struct koru__loop_head *loop, struct koru_task *task)
{
	task->head.next = NULL;
	if (loop->first)
		loop->last->next = &task->head;
	else
		loop->first = &task->head;
	loop->last = &task->head;
}

/* The first, NULL when there is none. */
static inline struct koru_task *koru__runq_first(struct koru__loop_head *loop)
{
	return koru__task_of(loop->first);
}

/* Takes the first, which the caller has seen is there, for a turn on the processor. */
static inline struct koru_task *koru__runq_pop(struct koru__loop_head *loop)
{
	struct koru__task_head *head = loop->first;
	loop->first = head->next;
	loop->ticks--;
	return koru__task_of(head);
}

/* Takes a task that any loop could have taken, to be one of this loop. */
static inline void koru__runq_refill(struct koru__loop *loop)
{
	struct koru_task *task = koru__deque_take_oldest(&loop->deque);
	if (!task)
		return;
	koru__task_enter_scope(task, task->head.scope); /* it may have been cancelled meanwhile */
	koru__runq_push(&koru__loop_here, task);
}

/* The first, if need be one that any loop could have taken; NULL when there is none. */
static inline struct koru_task *koru__runq_ready(struct koru__loop *loop)
{
	if (koru__unlikely(!koru__loop_here.first) && !koru__deque_empty(&loop->deque))
		koru__runq_refill(loop);
	return koru__runq_first(&koru__loop_here);
}

#endif
