/* SPDX-License-Identifier: MIT
 * Starting and ending tasks. See koru/task.h and spawn.h. */
#include "sched/spawn.h"

#include "koru/future.h"
#include "sched/loop.h"
#include "sched/remote.h"
#include "sched/runq.h"
#include "sched/runtime.h"
#include "sched/scope.h"
#include "sched/task.h"

#include <errno.h>

enum { DEFAULT_CLASS = -1 }; /* of its loop */

/* What a task is made of. */
struct plan {
	koru_fn *fn;
	void *arg;
	const char *name;
	unsigned place;
	int size_class;
	struct koru_future *future;
};

/* Field by field: the context is set when it first runs. */
static inline void fill(struct koru_task *task, const struct koru__loop *loop,
                        const struct plan *plan)
{
	task->stack = NULL;
	task->head.state = KORU__TASK_QUEUED;
	task->head.size_class =
	        (uint8_t)(plan->size_class == DEFAULT_CLASS ? loop->size_class
	                                                    : (unsigned)plan->size_class);
	task->fn = plan->fn;
	task->arg = plan->arg;
	task->name = plan->name;
	task->future = plan->future;
	if (plan->future) {
		plan->future->koru__task = task;
		plan->future->koru__name = plan->name;
	}
}

/* There is no memory for a task: whoever closes its scope learns of it. */
static __attribute__((noinline)) void fail(struct koru__loop *loop, struct koru_scope *scope,
                                           const char *name)
{
	if (!scope->koru__owner)
		koru__runtime_root_failed(loop, -ENOMEM);
	else if (scope->koru__loop == loop)
		koru__scope_failed(loop, scope, -ENOMEM, name);
	else
		(void)koru_scope_cancel(scope);
}

/* In a scope of another loop, or on another loop. */
static __attribute__((noinline)) int spawn_away(struct koru__loop *loop, struct koru_scope *scope,
                                                struct plan copy)
{
	const struct plan *plan = &copy;
	struct koru__runtime *runtime = loop->runtime;
	struct koru__loop *at = loop;
	if (plan->place >= KORU_LOOP_FIRST)
		at = &runtime->loops[plan->place - KORU_LOOP_FIRST];
	if (scope == &loop->root)
		scope = &at->root;
	struct koru__remote *remote = koru__remote_new();
	if (!remote) {
		fail(loop, scope, plan->name);
		return -ENOMEM;
	}
	fill(&remote->own, loop, plan);
	remote->own.locals = scope->koru__locals;
	if (scope->koru__loop == loop) {
		koru__remote_start(remote, scope, at);
		return 0;
	}
	int rc = koru__remote_join(remote, scope, at);
	koru__assert(rc == 0); /* not over while the calling task runs */
	return rc;
}

/* Makes a task of this loop part of `scope`, which is too. It is still to be queued. */
static inline void join(struct koru_task *task, struct koru__loop *loop, struct koru_scope *scope,
                        const struct plan *plan)
{
	fill(task, loop, plan);
	koru__task_enter_scope(task, scope);
	loop->counters.tasks++;
	task->locals = scope->koru__locals;
	if (koru__unlikely(!scope->koru__owner))
		koru__runtime_root_add(loop, task);
	else
		koru__scope_add(scope, task);
	koru__sanitize_release(task);
}

/* Inlined into each way of starting a task, so that what these leave at its default costs
 * nothing. */
static inline __attribute__((always_inline)) int spawn(struct koru_scope *scope,
                                                       const struct plan *plan)
{
	struct koru__loop *loop = koru__loop();
	if (koru__unlikely(!koru__task_self()))
		return -EPERM;
	if (koru__unlikely(!scope))
		scope = &loop->root;
	if (koru__unlikely(scope->koru__loop != loop || !koru__scope_is_open(scope))) {
		int rc = koru__scope_admits(loop, scope);
		return rc < 0 ? rc : spawn_away(loop, scope, *plan);
	}
	if (koru__unlikely(plan->place >= KORU_LOOP_FIRST &&
	                   plan->place != KORU_LOOP_FIRST + (unsigned)loop->index))
		return spawn_away(loop, scope, *plan);
	struct koru_task *task = koru__slab_take(&loop->tasks);
	if (koru__unlikely(!task)) {
		fail(loop, scope, plan->name);
		return -ENOMEM;
	}
	join(task, loop, scope, plan);
	if (koru__likely(plan->place != KORU_ANY_LOOP)) {
		task->head.place = KORU_HERE;
		koru__runq_push(&koru__loop_here, task);
	} else {
		task->head.place = KORU_ANY_LOOP;
		koru__deque_push(&loop->deque, task);
		koru__runtime_made_work(loop->runtime);
	}
	return 0;
}

