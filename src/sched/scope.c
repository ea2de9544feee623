/* SPDX-License-Identifier: MIT
 * Scopes: the tree, cancellation and deadlines. See scope.h. */
#include "sched/scope.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/lock.h"
#include "sched/fork.h"
#include "sched/future.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/remote.h"
#include "sched/runtime.h"
#include "sched/task.h"
#include "sched/wakeup.h"

#include <errno.h>

static struct koru_scope *scope_of(struct koru__list *sibling)
{
	return koru__container_of(sibling, struct koru_scope, koru__sibling);
}

static void init(struct koru_scope *scope, struct koru__loop *loop, struct koru_scope *parent,
                 struct koru_task *owner)
{
	/* Field by field: gcc clears a struct of this size with a string instruction that takes
	 * longer than all the rest of opening and closing. */
	scope->koru__cause = 0;
	scope->koru__state = KORU__SCOPE_OPEN;
	scope->koru__shield = false;
	scope->koru__policy = KORU_SCOPE_FAIL;
	scope->koru__decided = KORU__SCOPE_UNDECIDED;
	scope->koru__deadline = KORU_FOREVER;
	scope->koru__loop = loop;
	scope->koru__parent = parent;
	scope->koru__owner = owner;
	koru__timer_init(&scope->koru__timer);
	scope->koru__errors = NULL;
	scope->koru__name = NULL;
	scope->koru__hooks = NULL;
	scope->koru__last_hook = NULL;
	scope->koru__cleanup_timeout = 0;
	scope->koru__alloc_max = 0;
	scope->koru__failures_max = 0;
	scope->koru__failures_count = 0;
	scope->koru__cancel_asked = 0;
	scope->koru__cancel_heard = 0;
	scope->koru__locals = NULL;
	koru__list_init(&scope->koru__tasks);
	koru__list_init(&scope->koru__children);
	koru__list_init(&scope->koru__sibling);
}

void koru__scope_open_root(struct koru__loop *loop, struct koru_scope *root)
{
	init(root, loop, NULL, NULL);
	root->koru__name = "root";
	root->koru__policy = KORU__SCOPE_ROOT;
}

static int refuse(struct koru_scope *scope, int error)
{
	*scope = (struct koru_scope){ .koru__state = KORU__SCOPE_REFUSED, .koru__cause = error };
	return error;
}

static void on_deadline(struct koru__timer *timer)
{
	struct koru_scope *scope = koru__container_of(timer, struct koru_scope, koru__timer);
	koru__scope_fail(scope->koru__loop, scope, -ETIMEDOUT);
}

void koru__scope_open_stand_in(struct koru__loop *loop, struct koru_scope *stand_in,
                               struct koru_scope *scope, struct koru_task *task)
{
	init(stand_in, loop, NULL, task);
	stand_in->koru__state = KORU__SCOPE_STAND_IN;
	koru__list_push_back(&loop->stand_ins, &stand_in->koru__sibling);
	stand_in->koru__name = scope->koru__name;
	stand_in->koru__cause = koru__scope_cause(scope) ? -ECANCELED : 0;
	stand_in->koru__deadline = scope->koru__deadline;
	if (stand_in->koru__deadline != KORU_FOREVER)
		koru__timer_add(loop, &stand_in->koru__timer, stand_in->koru__deadline,
		                on_deadline);
}

void koru__scope_close_stand_in(struct koru__loop *loop, struct koru_scope *stand_in)
{
	koru__timer_remove(loop, &stand_in->koru__timer);
	koru__list_remove(&stand_in->koru__sibling);
	stand_in->koru__state = KORU__SCOPE_CLOSED;
}

/* The moment that the options ask for: the nearer of the two, or KORU_FOREVER. */
static int64_t own_deadline(const struct koru_scope_opts *opts)
{
	int64_t when = opts->deadline ? opts->deadline : KORU_FOREVER;
	if (opts->timeout) {
		int64_t until = koru__clock_add(koru__clock_now(), opts->timeout);
		if (until < when)
			when = until;
	}
	return when;
}

/* Puts a new scope right inside the innermost one of its owner, from which it takes the deadline
 * and the cancellation unless it is a shield. */
static inline void init_inside(struct koru_scope *scope, struct koru_task *owner, bool shield)
{
	struct koru_scope *parent = owner->head.scope;
	init(scope, koru__loop(), parent, owner);
	scope->koru__locals = owner->locals;
	scope->koru__shield = shield;
	koru__list_push_back(&parent->koru__children, &scope->koru__sibling);
	if (!shield) {
		scope->koru__deadline = parent->koru__deadline;
		scope->koru__cause = parent->koru__cause ? -ECANCELED : 0;
	}
}

