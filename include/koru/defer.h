/* SPDX-License-Identifier: MIT
 *
 * Deferred clean-up: functions that a scope calls as it closes.
 *
 *     struct koru_scope s;
 *     struct koru_defer unlock;
 *     koru_scope_open(&s, NULL);
 *     int fd = connect_somewhere();
 *     koru_defer(&s, &unlock, say_goodbye, &fd);      // called by koru_scope_close
 *
 * They run when every task of the scope has ended, the latest first, on the stack of whoever closes
 * the scope, one at a time. The scope's own cancellation does not reach them, so they may wait; all
 * of one scope together for as long as its option `cleanup_timeout` says. When that is over their
 * calls return -ECANCELED; those that have not been called yet still are.
 */
#ifndef KORU_DEFER_H
#define KORU_DEFER_H

#include <koru/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the caller's storage; it must stay there, unmoved, until the function is called. The fields
 * belong to koru. */
struct koru_defer {
	struct koru__scope_hook koru__hook;
	koru_fn *koru__fn; /* NULL: dropped */
	void *koru__arg;
	const char *koru__name;
};

/* int koru_defer(struct koru_scope *scope, struct koru_defer *defer, koru_fn *fn, void *arg);
 *
 * Lets koru_scope_close call fn(arg). A negative result is an error of the scope, as that of a
 * task: see koru_scope_errors and koru_scope_close; a clean-up that returns -ECANCELED because its
 * time was over counts as -ETIMEDOUT. In a clean-up, too: then it is called next. It may open
 * scopes and start tasks in those, but not in `scope`. Never suspends. In any task of the scope's
 * loop. Returns 0, or -EINVAL  the scope is not open, or NULL, -EPERM   outside a task, or the
 * scope is another loop's; also the error with which the scope could not be opened. */
#define koru_defer(scope, defer, fn, arg) koru__defer((scope), (defer), (fn), (arg), #fn)

/* The function will not be called any more: what it would have cleaned up is somebody else's now.
 * The storage is still needed until the scope has closed. Never suspends. */
void koru_defer_drop(struct koru_defer *defer);

int koru__defer(struct koru_scope *scope, struct koru_defer *defer, koru_fn *fn, void *arg,
                const char *name);

#ifdef __cplusplus
}
#endif
#endif
