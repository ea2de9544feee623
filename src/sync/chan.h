/* SPDX-License-Identifier: MIT
 *
 * Channels, as select sees them: the two ends, tried with the channel locked. See koru/chan.h.
 */
#ifndef KORU_SYNC_CHAN_H
#define KORU_SYNC_CHAN_H

#include "koru/chan.h"
#include "koru/node.h"

#include <stdbool.h>

/* Both return what koru_chan_send and koru_chan_recv do, or -EAGAIN: the caller has to wait. Sets
 * *ret_wake to the waiter at the other end that is to be woken, as one that got what it waited
 * for; the lock may be given up first. Untouched when there is none. */
int koru__chan_send_locked(struct koru_chan *ch, const void *value, struct koru__waiter **ret_wake);
int koru__chan_recv_locked(struct koru_chan *ch, void *ret_value, struct koru__waiter **ret_wake);

/* Whether they seem possible. Without the lock only a hint; with it, false is true: those who wait
 * at the other end may have been served elsewhere. */
static inline bool koru__chan_may_send(const struct koru_chan *ch)
{
	return __atomic_load_n(&ch->koru__receivers.first, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&ch->koru__count, __ATOMIC_RELAXED) < ch->koru__capacity ||
	       __atomic_load_n(&ch->koru__closed, __ATOMIC_RELAXED);
}

static inline bool koru__chan_may_recv(const struct koru_chan *ch)
{
	return __atomic_load_n(&ch->koru__count, __ATOMIC_RELAXED) > 0 ||
	       __atomic_load_n(&ch->koru__senders.first, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&ch->koru__closed, __ATOMIC_RELAXED);
}

/* The buffer in the orders other than KORU_CHAN_FIFO; there is room, or a value. */
void koru__chan_put_ordered(struct koru_chan *ch, const void *value);
void koru__chan_take_ordered(struct koru_chan *ch, void *ret_value);

#endif