static __attribute__((noinline)) int open_with(struct koru_scope *scope, struct koru_task *task,
                                               const struct koru_scope_opts *opts)
{
	int64_t own = own_deadline(opts);
	if ((opts->shield && own == KORU_FOREVER) || (unsigned)opts->policy > KORU_SCOPE_RACE ||
	    (opts->errors_max && !opts->errors))
		return refuse(scope, -EINVAL);
	init_inside(scope, task, opts->shield);
	scope->koru__name = opts->name;
	scope->koru__policy = (uint8_t)opts->policy;
	scope->koru__failures = opts->errors;
	scope->koru__failures_max = opts->errors_max;
	scope->koru__cleanup_timeout = opts->cleanup_timeout;
	scope->koru__alloc_max = opts->alloc_max;
	if (own < scope->koru__deadline) {
		/* Only then: a nearer deadline further out reaches in here by itself. */
		scope->koru__deadline = own;
		koru__timer_add(scope->koru__loop, &scope->koru__timer, own, on_deadline);
	}
	koru__task_enter_scope(task, scope);
	return 0;
}

int koru_scope_open(struct koru_scope *scope, const struct koru_scope_opts *opts)
{
	struct koru_task *task = koru__task_self();
	if (koru__unlikely(!task))
		return refuse(scope, -EPERM);
	if (opts)
		return open_with(scope, task, opts);
	init_inside(scope, task, false);
	koru__task_enter_scope(task, scope);
	return 0;
}

/* Tells a task that its scope is cancelled, and wakes it where its wait can be. */
static void interrupt(struct koru_task *task)
{
	task->head.attend = true;
	if (task->head.state == KORU__TASK_PARKED && task->kind->interrupt)
		task->kind->interrupt(task);
}

/* Wakes whoever has `scope` for innermost: tasks of it that opened none, and its owner. */
static void interrupt_in(struct koru__loop *loop, struct koru_scope *scope)
{
	/* From here on thieves see that it is cancelled; and we see what they took before. */
	koru__deque_fence(&loop->deque);
	struct koru__list *head = &scope->koru__tasks;
	for (struct koru__list *n = head->next; n != head; n = n->next) {
		struct koru_task *task = koru__container_of(n, struct koru_task, sibling);
		unsigned place = koru__task_place(task);
		if (place == KORU__AWAY)
			koru__remote_cancel(task->remote);
		else if (place != KORU_ANY_LOOP && task->head.scope == scope)
			interrupt(task);
	}
	if (scope->koru__owner && scope->koru__owner->head.scope == scope)
		interrupt(scope->koru__owner);
}

/* The first scope after `scope` in the tree below `top` that cancellation reaches, skipping
 * what is below `scope` when `deeper` is false. NULL at the end. */
static struct koru_scope *next_below(struct koru_scope *top, struct koru_scope *scope, bool deeper)
{
	struct koru__list *n = deeper ? scope->koru__children.next : &scope->koru__children;
	for (;;) {
		while (n == &scope->koru__children) {
			if (scope == top)
				return NULL;
			n = scope->koru__sibling.next;
			scope = scope->koru__parent;
		}
		if (!scope_of(n)->koru__shield)
			return scope_of(n);
		n = n->next;
	}
}

void koru__scope_fail(struct koru__loop *loop, struct koru_scope *scope, int cause)
{
	koru__assert(cause < 0);
	if (scope->koru__cause)
		return;
	/* Its own deadline has nothing more to say. */
	koru__timer_remove(loop, &scope->koru__timer);
	struct koru_scope *s = scope;
	while (s) {
		bool news = s->koru__cause == 0;
		if (news) {
			loop->counters.scopes_cancelled++;
			__atomic_store_n(&s->koru__cause, s == scope ? cause : -ECANCELED,
			                 __ATOMIC_RELAXED);
			koru__timer_remove(loop, &s->koru__timer);
			interrupt_in(loop, s);
		}
		s = next_below(scope, s, news);
	}
}

bool koru__scope_deadline_passed(struct koru__loop *loop, struct koru_scope *scope)
{
	int64_t now = koru__clock_now();
	if (now < scope->koru__deadline)
		return false;
	koru__timers_fire(loop, now);
	koru__assert(scope->koru__cause != 0);
	return true;
}

int koru__checkpoint(struct koru__loop *loop)
{
	return koru__scope_is_over(loop, koru__task_self()->head.scope) ? -ECANCELED : 0;
}

/* All but the plain case. `left` is the error of the task that is the scope's concern, or 0.
 * Returns false when that was all that the end of the task means to its scope. */
