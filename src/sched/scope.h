/* SPDX-License-Identifier: MIT
 *
 * Scopes, as the scheduler sees them. See koru/scope.h for what they promise.
 *
 * Open scopes form a tree. A task sees the cancellation of its innermost open scope, and
 * cancelling a scope marks the whole tree below it, shields left out, so that the question
 * "am I cancelled?" is one load.
 */
#ifndef KORU_SCHED_SCOPE_H
#define KORU_SCHED_SCOPE_H

#include "base/list.h"
#include "base/macro.h"
#include "context/sanitize.h"
#include "koru/scope.h"
#include "sched/park.h"
#include "sched/task.h"

#include <stdbool.h>
#include <stdint.h>

struct koru__loop;

enum koru__scope_state {
	KORU__SCOPE_CLOSED,  /* also: never opened, in zeroed storage */
	KORU__SCOPE_REFUSED, /* opening failed; koru__cause says why */
	KORU__SCOPE_OPEN,
	KORU__SCOPE_CLOSING,   /* its owner waits in koru_scope_close; tasks may still join */
	KORU__SCOPE_STAND_IN,  /* for the scope of a task on another loop (remote.h): opened by
	                        * koru, `owner` is that task */
	KORU__SCOPE_UNWINDING, /* its tasks have ended, and its hooks run; none may join */
};

/* A policy, besides those of enum koru_scope_policy: that of a root scope. */
enum { KORU__SCOPE_ROOT = 255 };

/* Whether closing returns koru__outcome: as its policy goes. */
enum koru__scope_decision {
	KORU__SCOPE_UNDECIDED,
	KORU__SCOPE_FAILED, /* a task failed that cancelled nothing */
	KORU__SCOPE_WON,    /* a race has a winner */
};

/* The root scope of a loop: no owner, no deadline. */
void koru__scope_open_root(struct koru__loop *loop, struct koru_scope *root);

/* On `loop`, for a task of `scope`, which is another loop's. */
void koru__scope_open_stand_in(struct koru__loop *loop, struct koru_scope *stand_in,
                               struct koru_scope *scope, struct koru_task *task);
void koru__scope_close_stand_in(struct koru__loop *loop, struct koru_scope *stand_in);

/* Why it was cancelled, or 0. Any thread. */
static inline int koru__scope_cause(const struct koru_scope *scope)
{
	return __atomic_load_n(&scope->koru__cause, __ATOMIC_RELAXED);
}

static inline void koru__scope_add(struct koru_scope *scope, struct koru_task *task)
{
	koru__list_push_back(&scope->koru__tasks, &task->sibling);
}

/* Cancels it with a cause, the first time. On the loop's thread. */
void koru__scope_fail(struct koru__loop *loop, struct koru_scope *scope, int cause);

static inline bool koru__scope_is_open(const struct koru_scope *scope)
{
	return scope->koru__state == KORU__SCOPE_OPEN || scope->koru__state == KORU__SCOPE_CLOSING;
}

/* Whether tasks may be started in it: 0, or the error of koru_go. Also for scopes of other loops
 * of the same koru_run. */
int koru__scope_admits(struct koru__loop *loop, const struct koru_scope *scope);

/* What the result of a task that has ended means: for its future, and for the scope. Not for a
 * plain task that succeeded in a plain scope. Returns false when nobody can wait for the scope. */
bool koru__scope_settle(struct koru__loop *loop, struct koru_scope *scope, struct koru_task *task,
                        int result);

/* On the scope's loop: takes a task of it that has ended out and passes on its result. */
static inline void koru__scope_task_ended(struct koru__loop *loop, struct koru_scope *scope,
                                          struct koru_task *task, int result)
{
	koru__list_unlink(&task->sibling);
	koru__sanitize_release(scope);
	if (koru__unlikely(result < 0 || task->future || scope->koru__policy != KORU_SCOPE_FAIL) &&
	    !koru__scope_settle(loop, scope, task, result))
		return;
	if (koru__list_empty(&scope->koru__tasks) && scope->koru__state == KORU__SCOPE_CLOSING &&
	    scope->koru__owner->head.state == KORU__TASK_PARKED)
		koru__unpark(scope->koru__owner, 0);
}

/* A task, or something done on behalf of the scope, failed (result < 0) or, in a race, came to its
 * end. What follows from it is up to the scope's policy. On the loop's thread. */
void koru__scope_failed(struct koru__loop *loop, struct koru_scope *scope, int result,
                        const char *name);
void koru__scope_finished(struct koru__loop *loop, struct koru_scope *scope, int result);

/* The two halves of koru__scope_failed: writes it down; and does what follows from it. */
void koru__scope_note(struct koru_scope *scope, int result, const char *name);
void koru__scope_decide(struct koru__loop *loop, struct koru_scope *scope, int result);

/* Hooks run as the scope closes, on its owner's behalf, after its tasks have ended: the latest
 * first. They may suspend. On the scope's loop while it is open or unwinding. */
void koru__scope_hook_add(struct koru_scope *scope, struct koru__scope_hook *hook);

/* Takes out the hook that is to run next; NULL when there is none. */
struct koru__scope_hook *koru__scope_hook_take(struct koru_scope *scope);

/* The one hook that runs after all others. On any loop, by whoever is inside the scope.
 * Returns the one that is there now: `hook`, unless another was quicker. */
struct koru__scope_hook *koru__scope_hook_last(struct koru_scope *scope,
                                               struct koru__scope_hook *hook);

static inline bool koru__scope_has_hooks(const struct koru_scope *scope)
{
	return scope->koru__hooks || scope->koru__last_hook;
}

/* Runs all hooks. */
void koru__scope_unwind(struct koru_scope *scope);

/* Whether hooks may be added here and now (`last`: the last one): 0, or -EINVAL, -EPERM. */
int koru__scope_hookable(const struct koru_scope *scope, bool last);

/* The clock has to be asked: a task that computed past its deadline has given the loop no chance
 * to fire the timer. */
bool koru__scope_deadline_passed(struct koru__loop *loop, struct koru_scope *scope);

static inline bool koru__scope_is_over(struct koru__loop *loop, struct koru_scope *scope)
{
	if (koru__unlikely(scope->koru__cause != 0))
		return true;
	return koru__unlikely(scope->koru__deadline != KORU_FOREVER) &&
	       koru__scope_deadline_passed(loop, scope);
}

/* Makes `scope` the innermost of a task. */
static inline void koru__task_enter_scope(struct koru_task *task, struct koru_scope *scope)
{
	task->head.scope = scope;
	task->head.attend = KORU__SWITCHES_WATCHED || scope->koru__cause != 0 ||
	                    scope->koru__deadline != KORU_FOREVER;
}

/* The first thing every suspending call does in a task: 0, or -ECANCELED. */
int koru__checkpoint(struct koru__loop *loop);

#endif
