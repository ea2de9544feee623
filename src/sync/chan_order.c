/* SPDX-License-Identifier: MIT
 * The buffer of a channel that is a stack or a priority queue. See chan.h.
 *
 * Priority: a binary heap (Williams: Algorithm 232, Heapsort, CACM 1964). No value goes before its
 * parent, so the root goes before all. */
#include "sync/chan.h"

#include <string.h>

static char *at(const struct koru_chan *ch, size_t index)
{
	return ch->koru__buffer + index * ch->koru__elem_size;
}

static bool goes_before(const struct koru_chan *ch, const void *a, const void *b)
{
	return ch->koru__compare(a, b, ch->koru__compare_arg) < 0;
}

static void heap_put(struct koru_chan *ch, const void *value)
{
	size_t hole = koru__chan_fill(ch);
	ch->koru__sent++;
	while (hole > 0) {
		size_t parent = (hole - 1) / 2;
		if (!goes_before(ch, value, at(ch, parent)))
			break;
		memcpy(at(ch, hole), at(ch, parent), ch->koru__elem_size);
		hole = parent;
	}
	memcpy(at(ch, hole), value, ch->koru__elem_size);
}

/* The root has been taken: the last value has to find a new place. */
static void heap_mend(struct koru_chan *ch)
{
	ch->koru__received++;
	size_t count = koru__chan_fill(ch);
	const char *last = at(ch, count); /* stays where it is meanwhile */
	size_t hole = 0;
	for (size_t child; (child = 2 * hole + 1) < count; hole = child) {
		if (child + 1 < count && goes_before(ch, at(ch, child + 1), at(ch, child)))
			child++;
		if (!goes_before(ch, at(ch, child), last))
			break;
		memcpy(at(ch, hole), at(ch, child), ch->koru__elem_size);
	}
	if (hole != count)
		memcpy(at(ch, hole), last, ch->koru__elem_size);
}

void koru__chan_put_ordered(struct koru_chan *ch, const void *value)
{
	if (ch->koru__order == KORU_CHAN_PRIORITY) {
		heap_put(ch, value);
	} else {
		memcpy(at(ch, koru__chan_fill(ch)), value, ch->koru__elem_size);
		ch->koru__sent++;
	}
}

void koru__chan_take_ordered(struct koru_chan *ch, void *ret_value)
{
	bool heap = ch->koru__order == KORU_CHAN_PRIORITY;
	if (ret_value)
		memcpy(ret_value, at(ch, heap ? 0 : koru__chan_fill(ch) - 1), ch->koru__elem_size);
	if (heap)
		heap_mend(ch);
	else
		ch->koru__received++;
}
