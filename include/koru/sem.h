/* SPDX-License-Identifier: MIT
 *
 * Semaphores: a number of units that are taken and given back, by anybody.
 *
 *     static struct koru_sem connections = KORU_SEM_INIT(8);   // eight at a time
 *
 *     int rc = koru_sem_wait(&connections);
 *     if (rc < 0)
 *             return rc;
 *     rc = use_a_connection();
 *     koru_sem_post(&connections);
 *
 * First come, first served: a unit given back while others wait goes to the first of them.
 */
#ifndef KORU_SEM_H
#define KORU_SEM_H

#include <koru/node.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KORU_SEM_UNITS_MAX INT32_MAX

/* In the caller's storage; it must stay there, unmoved, while it is in use. All zero bytes are a
 * semaphore without a unit. Nothing to free: its storage may go as soon as no call is under way,
 * and who has got a unit by koru_sem_wait may free it even before the koru_sem_post that it came
 * from has returned. The fields belong to koru. */
struct koru_sem {
	struct koru__lock koru__lock;
	int32_t koru__units; /* while there are any, nobody waits */
	struct koru__waiters koru__waiters;
};

/* `units` from 0 to KORU_SEM_UNITS_MAX. */
/* clang-format off */
#define KORU_SEM_INIT(units) { { 0 }, (units), { 0, 0 } }
/* clang-format on */

/* Takes a unit, waiting for one. May suspend. Any task, any thread.
 * Returns 0; or -ECANCELED: the caller's scope is cancelled, and no unit was taken. */
int koru_sem_wait(struct koru_sem *sem);

/* Takes a unit if there is one. Never suspends; works in a cancelled scope too. Any task, any
 * thread. Returns 0 or -EAGAIN: there is none. */
int koru_sem_trywait(struct koru_sem *sem);

/* Gives a unit. Never suspends; works in a cancelled scope too. Any task, any thread.
 * Returns 0 or -EOVERFLOW: KORU_SEM_UNITS_MAX are there already. */
int koru_sem_post(struct koru_sem *sem);

/* The units there are now: a number for reports, since others change it. Never suspends; any
 * thread. */
int koru_sem_value(const struct koru_sem *sem);

#ifdef __cplusplus
}
#endif
#endif
