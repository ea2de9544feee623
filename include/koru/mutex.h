/* SPDX-License-Identifier: MIT
 *
 * Mutexes: one at a time, for tasks of one loop, of several, and plain threads alike.
 *
 *     static struct koru_mutex lock = KORU_MUTEX_INIT;
 *
 *     int rc = koru_mutex_lock(&lock);
 *     if (rc < 0)
 *             return rc;                        // cancelled: not locked
 *     balance += sum;
 *     koru_mutex_unlock(&lock);
 *
 * A mutex knows its owner: the task that locked it, or the thread outside any task. First come,
 * first served: while others wait, the one who unlocks hands it to the first of them. It may be
 * held while its owner waits for something else. A task that ends with a mutex locked leaves it
 * locked for ever.
 *
 * Tasks of one loop never run at once, so what they share needs no mutex unless they wait in the
 * midst of it.
 */
#ifndef KORU_MUTEX_H
#define KORU_MUTEX_H

#include <koru/node.h>
#include <koru/task.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/single_threaded.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the caller's storage; it must stay there, unmoved, while it is in use. All zero bytes are an
 * open mutex. There is nothing to free: its storage may go as soon as nobody holds it and no call
 * of koru_mutex_lock or koru_cond_wait is under way. So the last to lock it may free it right
 * after its koru_mutex_unlock, even while another thread is still about to return from its own.
 * The fields belong to koru. */
struct koru_mutex {
	uintptr_t koru__word; /* the owner's thread, by its koru__loop_here; 0: open. The lowest
	                       * bit: somebody may be waiting */
	struct koru__task_head *koru__owner; /* its task; NULL: the thread itself. Read only by that
	                                      * thread, so no other may see it change */
	struct koru__lock koru__lock;        /* guards the waiters, and that bit */
	struct koru__waiters koru__waiters;
};

/* clang-format off */
#define KORU_MUTEX_INIT { 0, 0, { 0 }, { 0, 0 } }
/* clang-format on */

/* int koru_mutex_lock(struct koru_mutex *mutex);
 *
 * Locks it, waiting for its turn. May suspend. Any task, any thread.
 * Returns 0, and the caller owns it; or, with nothing changed,
 *   -ECANCELED  the caller's scope is cancelled,
 *   -EDEADLK    the caller owns it already. */

/* Locks it if that needs no waiting. Never suspends; works in a cancelled scope too. Any task, any
 * thread.
 * Returns 0, and the caller owns it; or -EBUSY: it is locked, perhaps by the caller. */
int koru_mutex_trylock(struct koru_mutex *mutex);

/* int koru_mutex_unlock(struct koru_mutex *mutex);
 *
 * Unlocks it, or hands it to the first who waits. Never suspends; works in a cancelled scope too.
 * Only the owner.
 * Returns 0, or -EPERM: the caller does not own it. */

int koru__mutex_lock_slow(struct koru_mutex *mutex);
int koru__mutex_unlock_slow(struct koru_mutex *mutex);

/* ThreadSanitizer is told by the library what a mutex orders. */
#if defined(__SANITIZE_THREAD__)
#define KORU__MUTEX_IN_LIBRARY 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KORU__MUTEX_IN_LIBRARY 1
#endif
#endif

#ifdef KORU__MUTEX_IN_LIBRARY
static inline int koru_mutex_lock(struct koru_mutex *mutex)
{
	return koru__mutex_lock_slow(mutex);
}

static inline int koru_mutex_unlock(struct koru_mutex *mutex)
{
	return koru__mutex_unlock_slow(mutex);
}
#else

/* Changes the word, which nobody else could do at the same time where there is one thread only. */
static inline bool koru__mutex_move(struct koru_mutex *mutex, uintptr_t from, uintptr_t to,
                                    int order)
{
	if (__builtin_expect(__libc_single_threaded, 1)) {
		if (mutex->koru__word != from)
			return false;
		mutex->koru__word = to;
		return true;
	}
	return order == __ATOMIC_ACQUIRE
	               ? __atomic_compare_exchange_n(&mutex->koru__word, &from, to, false,
	                                             __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
	               : __atomic_compare_exchange_n(&mutex->koru__word, &from, to, false,
	                                             __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

static inline __attribute__((always_inline)) int koru_mutex_lock(struct koru_mutex *mutex)
{
	struct koru__loop_head *here = &koru__loop_here;
	struct koru__task_head *self = here->current;
	if (self) {
		if (__builtin_expect(self->attend || here->calls_left == 0, 0))
			return koru__mutex_lock_slow(mutex);
		here->calls_left--;
	}
	if (__builtin_expect(!koru__mutex_move(mutex, 0, (uintptr_t)here, __ATOMIC_ACQUIRE), 0))
		return koru__mutex_lock_slow(mutex);
	mutex->koru__owner = self;
	return 0;
}

static inline __attribute__((always_inline)) int koru_mutex_unlock(struct koru_mutex *mutex)
{
	struct koru__loop_head *here = &koru__loop_here;
	/* Before anything else: only the owner's thread may look further. */
	if (__builtin_expect(__atomic_load_n(&mutex->koru__word, __ATOMIC_ACQUIRE) !=
	                                     (uintptr_t)here ||
	                             mutex->koru__owner != here->current,
	                     0))
		return koru__mutex_unlock_slow(mutex);
	if (__builtin_expect(!koru__mutex_move(mutex, (uintptr_t)here, 0, __ATOMIC_RELEASE), 0))
		return koru__mutex_unlock_slow(mutex);
	return 0;
}
#endif

#ifdef __cplusplus
}
#endif
#endif
