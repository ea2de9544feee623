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

#include "base/macro.h"
#include "context/sanitize.h"
#include "koru/scope.h"
#include "sched/task.h"

#include <stdbool.h>
#include <stdint.h>

struct koru__loop;

enum koru__scope_state {
	KORU__SCOPE_CLOSED,  /* also: never opened, in zeroed storage */
	KORU__SCOPE_REFUSED, /* opening failed; koru__cause says why */
	KORU__SCOPE_OPEN,
	KORU__SCOPE_CLOSING,   /* its owner waits in koru_scope_close; tasks may still join */
	KORU__SCOPE_UNWINDING, /* its tasks have ended, and its hooks run; none may join */
};

/* Whether closing returns koru__outcome: as its policy goes. */
enum koru__scope_decision {
	KORU__SCOPE_UNDECIDED,
	KORU__SCOPE_FAILED, /* a task failed that cancelled nothing */
	KORU__SCOPE_WON,    /* a race has a winner */
};

/* The root scope of a loop: no owner, no deadline. */
void koru__scope_open_root(struct koru__loop *loop, struct koru_scope *root);

/* Cancels it with a cause, the first time. On the loop's thread. */
void koru__scope_fail(struct koru__loop *loop, struct koru_scope *scope, int cause);

/* Whether tasks may be started in it: 0, or the error of koru_go. */
int koru__scope_admits(struct koru__loop *loop, const struct koru_scope *scope);

/* Takes a task that has ended out of its scope and passes on its result. */
void koru__scope_task_ended(struct koru__loop *loop, struct koru_task *task, int result);

/* A task, or something done on behalf of the scope, failed (result < 0) or, in a race, came to its
 * end. What follows from it is up to the scope's policy. On the loop's thread. */
void koru__scope_failed(struct koru__loop *loop, struct koru_scope *scope, int result,
                        const char *name);
void koru__scope_finished(struct koru__loop *loop, struct koru_scope *scope, int result);

/* The two halves of koru__scope_failed: writes it down; and does what follows from it. */
void koru__scope_note(struct koru_scope *scope, int result, const char *name);
void koru__scope_decide(struct koru__loop *loop, struct koru_scope *scope, int result);

/* Hooks run as the scope closes, on its owner's behalf, after its tasks have ended: the latest
 * first, but one that was added as the last is the last. They may suspend. On the scope's loop
 * while it is open or unwinding. */
void koru__scope_hook_first(struct koru_scope *scope, struct koru__scope_hook *hook);
void koru__scope_hook_last(struct koru_scope *scope, struct koru__scope_hook *hook);

/* Takes out the hook that is to run next; NULL when there is none. */
struct koru__scope_hook *koru__scope_hook_take(struct koru_scope *scope);

/* Runs all hooks. */
void koru__scope_unwind(struct koru_scope *scope);

/* Whether hooks may be added here and now: 0, or -EINVAL, -EPERM. */
int koru__scope_hookable(const struct koru_scope *scope);

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
