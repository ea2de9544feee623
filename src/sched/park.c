/* SPDX-License-Identifier: MIT
 *
 * Parking, and the switch from task to task. A task that waits switches straight to the next one
 * that is ready; the loop's own context runs only when none is or the turn is over.
 */
#include "sched/park.h"

#include "base/die.h"
#include "context/context.h"
#include "context/stack.h"
#include "koru/scope.h"
#include "sched/loop.h"
#include "sched/runq.h"
#include "sched/scope.h"
#include "sched/spawn.h"

#include <errno.h>
#include <sched.h>

/* Whether `task` may go on where another has ended or waits for it: not where a sanitizer takes
 * each context for one task. */
static bool may_join(const struct koru_task *task)
{
	return task && task->head.state == KORU__TASK_QUEUED && koru__loop_here.ticks > 0 &&
	       !KORU__ONE_TASK_PER_CONTEXT;
}

/* Runs a task that has not run yet, from its first to its last instruction, on this stack; then it
 * is gone. */
static inline void run_task(struct koru__loop *loop, struct koru_task *task)
{
	koru__task_move(task, KORU__TASK_QUEUED, KORU__TASK_RUNNING);
	koru__loop_here.current = &task->head;
	koru__sanitize_acquire(task);
	const struct koru_scope *home = task->head.scope;
	int result = task->fn(task->arg);
	/* The scope's storage was in a frame of a function that has returned: nothing can be
	 * saved. */
	if (koru__unlikely(task->head.scope != home || koru__loop() != loop))
		koru__die(
		        task->head.scope != home
		                ? "koru: task '%s' returned without closing a scope it had opened\n"
		                : "koru: task '%s' returned in a process forked by it: use _exit "
		                  "there\n",
		        koru__task_name(task) ? koru__task_name(task) : "?");
	koru__task_ended(loop, task, result);
}

/* The bottom of every stack. Runs the task it was made for; when that has ended, tasks that have
 * not started yet go on here, one after another, as plain calls. */
static void run_tasks(void *arg)
{
	struct koru__loop *loop = arg;
	struct koru_task *task = koru__task_self();
	struct koru__stack *stack = task->stack;
	struct koru__context self = { .sanitize = task->head.context.sanitize };
	unsigned size_class = task->head.size_class;
	koru__context_enter(&self);
	for (;;) {
		run_task(loop, task);
		task = koru__runq_ready(loop);
		if (!may_join(task) || task->head.size_class != size_class)
			break;
		koru__runq_pop(&koru__loop_here);
		task->head.context.sanitize = self.sanitize;
		task->stack = stack;
	}
	/* The stack is free from here on, though still under us: nothing takes one before the
	 * switch, since only a task that has a context is switched to. */
	koru__context_done(&loop->ended);
	loop->ended = self;
	koru__stack_put(&loop->stacks, stack);
	struct koru__context *to = &loop->context;
	koru__loop_here.current = NULL;
	if (task && task->head.state == KORU__TASK_READY && koru__loop_here.ticks > 0) {
		koru__runq_pop(&koru__loop_here);
		koru__task_move(task, KORU__TASK_READY, KORU__TASK_RUNNING);
		koru__loop_here.current = &task->head;
		to = &task->head.context;
	}
	koru__context_leave(&loop->ended, to);
}

/* Finds a stack for a task that has not run yet. */
static int prepare(struct koru__loop *loop, struct koru_task *task)
{
	int rc = koru__stack_get(&loop->stacks, task->head.size_class, &task->stack);
	if (rc < 0)
		return rc;
	koru__context_init(&task->head.context, task->stack, run_tasks, loop,
	                   koru__task_order(task));
	return 0;
}

/* Goes to the first in the run queue, which has a context. */
static inline void switch_to_first(struct koru__context *from)
{
	struct koru_task *next = koru__runq_pop(&koru__loop_here);
	if (next->head.state == KORU__TASK_READY)
		next->head.state = KORU__TASK_RUNNING; /* a QUEUED one does so itself */
	koru__loop_here.current = &next->head;
	koru__context_switch(from, &next->head.context);
}

static void switch_to_loop(struct koru__loop *loop, struct koru__context *from)
{
	koru__loop_here.current = NULL;
	koru__context_switch(from, &loop->context);
}

static __attribute__((noinline)) void start_first(struct koru__loop *loop,
                                                  struct koru__context *from)
{
	if (prepare(loop, koru__runq_first(&koru__loop_here)) < 0)
		switch_to_loop(loop, from); /* where the failure is dealt with */
	else
		switch_to_first(from);
}

