/* SPDX-License-Identifier: MIT
 *
 * The timers of a loop: what is to happen at which moment. It reads no clock and waits for nothing;
 * the loop says what time it is.
 *
 * Timers fire in the order of their moments, to the nanosecond, and those of one moment in the
 * order in which they were armed. One whose moment has passed when it is armed is due at once.
 *
 * They are kept in a radix heap (Ahuja, Mehlhorn, Orlin, Tarjan: Faster Algorithms for the Shortest
 * Path Problem, Journal of the ACM 1990), which seen from another side is a hierarchical timing
 * wheel (Varghese, Lauck 1987). Moments are read as numbers of eleven digits of six bits. `base` is
 * a moment that no pending timer is before. The level of a timer is the place of the highest digit
 * in which it differs from `base`, and its slot there is that digit:
 *
 *     base    4 17  0 63 12            4 17  0 63 12 → level 0, slot 12: due when `base` is
 *                                      4 17  0 63 50 → level 0, slot 50
 *                                      4 17  9  1  2 → level 2, slot 9
 *                                      6  0  3 20 33 → level 4, slot 6
 *
 * So everything on one level comes before everything on the next, and the first slot in use of the
 * lowest level in use holds what comes first. When the time of a slot has come and there are more
 * than a few in it, `base` moves to its smallest moment and all of them move to lower levels; a few
 * are looked through instead. In a slot of level 0 all moments are the same. So hardly anything is
 * ever compared but with a slot's smallest.
 *
 * Arming and cancelling are a few pointer writes. A timer moves at most ten times before it fires,
 * mostly two or three times. With very many timers a move costs what it takes to fetch the timer
 * from memory, and a list says where that is one at a time; so each has a hint where to find the
 * one a few places on. All who share a slot move in one go: with n timers in the slot that comes
 * next, the loop stops for n times some tens of nanoseconds. No memory, no limit; arming cannot
 * fail.
 */
#ifndef KORU_SCHED_TIMER_H
#define KORU_SCHED_TIMER_H

#include "koru/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct koru__loop;

enum {
	KORU__TIMER_DIGIT = 6, /* bits */
	KORU__TIMER_SLOTS = 1 << KORU__TIMER_DIGIT,
	KORU__TIMER_AHEAD = 8, /* how many timers ahead memory is fetched */
	KORU__TIMER_SMALL = 8, /* so many in a slot are not worth sorting */
	KORU__TIMER_LEVELS = (63 + KORU__TIMER_DIGIT - 1) / KORU__TIMER_DIGIT,
};

struct koru__timer_slot {
	struct koru__list list; /* in the order armed */
	/* Its smallest moment while it is in use; or less, when that timer was cancelled. */
	int64_t first;
	/* The last that were put in, for hints: never looked into, they may be gone. */
	const void *recent[KORU__TIMER_AHEAD];
	unsigned turn; /* the oldest of these */
	bool forward;  /* will be gone through from its beginning: filled from its end */
};

struct koru__timers {
	int64_t base;    /* not after any timer in the levels, nor after the present */
	size_t count;    /* of armed timers */
	unsigned levels; /* a bit for each level in use */
	uint64_t used[KORU__TIMER_LEVELS]; /* a bit for each slot in use */
	/* Armed for a moment before `base`: due at once. */
	struct koru__timer_slot late;
	struct koru__timer_slot slots[KORU__TIMER_LEVELS][KORU__TIMER_SLOTS];
};

/* Makes the loop's timers, of which there are none yet. `now` is not after any moment that the loop
 * will see. */
void koru__timers_init(struct koru__loop *loop, int64_t now);

/* Whether nothing is to happen. */
bool koru__timers_empty(const struct koru__loop *loop);

/* A moment before which nothing is to happen, or KORU_FOREVER. It is that of the next timer, or,
 * where that one was cancelled, possibly still the cancelled one's. */
int64_t koru__timers_next(struct koru__loop *loop);

/* Fires all that are due at `now`, those included that are armed meanwhile. */
void koru__timers_fire(struct koru__loop *loop, int64_t now);

/* An unarmed timer. All zero bytes are one too. */
static inline void koru__timer_init(struct koru__timer *timer)
{
	timer->link.next = NULL;
}

/* Arms a timer that is not armed. `fire` is called on the loop's own stack or by a task that
 * notices a deadline; it must not suspend. The timer stays the caller's. Cannot fail. */
void koru__timer_add(struct koru__loop *loop, struct koru__timer *timer, int64_t when,
                     void (*fire)(struct koru__timer *timer));

/* Harmless when it has fired or was never armed. */
void koru__timer_remove(struct koru__loop *loop, struct koru__timer *timer);

static inline bool koru__timer_is_armed(const struct koru__timer *timer)
{
	return timer->link.next != NULL;
}

/* The moment in [when, when + slack] that others with slack are likely to choose too: the one whose
 * binary form ends in the most zeros. */
int64_t koru__timer_round(int64_t when, int64_t slack);

#endif
