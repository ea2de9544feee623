/* SPDX-License-Identifier: MIT
 *
 * Conditions: waiting, with a mutex given up meanwhile, until what the mutex protects has changed.
 *
 *     koru_mutex_lock(&q->lock);
 *     int rc = 0;
 *     while (rc == 0 && q->len == 0)
 *             rc = koru_cond_wait(&q->filled, &q->lock);
 *     ...                                            // the mutex is locked, whatever rc says
 *     koru_mutex_unlock(&q->lock);
 *
 * Being woken means only that it is worth another look: others may have run in between.
 */
#ifndef KORU_COND_H
#define KORU_COND_H

#include <koru/mutex.h>
#include <koru/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the caller's storage; it must stay there, unmoved, while it is in use. All zero bytes are a
 * condition that nobody waits for. Nothing to free: its storage may go as soon as no call is under
 * way. The fields belong to koru. */
struct koru_cond {
	struct koru__lock koru__lock;
	struct koru__waiters koru__waiters;
	struct koru_mutex *koru__mutex; /* that of those who wait */
};

/* clang-format off */
#define KORU_COND_INIT { { 0 }, { 0, 0 }, 0 }
/* clang-format on */

/* Unlocks the mutex, waits to be woken, and locks the mutex again, whatever the answer. No wake-up
 * that comes after the mutex was unlocked is missed. Suspends. Any task, any thread; only the
 * owner of the mutex.
 *
 * Locking it again cannot be cancelled: a cancelled call ends when those before it have unlocked
 * the mutex.
 * Returns 0: woken; or
 *   -ECANCELED  the caller's scope is cancelled; no wake-up was spent on it. If it was so at the
 *               beginning, the mutex was not unlocked,
 *   -EPERM      the caller does not own the mutex; nothing has happened,
 *   -EINVAL     others wait with another mutex; nothing has happened. */
int koru_cond_wait(struct koru_cond *cond, struct koru_mutex *mutex);

/* Wakes the one who has waited longest, if anybody waits. Never suspends; works in a cancelled
 * scope too. Any task, any thread, with the mutex or without it. */
void koru_cond_signal(struct koru_cond *cond);

/* Wakes all who wait now. Otherwise as koru_cond_signal. */
void koru_cond_broadcast(struct koru_cond *cond);

#ifdef __cplusplus
}
#endif
#endif