static __attribute__((noinline)) bool settle(struct koru__loop *loop, struct koru_scope *scope,
                                             struct koru_task *task, int result, int left)
{
	if (!scope->koru__owner) {
		koru__runtime_root_task_ended(loop, task, left);
		return false;
	}
	if (left < 0)
		koru__scope_failed(loop, scope, left, task->name);
	else if (result >= 0 && scope->koru__policy == KORU_SCOPE_RACE)
		koru__scope_finished(loop, scope, result);
	return true;
}

bool koru__scope_settle(struct koru__loop *loop, struct koru_scope *scope, struct koru_task *task,
                        int result)
{
	int left = task->future ? koru__future_task_ended(task->future, scope, result) : result;
	if (left >= 0 && scope->koru__policy == KORU_SCOPE_FAIL)
		return true;
	return settle(loop, scope, task, result, left);
}

int koru__scope_admits(struct koru__loop *loop, const struct koru_scope *scope)
{
	if (koru__likely(koru__scope_is_open(scope)))
		return koru__likely(scope->koru__loop->runtime == loop->runtime) ? 0 : -EPERM;
	return scope->koru__state == KORU__SCOPE_REFUSED ? scope->koru__cause : -EINVAL;
}

static void on_cancel(struct koru__loop *loop, struct koru__message *message)
{
	struct koru_scope *scope = koru__container_of(message, struct koru_scope, koru__cancel);
	scope->koru__cancel_heard = 1;
	koru__scope_fail(loop, scope, -ECANCELED);
}

/* Before the scope's storage goes: a cancellation that another thread has begun to send has to
 * arrive. */
static void await_cancel(struct koru__loop *loop, struct koru_scope *scope)
{
	while (__atomic_load_n(&scope->koru__cancel_asked, __ATOMIC_ACQUIRE) &&
	       !scope->koru__cancel_heard) {
		koru__wakeup_receive(loop);
		koru__pause();
	}
}

static const struct koru__wait_kind closing = { "the tasks of a scope", NULL };

int koru_scope_close(struct koru_scope *scope)
{
	if (scope->koru__state == KORU__SCOPE_REFUSED)
		return scope->koru__cause;
	if (scope->koru__state != KORU__SCOPE_OPEN)
		return -EINVAL;
	struct koru__loop *loop = koru__loop();
	struct koru_task *task = koru__task_self();
	if (!task || scope->koru__owner != task)
		return -EPERM;
	if (task->head.scope != scope)
		return -EINVAL;
	scope->koru__state = KORU__SCOPE_CLOSING;
	/* Nobody has awaited them, and now it is too late. */
	int error = koru__future_errors(scope);
	if (koru__unlikely(error < 0))
		koru__scope_decide(loop, scope, error);
	/* Not `if`: others may start a task in it between our wake-up and our turn to run. */
	while (!koru__list_empty(&scope->koru__tasks))
		if (!koru__host_first(loop, scope))
			koru__park(loop, &closing, scope);
	koru__sanitize_acquire(scope);
	/* A deadline that passed while the loop had no time to notice still counts. */
	(void)koru__scope_is_over(loop, scope);
	if (koru__unlikely(koru__timer_is_armed(&scope->koru__timer)))
		koru__timer_remove(loop, &scope->koru__timer);
	if (koru__unlikely(koru__scope_has_hooks(scope)))
		koru__scope_unwind(scope);
	if (koru__unlikely(scope->koru__cancel_asked))
		await_cancel(loop, scope);
	koru__list_remove(&scope->koru__sibling);
	koru__task_enter_scope(task, scope->koru__parent);
	scope->koru__state = KORU__SCOPE_CLOSED;
	return koru__unlikely(scope->koru__decided) ? scope->koru__outcome : scope->koru__cause;
}

int koru_scope_cancel(struct koru_scope *scope)
{
	if (!koru__scope_is_open(scope))
		return -EINVAL;
	struct koru__loop *home = scope->koru__loop;
	if (koru__task_self() && koru__loop() == home) {
		koru__scope_fail(home, scope, -ECANCELED);
		return 0;
	}
	if (home->runtime->forks != koru__forks)
		return -EPERM;
	if (koru__claim(&scope->koru__cancel_asked)) {
		scope->koru__cancel.receive = on_cancel;
		koru__loop_send(home, &scope->koru__cancel);
	}
	return 0;
}

bool koru_cancelled(void)
{
	struct koru_task *task = koru__task_self();
	return task && koru__scope_is_over(koru__loop(), task->head.scope);
}

int64_t koru_deadline(void)
{
	struct koru_task *task = koru__task_self();
	return task ? task->head.scope->koru__deadline : KORU_FOREVER;
}
