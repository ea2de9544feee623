/* SPDX-License-Identifier: MIT
 *
 * Parking, and the switch from task to task. A task that waits switches straight to the next one
 * that is ready; the loop's own context runs only when none is or the turn is over.
 *
 * The functions on the way out end in a tail call of koru__switch, which returns 0 for them: one
 * frame less to return through, and each return after a switch is one the processor guesses
 * wrongly.
 */
#include "sched/park.h"

#include "koru/scope.h"
#include "poll/poller.h"
#include "sched/loop.h"
#include "sched/scope.h"

#include <errno.h>
#include <sched.h>

/* The bottom of every task's stack. Runs the loop's current task; when that has ended, tasks that
 * have not started yet go on the same stack, one after another, as plain calls. */
static void run_tasks(void *arg)
{
	struct koru__loop *loop = arg;
	koru__context_enter(&loop->current->context);
	for (;;) {
		struct koru_task *task = loop->current;
		koru__sanitize_acquire(task);
		int result = task->fn(task->arg);
		koru__scope_task_ended(loop, task, result);

		struct koru_task *next = loop->ready.first;
		if (next && next->state == KORU__TASK_QUEUED && loop->ticks > 0 &&
		    next->size_class == task->size_class && !KORU__ONE_TASK_PER_CONTEXT) {
			koru__runq_pop(&loop->ready);
			loop->ticks--;
			next->context = task->context;
			next->stack = task->stack;
			koru__slab_give(&loop->tasks, task);
			koru__task_move(next, KORU__TASK_QUEUED, KORU__TASK_RUNNING);
			loop->current = next;
			continue;
		}

		/* This stack is free from here on, though it is still under us: nothing takes
		 * one before the switch, since only a started task is switched to directly. */
		koru__context_done(&loop->ended);
		loop->ended = task->context;
		koru__stack_put(&loop->stacks, task->stack);
		koru__slab_give(&loop->tasks, task);
		loop->current = NULL;
		struct koru__context *to = &loop->context;
		if (next && next->state == KORU__TASK_READY && loop->ticks > 0) {
			koru__runq_pop(&loop->ready);
			loop->ticks--;
			koru__task_move(next, KORU__TASK_READY, KORU__TASK_RUNNING);
			loop->current = next;
			to = &next->context;
		}
		koru__context_leave(&loop->ended, to);
	}
}

/* Finds a stack for a task that has not run yet. */
static int prepare(struct koru__loop *loop, struct koru_task *task)
{
	int rc = koru__stack_get(&loop->stacks, task->size_class, &task->stack);
	if (rc < 0)
		return rc;
	koru__context_init(&task->context, task->stack, run_tasks, loop,
	                   task->place == KORU_HERE ? loop : NULL);
	return 0;
}

/* Goes to the first ready task, which there is and which has a context. */
static inline int switch_to_first(struct koru__loop *loop, struct koru__context *from)
{
	struct koru_task *next = koru__runq_pop(&loop->ready);
	loop->ticks--;
	next->state = KORU__TASK_RUNNING;
	loop->current = next;
	return koru__context_switch(from, &next->context);
}

static int switch_to_loop(struct koru__loop *loop, struct koru__context *from)
{
	loop->current = NULL;
	return koru__context_switch(from, &loop->context);
}

static __attribute__((noinline)) int start_first(struct koru__loop *loop,
                                                 struct koru__context *from)
{
	if (prepare(loop, loop->ready.first) < 0)
		return switch_to_loop(loop, from); /* where the failure is dealt with */
	return switch_to_first(loop, from);
}

/* Leaves the running task, which is already parked or queued again. */
static inline int switch_away(struct koru__loop *loop, struct koru__context *from)
{
	struct koru_task *next = loop->ready.first;
	if (koru__unlikely(!next || loop->ticks == 0))
		return switch_to_loop(loop, from);
	if (koru__unlikely(next->state == KORU__TASK_QUEUED))
		return start_first(loop, from);
	return switch_to_first(loop, from);
}

int koru__park(struct koru__loop *loop, void (*interrupt)(struct koru_task *), void *wait)
{
	struct koru_task *task = loop->current;
	koru__task_move(task, KORU__TASK_RUNNING, KORU__TASK_PARKED);
	task->interrupt = interrupt;
	task->wait = wait;
	switch_away(loop, &task->context);
	koru__sanitize_acquire(task);
	return task->wake_result;
}

void koru__unpark(struct koru__loop *loop, struct koru_task *task, int result)
{
	koru__task_move(task, KORU__TASK_PARKED, KORU__TASK_READY);
	koru__sanitize_release(task);
	task->interrupt = NULL;
	task->wake_result = result;
	koru__runq_push(&loop->ready, task);
}

int koru__give_way(struct koru__loop *loop)
{
	struct koru_task *task = loop->current;
	koru__task_move(task, KORU__TASK_RUNNING, KORU__TASK_READY);
	koru__runq_push(&loop->ready, task);
	return switch_away(loop, &task->context);
}

int koru_yield(void)
{
	struct koru__loop *loop = koru__loop_self;
	if (koru__unlikely(!loop || !loop->current)) {
		sched_yield();
		return 0;
	}
	if (koru__unlikely(koru__scope_is_over(loop, loop->current->scope)))
		return -ECANCELED;
	return koru__give_way(loop);
}

void koru__resume_first(struct koru__loop *loop)
{
	struct koru_task *task = loop->ready.first;
	if (task->state == KORU__TASK_QUEUED) {
		int rc = prepare(loop, task);
		if (rc < 0) {
			koru__runq_pop(&loop->ready);
			koru__scope_task_ended(loop, task, rc);
			koru__slab_give(&loop->tasks, task);
			return;
		}
	}
	switch_to_first(loop, &loop->context);
}
