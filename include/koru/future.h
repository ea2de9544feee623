/* SPDX-License-Identifier: MIT
 *
 * Futures: results that come later. A task's result goes to its future, and whoever awaits the
 * future gets it.
 *
 *     struct koru_scope s;
 *     struct koru_future a, b;
 *     koru_scope_open(&s, NULL);
 *     koru_async(&s, &a, count_words, first);
 *     koru_async(&s, &b, count_words, second);
 *     int words = koru_await(&a) + koru_await(&b);
 *     int rc = koru_scope_close(&s);
 *
 * An error (a negative result) belongs to whoever awaits the future, while the task runs or after
 * it has ended. One that nobody has awaited when the task's scope is closed fails the scope, as
 * that of a koru_go does: so it is never silent. While the scope is being closed it fails it at
 * once, unless somebody waits for the future at that moment; and so it does when the task is a
 * detached one, whose scope nobody closes.
 *
 * A future lies in the caller's storage and must stay there, unmoved, until its task has ended and
 * its result has been awaited or its scope has been closed. From then on it can be read for as long
 * as the caller keeps it. Any number of tasks and threads may await one.
 *
 * Callback code beside tasks: koru_future_init makes a future without a task, and any thread
 * completes it, once, with koru_future_complete. Its errors belong to no scope.
 *
 * The first of several wins and the rest are cancelled:
 *
 *     koru_scope_open(&race, NULL);
 *     for (int i = 0; i < 3; i++)
 *             koru_async(&race, &f[i], ask, server[i]);
 *     int answer = koru_await_first((struct koru_future *[]){ &f[0], &f[1], &f[2] }, 3, &winner);
 *     koru_scope_cancel(&race);
 *     koru_scope_close(&race);
 */
#ifndef KORU_FUTURE_H
#define KORU_FUTURE_H

#include <koru/node.h>
#include <koru/task.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum koru__future_state {
	KORU__FUTURE_NONE, /* zeroed storage */
	KORU__FUTURE_PENDING,
	KORU__FUTURE_DONE,
};

/* The fields belong to koru. */
struct koru_future {
	struct koru__lock koru__lock;
	uint8_t koru__state; /* enum koru__future_state; set once the result is there */
	int koru__result;
	struct koru__waiters koru__waiters;
	struct koru_task *koru__task;       /* whose result it is; NULL: koru_future_complete's */
	const char *koru__name;             /* of that task */
	struct koru__waiter *koru__starter; /* the caller of koru_start, until it has its answer */
	/* While an error here has not been awaited: among those of its scope. */
	struct koru_future *koru__next;
	struct koru_future **koru__link; /* what points here; NULL while in no list */
};

/* int koru_async(struct koru_scope *scope, struct koru_future *future, koru_fn *fn, void *arg);
 *
 * As koru_go, and what fn returns goes to the future. Never suspends.
 * Returns 0, or what koru_go returns; the future is done then, with that error for its result. */
#define koru_async(scope, future, fn, arg) koru__async((scope), (future), (fn), (arg), #fn, 0)

/* int koru_async_with(struct koru_scope *scope, struct koru_future *future, koru_fn *fn,
 *                     void *arg, const struct koru_task_opts *opts);
 * The same, as koru_go_with. */
#define koru_async_with(scope, future, fn, arg, ...)                                               \
	koru__async((scope), (future), (fn), (arg), #fn, __VA_ARGS__)

/* int koru_start(struct koru_scope *scope, struct koru_future *future, koru_fn *fn, void *arg);
 *
 * As koru_async, but returns only when the task has called koru_ready ("I listen") or has ended.
 * May suspend.
 * Returns 0 once it is ready; what it returned when it ended without saying so (an error is not
 * unawaited then); what koru_async returns; or -ECANCELED. After -ECANCELED the task may have been
 * started and run on in its scope: unless koru_future_done says otherwise, the future is in use. */
#define koru_start(scope, future, fn, arg) koru__start((scope), (future), (fn), (arg), #fn)

/* Tells the caller of koru_start that the calling task is ready. Never suspends.
 * Returns 0, also where nobody waits for that, or -EPERM outside a task. */
int koru_ready(void);

/* Waits for the result and returns it. Suspends the task, or blocks a thread that runs no loop.
 * Returns the result, or
 *   -ECANCELED  the caller's scope is over (or that was the result: see koru_await_result),
 *   -EDEADLK    it is the calling task's own future,
 *   -EINVAL     there never was such a future: zeroed storage. */
int koru_await(struct koru_future *future);

/* The same, with the result kept apart from the errors of waiting for it.
 * Returns 0, or -ECANCELED, -EDEADLK or -EINVAL as koru_await. */
int koru_await_result(struct koru_future *future, int *ret_result);

/* Waits for the first of `count` futures that is done, and returns its result; of several that
 * are done already, that of the first in the array. Entries that are NULL are passed over: set
 * the winner's to NULL and call again for the next, to take results as they complete. `ret_index`
 * may be NULL. May suspend.
 * Returns the result, or, with *ret_index untouched,
 *   -ECANCELED  the caller's scope is over,
 *   -EDEADLK    one of them is the calling task's own,
 *   -EINVAL     no future among them, or zeroed storage,
 *   -ENOMEM     there are more than eight, and no memory to wait for them. */
int koru_await_first(struct koru_future *const futures[], int count, int *ret_index);

/* Makes a future without a task. Never suspends. */
void koru_future_init(struct koru_future *future);

/* Completes it. Never suspends; any thread, with or without a loop, but not in a signal handler.
 * Returns 0, or
 *   -EALREADY  it has been completed,
 *   -EPERM     it is a task's,
 *   -EINVAL    zeroed storage. */
int koru_future_complete(struct koru_future *future, int result);

/* Whether the result is there. Does not give the right to free it: await it for that. Never
 * suspends; any thread. */
bool koru_future_done(const struct koru_future *future);

/* Takes the result without waiting; an error counts as awaited. Never suspends; any thread.
 * Returns 0, or -EAGAIN: not there yet; -EINVAL: zeroed storage. */
int koru_future_result(struct koru_future *future, int *ret_result);

int koru__async(struct koru_scope *scope, struct koru_future *future, koru_fn *fn, void *arg,
                const char *name, const struct koru_task_opts *opts);
int koru__start(struct koru_scope *scope, struct koru_future *future, koru_fn *fn, void *arg,
                const char *name);

#ifdef __cplusplus
}
#endif
#endif
