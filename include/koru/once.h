/* SPDX-License-Identifier: MIT
 *
 * Once: what the first who needs it makes, and nobody makes again.
 *
 *     static struct koru_once loaded = KORU_ONCE_INIT;
 *
 *     int rc = koru_once_run(&loaded, load_tables, "tables.bin");
 *     if (rc < 0)
 *             return rc;
 */
#ifndef KORU_ONCE_H
#define KORU_ONCE_H

#include <koru/node.h>
#include <koru/task.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the caller's storage; it must stay there, unmoved, while it is in use. All zero bytes: not
 * done yet. Nothing to free: its storage may go when no call is under way. The fields belong to
 * koru. */
struct koru_once {
	uint32_t koru__done;
	struct koru__lock koru__lock;
	struct koru__holder koru__runner; /* whoever runs the function */
	struct koru__waiters koru__waiters;
};

/* clang-format off */
#define KORU_ONCE_INIT { 0, { 0 }, { 0, 0 }, { 0, 0 } }
/* clang-format on */

/* int koru_once_run(struct koru_once *once, koru_fn *fn, void *arg);
 *
 * Calls fn(arg), unless that has been done; while another does it, waits for its end. Once fn has
 * returned 0 or more it is done for ever, and what fn did is seen by all who come. When it
 * returned a negative error, that goes to its caller alone, and the next, the first of those who
 * wait, calls its own fn. fn may suspend, and is cancelled as its caller is. May suspend. Any
 * task, any thread.
 * Returns 0: done; or, with nothing done,
 *   -ECANCELED  the caller's scope is cancelled,
 *   -EDEADLK    called by fn itself,
 *   what fn returned when it failed. */

int koru__once_run_slow(struct koru_once *once, koru_fn *fn, void *arg);

#if defined(__SANITIZE_THREAD__)
#define KORU__ONCE_IN_LIBRARY 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KORU__ONCE_IN_LIBRARY 1
#endif
#endif

static inline int koru_once_run(struct koru_once *once, koru_fn *fn, void *arg)
{
#ifndef KORU__ONCE_IN_LIBRARY
	struct koru__loop_head *here = &koru__loop_here;
	struct koru__task_head *self = here->current;
	if (__builtin_expect(__atomic_load_n(&once->koru__done, __ATOMIC_ACQUIRE) != 0, 1)) {
		if (!self)
			return 0;
		if (__builtin_expect(!self->attend && here->calls_left > 0, 1)) {
			here->calls_left--;
			return 0;
		}
	}
#endif
	return koru__once_run_slow(once, fn, arg);
}

#ifdef __cplusplus
}
#endif
#endif
