/* SPDX-License-Identifier: MIT
 * The timers of a loop. See timer.h. */
#include "sched/timer.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/macro.h"
#include "koru/time.h"
#include "sched/loop.h"

static struct koru__timer *timer_of(struct koru__list *link)
{
	return koru__container_of(link, struct koru__timer, link);
}

/* The place of the highest bit that is set, of which there is one. */
static unsigned highest(uint64_t bits)
{
	return 63 - (unsigned)__builtin_clzll(bits);
}

static unsigned lowest(uint64_t bits)
{
	return (unsigned)__builtin_ctzll(bits);
}

void koru__timers_init(struct koru__loop *loop, int64_t now)
{
	struct koru__timers *t = &loop->timers;
	t->base = now;
	t->count = 0;
	t->levels = 0;
	koru__list_init(&t->late.list);
	for (unsigned level = 0; level < KORU__TIMER_LEVELS; level++) {
		t->used[level] = 0;
		for (unsigned i = 0; i < KORU__TIMER_SLOTS; i++)
			koru__list_init(&t->slots[level][i].list);
	}
}

bool koru__timers_empty(const struct koru__loop *loop)
{
	return loop->timers.count == 0;
}

/* The slot with the timer that comes first, its level in *ret_level; NULL when there is none.
 * Cancelling leaves empty slots marked as used; they are cleared here. */
static struct koru__timer_slot *first_slot(struct koru__timers *t, unsigned *ret_level)
{
	while (t->levels != 0) {
		unsigned level = lowest(t->levels);
		while (t->used[level] != 0) {
			struct koru__timer_slot *slot = &t->slots[level][lowest(t->used[level])];
			*ret_level = level;
			if (koru__likely(!koru__list_empty(&slot->list)))
				return slot;
			t->used[level] &= t->used[level] - 1;
		}
		t->levels &= t->levels - 1;
	}
	return NULL;
}

int64_t koru__timers_next(struct koru__loop *loop)
{
	struct koru__timers *t = &loop->timers;
	if (koru__unlikely(!koru__list_empty(&t->late.list)))
		return t->late.first;
	unsigned level;
	struct koru__timer_slot *slot = first_slot(t, &level);
	return slot ? slot->first : KORU_FOREVER;
}

static inline __attribute__((always_inline)) void put(struct koru__timer_slot *slot,
                                                      struct koru__timer *timer, bool in_front)
{
	if (koru__list_empty(&slot->list)) {
		slot->first = timer->when;
		slot->forward = in_front;
		slot->turn = 0;
		timer->hint = NULL;
	} else {
		if (timer->when < slot->first)
			slot->first = timer->when;
		timer->hint = slot->recent[slot->turn];
		slot->recent[slot->turn] = timer;
		slot->turn = (slot->turn + 1) % KORU__TIMER_AHEAD;
	}
	koru__list_push_back(in_front ? slot->list.next : &slot->list, &timer->link);
}

/* Puts a timer where it belongs. */
static inline __attribute__((always_inline)) void place(struct koru__timers *t,
                                                        struct koru__timer *timer, bool in_front)
{
	if (koru__unlikely(timer->when < t->base)) {
		put(&t->late, timer, in_front);
		return;
	}
	uint64_t differs = (uint64_t)(timer->when ^ t->base);
	unsigned level = highest(differs | 1) / KORU__TIMER_DIGIT;
	unsigned digit = (unsigned)(timer->when >> (level * KORU__TIMER_DIGIT)) % KORU__TIMER_SLOTS;
	t->used[level] |= UINT64_C(1) << digit;
	t->levels |= 1u << level;
	put(&t->slots[level][digit], timer, in_front);
}

void koru__timer_add(struct koru__loop *loop, struct koru__timer *timer, int64_t when,
                     void (*fire)(struct koru__timer *timer))
{
	koru__assert(!timer->link.next);
	timer->fire = fire;
	timer->when = when < 0 ? 0 : when;
	loop->timers.count++;
	place(&loop->timers, timer, false);
}

