/* SPDX-License-Identifier: MIT
 *
 * Scopes: a scope owns tasks and a deadline.
 *
 *     struct koru_scope all;
 *     koru_scope_open(&all, &(struct koru_scope_opts){ .timeout = 30 * KORU_SECOND });
 *     koru_go(&all, fetch, "http://example.org/a");
 *     koru_go(&all, fetch, "http://example.org/b");
 *     int rc = koru_scope_close(&all);            // waits for both
 *
 * Closing a scope waits for every task in it, so a task never outlives what its
 * opener keeps on its own stack. The first task that returns a negative value
 * fails the scope: the rest are cancelled, and koru_scope_close returns that value.
 * (`policy` can have it otherwise.)
 *
 * Scopes nest. What the opener does between open and close is inside the scope too.
 * Once a scope is cancelled, by koru_scope_cancel, a failed task, its deadline or
 * the scope around it, every suspending call inside it returns -ECANCELED, again
 * and again, until the scope is closed. "Suspending call" means every call that
 * this manual says may suspend, whether or not it would have had to wait this time.
 *
 * A cancelled call had no effect: it consumed nothing and sent nothing. Where the
 * kernel had already done it, the call returns its result instead.
 */
#ifndef KORU_SCOPE_H
#define KORU_SCOPE_H

#include <koru/node.h>
#include <koru/time.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct koru_future;
struct koru_local;
struct koru_task;
struct koru__loop;

/* What a scope does when one of its tasks has ended. */
enum koru_scope_policy {
	KORU_SCOPE_FAIL = 0,    /* the first that fails cancels the others */
	KORU_SCOPE_COLLECT = 1, /* the others go on; closing returns the first error */
	KORU_SCOPE_RACE = 2,    /* the first that returns zero or more cancels the others, and
	                         * closing returns its result. Those that fail before it do
	                         * not matter, unless all do: then the first error */
};

/* A task that failed, or a deferred clean-up (koru/defer.h). */
struct koru_scope_error {
	int result;       /* what it returned */
	const char *task; /* its name, a static string */
};

/* In the caller's storage, usually on its stack; it must stay there, unmoved, from
 * open to close. The fields belong to koru. */
struct koru_scope {
	int koru__cause;     /* why it was cancelled: negative; 0 while it is not */
	uint8_t koru__state; /* enum scope_state of src/sched/scope.h */
	bool koru__shield;
	uint8_t koru__policy;             /* enum koru_scope_policy */
	uint8_t koru__decided;            /* enum koru__scope_decision: whether closing returns
	                                   * koru__outcome instead of koru__cause */
	int64_t koru__deadline;           /* the nearest of its own and those around it */
	struct koru_scope *koru__parent;  /* the scope around it; NULL for the root */
	struct koru__loop *koru__loop;    /* the loop it was opened on */
	struct koru_task *koru__owner;    /* who opened it, and alone may close it */
	struct koru__list koru__tasks;    /* the tasks in it that have not ended */
	struct koru__list koru__children; /* the open scopes right inside it */
	struct koru__list koru__sibling;  /* in its parent's koru__children */
	struct koru__timer koru__timer;   /* armed when its own deadline is the nearest */
	struct koru_local *koru__locals;  /* what its tasks inherit (koru/local.h) */
	/* What opening sets to zero lies together. */
	struct koru_future *koru__errors; /* of its tasks, awaited by nobody yet */
	const char *koru__name;
	struct koru__scope_hook *koru__hooks; /* run as it closes, the first first; NULL: none */
	struct koru__scope_hook *koru__last_hook; /* and this after them; any loop sets it */
	int64_t koru__cleanup_timeout;            /* as in the options */
	size_t koru__alloc_max;                   /* as in the options */
	uint32_t koru__failures_max;
	uint32_t koru__failures_count; /* also of those that found no room */
	uint32_t koru__cancel_asked;   /* from another thread: it is on its way, or */
	uint32_t koru__cancel_heard;   /* has arrived */
	/* And what is valid only at times does not. */
	struct koru__message koru__cancel;
	struct koru_scope_error *koru__failures; /* `errors` of the options */
	int koru__outcome;                       /* valid once koru__decided */
};

