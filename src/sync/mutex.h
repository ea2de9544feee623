/* SPDX-License-Identifier: MIT
 *
 * Mutexes, as the other sync types see them. See koru/mutex.h.
 */
#ifndef KORU_SYNC_MUTEX_H
#define KORU_SYNC_MUTEX_H

#include "koru/mutex.h"

#include <stdbool.h>

/* Whether the caller owns it. */
static inline bool koru__mutex_is_mine(const struct koru_mutex *mutex)
{
	const struct koru__loop_head *here = &koru__loop_here;
	uintptr_t word = __atomic_load_n(&mutex->koru__word, __ATOMIC_ACQUIRE);
	return (word & ~(uintptr_t)1) == (uintptr_t)here && mutex->koru__owner == here->current;
}

/* Locks it for a caller who does not own it. Suspends; cannot be cancelled. */
void koru__mutex_lock_again(struct koru_mutex *mutex);

#endif