void koru__timer_remove(struct koru__loop *loop, struct koru__timer *timer)
{
	if (!timer->link.next)
		return;
	timer->link.prev->next = timer->link.next;
	timer->link.next->prev = timer->link.prev;
	timer->link.next = NULL;
	loop->timers.count--;
}

/* Moves what is in a list to the end of another. */
static void splice(struct koru__list *to, struct koru__list *from)
{
	if (koru__list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	koru__list_init(from);
}

static void place_all(struct koru__timers *t, struct koru__list *list, bool forward)
{
	if (forward) {
		for (struct koru__list *next, *link = list->next; link != list; link = next) {
			struct koru__timer *timer = timer_of(link);
			next = link->next;
			__builtin_prefetch(timer->hint, 1);
			place(t, timer, false);
		}
	} else {
		for (struct koru__list *next, *link = list->prev; link != list; link = next) {
			struct koru__timer *timer = timer_of(link);
			next = link->prev;
			__builtin_prefetch(timer->hint, 1);
			place(t, timer, true);
		}
	}
}

/* The clock has gone back, which only happens where a test lets it: `base` has to follow. */
static __attribute__((noinline)) void go_back(struct koru__timers *t, int64_t now)
{
	struct koru__list all;
	koru__list_init(&all);
	splice(&all, &t->late.list);
	struct koru__timer_slot *slot;
	unsigned level;
	while ((slot = first_slot(t, &level)) != NULL)
		splice(&all, &slot->list);
	t->base = now;
	place_all(t, &all, true);
}

/* Moves what is in a slot to lower levels. */
static void spread(struct koru__timers *t, struct koru__timer_slot *slot)
{
	struct koru__list all;
	koru__list_init(&all);
	splice(&all, &slot->list);
	t->base = slot->first;
	place_all(t, &all, slot->forward);
}

/* Whether sorting what is in a slot is more work than looking through it. */
static bool is_small(const struct koru__timer_slot *slot)
{
	const struct koru__list *link = slot->list.next;
	for (int n = 0; n < KORU__TIMER_SMALL; n++) {
		link = link->next;
		if (link == &slot->list)
			return true;
	}
	return false;
}

/* The first timer of a slot, by looking at all. */
static struct koru__timer *first_of(const struct koru__timer_slot *slot)
{
	struct koru__timer *first = timer_of(slot->list.next);
	for (struct koru__list *link = first->link.next; link != &slot->list; link = link->next)
		if (timer_of(link)->when < first->when)
			first = timer_of(link);
	return first;
}

/* Takes out the next timer that is due at `now`; NULL when there is none. */
static struct koru__timer *take_due(struct koru__loop *loop, int64_t now)
{
	struct koru__timers *t = &loop->timers;
	if (koru__unlikely(now < t->base))
		go_back(t, now);
	struct koru__timer *timer;
	if (koru__unlikely(!koru__list_empty(&t->late.list))) {
		timer = timer_of(t->late.list.next);
		koru__timer_remove(loop, timer);
		return timer;
	}
	unsigned level;
	struct koru__timer_slot *slot;
	while ((slot = first_slot(t, &level)) != NULL && slot->first <= now) {
		if (level == 0) {
			timer = timer_of(slot->list.next);
		} else if (is_small(slot)) {
			timer = first_of(slot);
			slot->first = timer->when; /* of those before it, all have gone */
			if (timer->when > now)
				break;
		} else {
			spread(t, slot);
			continue;
		}
		koru__timer_remove(loop, timer);
		return timer;
	}
	return NULL;
}

void koru__timers_fire(struct koru__loop *loop, int64_t now)
{
	struct koru__timer *timer;
	while ((timer = take_due(loop, now)) != NULL) {
		loop->counters.timers++;
		timer->fire(timer);
	}
}

int64_t koru__timer_round(int64_t when, int64_t slack)
{
	int64_t last = koru__clock_add(when, slack);
	if (slack <= 0 || when <= 0 || last == KORU_FOREVER)
		return when;
	/* Up to the highest bit in which the range's ends differ, seen from just before it. */
	unsigned bit = highest((uint64_t)((when - 1) ^ last));
	return last >> bit << bit;
}