/* Leaves the running task, which is already parked or queued again. */
static inline void switch_away(struct koru__loop *loop, struct koru__context *from)
{
	struct koru_task *next = koru__runq_ready(loop);
	if (koru__unlikely(!next || (koru__loop_here.ticks == 0 && !koru__loop_next_turn(loop))))
		switch_to_loop(loop, from);
	else if (koru__unlikely(next->head.state == KORU__TASK_QUEUED))
		start_first(loop, from);
	else
		switch_to_first(from);
}

int koru__park(struct koru__loop *loop, const struct koru__wait_kind *kind, void *wait)
{
	struct koru_task *task = koru__task_self();
	koru__task_move(task, KORU__TASK_RUNNING, KORU__TASK_PARKED);
	task->kind = kind;
	task->wait = wait;
	switch_away(loop, &task->head.context);
	koru__sanitize_acquire(task);
	return task->head.wake_result;
}

void koru__unpark(struct koru_task *task, int result)
{
	koru__task_move(task, KORU__TASK_PARKED, KORU__TASK_READY);
	koru__sanitize_release(task);
	task->head.wake_result = result;
	koru__runq_push(&koru__loop_here, task);
}

void koru__give_way(struct koru__loop *loop)
{
	struct koru_task *task = koru__task_self();
	koru__task_move(task, KORU__TASK_RUNNING, KORU__TASK_READY);
	koru__runq_push(&koru__loop_here, task);
	switch_away(loop, &task->head.context);
}

void koru__calls_spent(struct koru__loop *loop)
{
	koru__loop_here.calls_left = KORU__CALLS_AT_ONCE_MAX - 1;
	koru__give_way(loop);
}

int koru__yield_slow(void)
{
	struct koru__loop *loop = koru__loop();
	struct koru_task *task = koru__task_self();
	if (!task) {
		sched_yield();
		return 0;
	}
	if (koru__scope_is_over(loop, koru__task_scope(task)))
		return -ECANCELED;
	koru__give_way(loop);
	return 0;
}

/* Whether what is left of the host's stack will do: three quarters of what the task would get of
 * its own. */
static bool has_room(const struct koru_task *host, const struct koru_task *task)
{
	const char *here = __builtin_frame_address(0);
	/* The host may be inside a generator, which has a stack of its own. */
	if (here < koru__stack_low(host->stack) || here >= (char *)koru__stack_top(host->stack))
		return false;
	size_t left = (size_t)(here - koru__stack_low(host->stack));
	return left >= koru__stack_class_size(task->head.size_class) / 4 * 3;
}

/* Takes a task of `scope` that could run at once: the first in the run queue, or the youngest of
 * those that any loop could take. */
static struct koru_task *take_of(struct koru__loop *loop, struct koru_scope *scope,
                                 const struct koru_task *host)
{
	struct koru_task *task = koru__runq_first(&koru__loop_here);
	if (may_join(task) && task->head.scope == scope && has_room(host, task))
		return koru__runq_pop(&koru__loop_here);
	if (koru__deque_empty(&loop->deque) || koru__loop_here.ticks == 0 ||
	    KORU__ONE_TASK_PER_CONTEXT)
		return NULL;
	task = koru__deque_take_youngest(&loop->deque, scope);
	if (!task)
		return NULL;
	koru__task_enter_scope(task, scope);
	if (has_room(host, task)) {
		koru__loop_here.ticks--;
		return task;
	}
	koru__runq_push(&koru__loop_here, task);
	return NULL;
}

bool koru__host_first(struct koru__loop *loop, struct koru_scope *scope)
{
	struct koru_task *host = koru__task_self();
	if (koru__unlikely(koru__loop_here.ticks == 0))
		(void)koru__loop_next_turn(loop); /* where nothing else waits for the loop */
	struct koru_task *task = take_of(loop, scope, host);
	if (!task)
		return false;
	loop->counters.tasks_hosted++;
	koru__task_move(host, KORU__TASK_RUNNING, KORU__TASK_HOSTING);
	task->stack = host->stack;
	task->head.context.sanitize = host->head.context.sanitize;
	run_task(loop, task);
	koru__task_move(host, KORU__TASK_HOSTING, KORU__TASK_RUNNING);
	koru__loop_here.current = &host->head;
	return true;
}

void koru__resume_first(struct koru__loop *loop)
{
	struct koru_task *task = koru__runq_first(&koru__loop_here);
	if (task->head.state == KORU__TASK_QUEUED) {
		int rc = prepare(loop, task);
		if (rc < 0) {
			koru__runq_pop(&koru__loop_here);
			koru__task_ended(loop, task, rc);
			return;
		}
	}
	switch_to_first(&loop->context);
}