struct koru_scope_opts {
	int64_t timeout;  /* nanoseconds from now; 0: none. Negative: already over. */
	int64_t deadline; /* a moment on koru_now()'s clock; 0: none. The nearest of
	                   * this, `timeout` and the scopes around it wins. */
	bool shield;      /* keep out the cancellation and the deadlines of the scopes
	                   * around it, so that clean-up can wait. Needs a timeout or
	                   * a deadline of its own: clean-up is bounded too. */
	const char *name; /* for reports; a static string. NULL: nameless */
	enum koru_scope_policy policy;
	struct koru_scope_error *errors; /* the caller's: where the scope writes down the first
	                                  * `errors_max` failures in the order in which it
	                                  * learned of them. Valid from open to close */
	uint32_t errors_max;
	int64_t cleanup_timeout; /* nanoseconds that all deferred clean-up (koru/defer.h) may
	                          * wait; 0: KORU_CLEANUP_TIMEOUT_DEFAULT. Negative: not at all */
	size_t alloc_max;        /* bytes that koru_scope_alloc and the arguments of typed tasks
	                          * may take from the system; 0: KORU_SCOPE_ALLOC_MAX_DEFAULT */
};

#define KORU_CLEANUP_TIMEOUT_DEFAULT (5 * KORU_SECOND)
#define KORU_SCOPE_ALLOC_MAX_DEFAULT ((size_t)64 << 20)

/* Opens a scope inside the innermost open scope of the calling task. `opts` may be
 * NULL. Never suspends. Only in a task.
 * Returns 0, or
 *   -EPERM   outside a task,
 *   -EINVAL  shield without timeout or deadline, an unknown policy, errors_max without
 *            errors.
 * After an error the scope stays shut: koru_go on it and koru_scope_close return the
 * same error, so a program may look at the result of the close alone. */
int koru_scope_open(struct koru_scope *scope, const struct koru_scope_opts *opts);

/* Waits until every task in the scope has ended, then closes it. The wait itself
 * cannot be cancelled (the tasks waited for are cancelled instead). May suspend.
 * Only by the task that opened it, innermost scope first. Deferred clean-up (koru/defer.h)
 * runs between the end of the last task and the return.
 * Returns 0 when the scope was not cancelled, otherwise why it was:
 *   the negative result of the first task that failed,
 *   -ETIMEDOUT  its own deadline passed,
 *   -ECANCELED  koru_scope_cancel, or cancellation from a scope around it (a deadline
 *               further out is reported as -ETIMEDOUT by the scope that set it),
 *   or, in a scope that collects, the first error if it came before any of these,
 *   or, in a race, the winner's result; without a winner the first error or why it was
 *   cancelled, whichever came first; 0 when it had no task;
 *   or, if nothing else went wrong, the first error of its deferred clean-up;
 *   or, with nothing closed,
 *   -EINVAL     not open, or scopes opened inside it are still open,
 *   -EPERM      opened by another task. */
int koru_scope_close(struct koru_scope *scope);

/* Cancels the scope: all that waits inside it is woken with -ECANCELED. Idempotent;
 * does not wait (koru_scope_close does). Never suspends. Any task, any thread; who is
 * not inside the scope has to know by other means that it stays open meanwhile. From
 * another thread it takes effect when the scope's loop has got the message.
 * Returns 0, or -EINVAL (not open), -EPERM (in a process forked since it was opened). */
int koru_scope_cancel(struct koru_scope *scope);

/* How many failures the scope has seen since it was opened, those that found no room in `errors`
 * included. A task that returns -ECANCELED once its scope is cancelled has not failed. Also
 * after the scope was closed, as long as its storage is there. Never suspends. */
uint32_t koru_scope_errors(const struct koru_scope *scope);

/* Memory that is freed when the scope closes, after its deferred clean-up. Aligned for every
 * type, contents undefined. It cannot be given back earlier. Never suspends. In any task inside the
 * scope, on any loop, or in one of its clean-ups.
 * Returns NULL when there is no memory, `alloc_max` is reached, the scope is not open, or
 * outside the scope's koru_run. */
void *koru_scope_alloc(struct koru_scope *scope, size_t size);

/* True once a suspending call made here and now would return -ECANCELED: for long
 * computations that want to stop early. False outside a task. Never suspends. */
bool koru_cancelled(void);

/* The moment at which the innermost scope's deadline passes (the nearest of all that
 * hold here), or KORU_FOREVER. Never suspends; any thread. */
int64_t koru_deadline(void);

#ifdef __cplusplus
}
#endif
#endif
