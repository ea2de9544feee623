/* SPDX-License-Identifier: MIT
 *
 * Read-write locks: any number of readers at a time, or one writer.
 *
 *     static struct koru_rwlock lock = KORU_RWLOCK_INIT;
 *
 * First come, first served: a reader who comes while a writer waits waits behind it, so neither
 * kind starves the other. For the same reason a task that reads must not lock it again for reading:
 * a writer may have come in between, and both would wait for ever.
 */
#ifndef KORU_RWLOCK_H
#define KORU_RWLOCK_H

#include <koru/node.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the caller's storage; it must stay there, unmoved, while it is in use. All zero bytes are an
 * open lock. Nothing to free: its storage may go as soon as nobody holds it and no call that locks
 * is under way. The fields belong to koru. */
struct koru_rwlock {
	struct koru__lock koru__lock;
	uint32_t koru__readers;           /* who have it now */
	struct koru__holder koru__writer; /* who has it now, alone */
	struct koru__waiters koru__waiters;
};

/* clang-format off */
#define KORU_RWLOCK_INIT { { 0 }, 0, { 0, 0 }, { 0, 0 } }
/* clang-format on */

/* Lock it for reading, and for writing, waiting for their turn. May suspend. Any task, any thread.
 * Return 0; or, with nothing changed,
 *   -ECANCELED  the caller's scope is cancelled; those behind the caller go on if they can now,
 *   -EDEADLK    the caller has it for writing already,
 *   -EAGAIN     (for reading) there are UINT32_MAX readers. */
int koru_rwlock_rdlock(struct koru_rwlock *lock);
int koru_rwlock_wrlock(struct koru_rwlock *lock);

/* The same if it needs no waiting. Never suspend; work in a cancelled scope too. Any task, any
 * thread. Return 0 or -EBUSY. */
int koru_rwlock_tryrdlock(struct koru_rwlock *lock);
int koru_rwlock_trywrlock(struct koru_rwlock *lock);

/* Unlocks it, be it for reading or for writing, and lets those go on who can now. Never suspends;
 * works in a cancelled scope too. Only who has locked it; of readers it knows the number alone.
 * Returns 0, or -EPERM: another has it for writing, or nobody has it at all. */
int koru_rwlock_unlock(struct koru_rwlock *lock);

#ifdef __cplusplus
}
#endif
#endif
