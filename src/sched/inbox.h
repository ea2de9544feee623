/* SPDX-License-Identifier: MIT
 *
 * The inbox of a loop: where every other thread leaves what it wants done there. Any number of
 * threads put, one takes: a stack that is taken as a whole (Treiber 1986), so an address that comes
 * back does no harm. The one word also says whether the owner sleeps, so that no wake-up is lost
 * and none is made in vain; models/inbox.pml is the proof.
 *
 *     head:   NULL ⇄ message → message → …       awake
 *             NULL → ASLEEP → message → …        whoever ends ASLEEP has to wake the owner
 */
#ifndef KORU_SCHED_INBOX_H
#define KORU_SCHED_INBOX_H

#include "koru/node.h"

#include <stdbool.h>
#include <stddef.h>

struct koru__inbox {
	struct koru__message *head; /* the newest, or one of those below */
};

#define KORU__INBOX_ASLEEP ((struct koru__message *)1)

/* Any thread. The message is the owner's from then on, and may be gone already. True when the
 * caller has to wake the owner. */
static inline bool koru__inbox_put(struct koru__inbox *inbox, struct koru__message *message)
{
	struct koru__message *head = __atomic_load_n(&inbox->head, __ATOMIC_RELAXED);
	do {
		message->next = head == KORU__INBOX_ASLEEP ? NULL : head;
	} while (!__atomic_compare_exchange_n(&inbox->head, &head, message, true, __ATOMIC_RELEASE,
	                                      __ATOMIC_RELAXED));
	return head == KORU__INBOX_ASLEEP;
}

/* The owner only, from here on. */
static inline bool koru__inbox_empty(const struct koru__inbox *inbox)
{
	struct koru__message *head = __atomic_load_n(&inbox->head, __ATOMIC_RELAXED);
	return head == NULL || head == KORU__INBOX_ASLEEP;
}

/* What has come to hand, newest first, in the order of `next`, replaced by `by`. */
static inline struct koru__message *koru__inbox_swap(struct koru__inbox *inbox,
                                                     struct koru__message *by)
{
	return __atomic_exchange_n(&inbox->head, by, __ATOMIC_ACQUIRE);
}

static inline bool koru__inbox_asleep(const struct koru__inbox *inbox)
{
	return __atomic_load_n(&inbox->head, __ATOMIC_SEQ_CST) == KORU__INBOX_ASLEEP;
}

/* Any thread: takes the sleeping owner's sleep away without leaving anything. True when the caller
 * has to wake it. */
static inline bool koru__inbox_rouse(struct koru__inbox *inbox)
{
	struct koru__message *asleep = KORU__INBOX_ASLEEP;
	return __atomic_compare_exchange_n(&inbox->head, &asleep, NULL, false, __ATOMIC_SEQ_CST,
	                                   __ATOMIC_SEQ_CST);
}

/* Goes to sleep; false when there is something to take instead. */
static inline bool koru__inbox_sleep(struct koru__inbox *inbox)
{
	struct koru__message *none = NULL;
	return __atomic_compare_exchange_n(&inbox->head, &none, KORU__INBOX_ASLEEP, false,
	                                   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* Awake again. True when nobody has put anything, so that no wake-up is on its way. */
static inline bool koru__inbox_rise(struct koru__inbox *inbox)
{
	struct koru__message *asleep = KORU__INBOX_ASLEEP;
	return __atomic_compare_exchange_n(&inbox->head, &asleep, NULL, false, __ATOMIC_RELAXED,
	                                   __ATOMIC_RELAXED);
}

#endif