/* Whether there is such a place in this run. */
static bool is_place(unsigned place)
{
	if (place == KORU_HERE || place == KORU_ANY_LOOP)
		return true;
	struct koru__loop *loop = koru__loop();
	return place >= KORU_LOOP_FIRST && loop &&
	       place - KORU_LOOP_FIRST < (unsigned)loop->runtime->count;
}

int koru__go(struct koru_scope *scope, koru_fn *fn, void *arg, const char *name)
{
	return spawn(scope, &(struct plan){ fn, arg, name, KORU_HERE, DEFAULT_CLASS, NULL });
}

int koru__go_on(struct koru_scope *scope, enum koru_place place, koru_fn *fn, void *arg,
                const char *name)
{
	if (!is_place(place))
		return -EINVAL;
	return spawn(scope, &(struct plan){ fn, arg, name, place, DEFAULT_CLASS, NULL });
}

int koru__spawn(struct koru_scope *scope, koru_fn *fn, void *arg, const char *name,
                const struct koru_task_opts *opts, struct koru_future *future)
{
	static const struct koru_task_opts defaults;
	if (!opts)
		opts = &defaults;
	int size_class = opts->stack_size ? koru__stack_class(opts->stack_size) : DEFAULT_CLASS;
	if (size_class < 0 && opts->stack_size)
		return size_class;
	if (!is_place(opts->place))
		return -EINVAL;
	if (opts->name)
		name = opts->name;
	return spawn(scope, &(struct plan){ fn, arg, name, opts->place, size_class, future });
}

int koru__go_with(struct koru_scope *scope, koru_fn *fn, void *arg, const char *name,
                  const struct koru_task_opts *opts)
{
	return koru__spawn(scope, fn, arg, name, opts, NULL);
}

int koru__spawn_main(struct koru__loop *loop, koru_fn *main_fn, void *arg)
{
	struct koru_task *task = koru__slab_take(&loop->tasks);
	if (!task)
		return -ENOMEM;
	join(task, loop, &loop->root,
	     &(struct plan){ main_fn, arg, "main", KORU_HERE, DEFAULT_CLASS, NULL });
	task->head.place = KORU_HERE;
	loop->main = task;
	koru__runq_push(&koru__loop_here, task);
	return 0;
}

int koru__spawn_posted(struct koru__loop *loop, koru_fn *fn, void *arg, const char *name)
{
	/* Else who posts faster than we work off could keep the run from ending. */
	if (__atomic_load_n(&loop->runtime->ending, __ATOMIC_RELAXED))
		return -ESHUTDOWN;
	struct koru__remote *remote = koru__remote_new();
	if (!remote)
		return -ENOMEM;
	fill(&remote->own, loop, &(struct plan){ fn, arg, name, KORU_HERE, DEFAULT_CLASS, NULL });
	remote->own.locals = NULL;
	int rc = koru__remote_join(remote, &loop->root, loop);
	if (rc < 0)
		koru__remote_free(remote);
	return rc;
}

void koru__task_ended(struct koru__loop *loop, struct koru_task *task, int result)
{
	if (koru__unlikely(koru__task_place(task) == KORU__AWAY)) {
		koru__remote_ended(task->remote, result);
		return;
	}
	koru__scope_task_ended(loop, task->head.scope, task, result);
	koru__slab_give(&loop->tasks, task);
}

void *koru__task_order(const struct koru_task *task)
{
	unsigned place = koru__task_place(task);
	bool stays = place == KORU_HERE ||
	             (place == KORU__AWAY && task == &task->remote->own); /* not stolen */
	return stays ? koru__loop() : NULL;
}

const char *koru__task_name(const struct koru_task *task)
{
	return koru__task_place(task) == KORU__AWAY ? task->remote->name : task->name;
}

const char *koru_task_name(void)
{
	struct koru_task *task = koru__task_self();
	return task ? koru__task_name(task) : NULL;
}
