/* SPDX-License-Identifier: MIT
 *
 * Channels, as select sees them: the two ends, tried with both of them locked. See koru/chan.h.
 */
#ifndef KORU_SYNC_CHAN_H
#define KORU_SYNC_CHAN_H

#include "base/lock.h"
#include "koru/chan.h"
#include "koru/node.h"

#include <stdbool.h>

/* Both return what koru_chan_send and koru_chan_recv do, or -EAGAIN: the caller has to wait. Sets
 * *ret_wake to the waiter at the other end that is to be woken, as one that got what it waited
 * for; the lock may be given up first. Untouched when there is none. */
int koru__chan_send_locked(struct koru_chan *ch, const void *value, struct koru__waiter **ret_wake);
int koru__chan_recv_locked(struct koru_chan *ch, void *ret_value, struct koru__waiter **ret_wake);

/* With koru__lock held: the other end's lock too, where it has one of its own, so that nothing
 * about the channel can change. A second time does no harm: a select may name a channel twice. */
static inline void koru__chan_lock_rest(struct koru_chan *ch)
{
	if (!ch->koru__split || ch->koru__whole)
		return;
	koru__lock_take(&ch->koru__recv_lock);
	ch->koru__whole = true;
}

/* The mirror image, before koru__lock is given up. */
static inline void koru__chan_unlock_rest(struct koru_chan *ch)
{
	if (!ch->koru__whole)
		return;
	ch->koru__whole = false;
	koru__lock_give(&ch->koru__recv_lock);
}

/* How many values are in the buffer. Without both locks a hint, which may be more than there is
 * room for. */
static inline uint32_t koru__chan_fill(const struct koru_chan *ch)
{
	uint32_t received = __atomic_load_n(&ch->koru__received, __ATOMIC_ACQUIRE);
	return __atomic_load_n(&ch->koru__sent, __ATOMIC_ACQUIRE) - received;
}

/* Whether they seem possible. Without the locks only a hint; with them, false is true: those who
 * wait at the other end may have been served elsewhere. */
static inline bool koru__chan_may_send(const struct koru_chan *ch)
{
	return __atomic_load_n(&ch->koru__receivers.first, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&ch->koru__closed, __ATOMIC_RELAXED) ||
	       (ch->koru__buffered && koru__chan_fill(ch) < ch->koru__capacity);
}

static inline bool koru__chan_may_recv(const struct koru_chan *ch)
{
	return __atomic_load_n(&ch->koru__senders.first, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&ch->koru__closed, __ATOMIC_RELAXED) ||
	       (ch->koru__buffered && koru__chan_fill(ch) > 0);
}

/* The buffer in the orders other than KORU_CHAN_FIFO; there is room, or a value. */
void koru__chan_put_ordered(struct koru_chan *ch, const void *value);
void koru__chan_take_ordered(struct koru_chan *ch, void *ret_value);

#endif
