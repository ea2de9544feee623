/* SPDX-License-Identifier: MIT
 *
 * Barriers: a number of parties, each of which waits until all have come; again and again.
 *
 *     static struct koru_barrier steps = KORU_BARRIER_INIT(4);
 */
#ifndef KORU_BARRIER_H
#define KORU_BARRIER_H

#include <koru/node.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the caller's storage; it must stay there, unmoved, while it is in use. Nothing to free: its
 * storage may go once every call of koru_barrier_wait has returned. The fields belong to koru. */
struct koru_barrier {
	struct koru__lock koru__lock;
	uint32_t koru__parties;
	uint32_t koru__arrived; /* of this round */
	uint32_t koru__round;
	struct koru__waiters koru__waiters;
};

/* `parties` from 1 to INT32_MAX: how many have to come. */
/* clang-format off */
#define KORU_BARRIER_INIT(parties) { { 0 }, (parties), 0, 0, { 0, 0 } }
/* clang-format on */

/* Waits until as many have come as there are parties; then all of them go on, and the next round
 * begins. What each has done before is seen by all afterwards. May suspend. Any task, any thread.
 * Returns 1 to the one who came last and 0 to the others; or
 *   -ECANCELED  the caller's scope is cancelled: it counts as not having come. If all had come
 *               before, the answer is 0 instead,
 *   -EINVAL     a barrier for no parties (all zero bytes). */
int koru_barrier_wait(struct koru_barrier *barrier);

#ifdef __cplusplus
}
#endif
#endif
