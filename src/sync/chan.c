/* SPDX-License-Identifier: MIT
 *
 * Channels. See koru/chan.h.
 *
 * While somebody waits to receive the buffer is empty; while somebody waits to send it is full.
 * (Waiters that another channel of their select has served, or that were cancelled, do not count;
 * they are skipped.) So a value never overtakes another on its way through a FIFO.
 */
#include "sync/chan.h"

#include "base/alloc.h"
#include "base/lock.h"
#include "context/sanitize.h"
#include "sched/park.h"
#include "sched/wait.h"
#include "sched/call.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct koru__wait_kind sending = { "room in a channel", koru__wait_interrupt };
static const struct koru__wait_kind receiving = { "a value from a channel", koru__wait_interrupt };

/* See look_on. */
enum { LOOKS_MAX = 8, PAUSES_A_LOOK = 20, PAUSES_MIN = 8, PAUSES_MAX = 64 };

static bool is_valid(const void *buffer, size_t elem_size, size_t capacity,
                     const struct koru_chan_opts *opts)
{
	if (elem_size == 0 || elem_size > KORU_CHAN_ELEM_MAX || capacity > KORU_CHAN_CAPACITY_MAX)
		return false;
	if (capacity > 0 && !buffer)
		return false;
	if (!opts)
		return true;
	if (opts->order < KORU_CHAN_FIFO || opts->order > KORU_CHAN_PRIORITY)
		return false;
	return (capacity > 0 || opts->order == KORU_CHAN_FIFO) &&
	       (opts->compare != NULL) == (opts->order == KORU_CHAN_PRIORITY);
}

int koru_chan_init(struct koru_chan *ch, void *buffer, size_t elem_size, size_t capacity,
                   const struct koru_chan_opts *opts)
{
	if (!is_valid(buffer, elem_size, capacity, opts))
		return -EINVAL;
	*ch = (struct koru_chan){
		.koru__buffer = buffer,
		.koru__elem_size = (uint32_t)elem_size,
		.koru__capacity = (uint32_t)capacity,
		.koru__buffered = capacity > 0,
		.koru__split = capacity > 0 && (!opts || opts->order == KORU_CHAN_FIFO),
	};
	if (opts) {
		ch->koru__order = (uint8_t)opts->order;
		ch->koru__compare = opts->compare;
		ch->koru__compare_arg = opts->compare_arg;
	}
	return 0;
}

/* Both ends: nothing about the channel changes meanwhile. */
static inline void lock(struct koru_chan *ch)
{
	koru__lock_take(&ch->koru__lock);
	koru__chan_lock_rest(ch);
	koru__sanitize_acquire(ch);
}

static inline void unlock(struct koru_chan *ch)
{
	koru__sanitize_release(ch);
	koru__chan_unlock_rest(ch);
	koru__lock_give(&ch->koru__lock);
}

int koru_chan_done(struct koru_chan *ch)
{
	lock(ch);
	bool busy = ch->koru__senders.first || ch->koru__receivers.first;
	unlock(ch);
	return busy ? -EBUSY : 0;
}

int koru_chan_new(size_t elem_size, size_t capacity, const struct koru_chan_opts *opts,
                  struct koru_chan **ret_chan)
{
	/* The buffer follows, as aligned as any memory from the heap. */
	const size_t head = (sizeof(struct koru_chan) + 15) & ~(size_t)15;
	if (!is_valid(&head, elem_size, capacity, opts))
		return -EINVAL;
	char *block = koru__alloc(head + elem_size * capacity);
	if (!block)
		return -ENOMEM;
	*ret_chan = (struct koru_chan *)block;
	return koru_chan_init(*ret_chan, block + head, elem_size, capacity, opts);
}

int koru_chan_free(struct koru_chan *ch)
{
	if (!ch)
		return 0;
	int rc = koru_chan_done(ch);
	if (rc == 0)
		koru__free(ch);
	return rc;
}

/* The usual sizes without a call. */
static inline void copy(void *to, const void *from, size_t size)
{
	if (koru__likely(size == 8))
		memcpy(to, from, 8);
	else if (size == 4)
		memcpy(to, from, 4);
	else if (size == 16)
		memcpy(to, from, 16);
	else
		memcpy(to, from, size);
}

static inline size_t after(const struct koru_chan *ch, size_t place)
{
	place += ch->koru__elem_size;
	return place == (size_t)ch->koru__capacity * ch->koru__elem_size ? 0 : place;
}

/* With the lock of the end in question, at least: the other end sees it at once. */
static inline void put(struct koru_chan *ch, const void *value)
{
	if (koru__unlikely(ch->koru__order != KORU_CHAN_FIFO)) {
		koru__chan_put_ordered(ch, value);
		return;
	}
	copy(ch->koru__buffer + ch->koru__in, value, ch->koru__elem_size);
	ch->koru__in = after(ch, ch->koru__in);
	koru__sanitize_release(ch);
	__atomic_store_n(&ch->koru__sent, ch->koru__sent + 1, __ATOMIC_RELEASE);
}

static inline void take(struct koru_chan *ch, void *ret_value)
{
	if (koru__unlikely(ch->koru__order != KORU_CHAN_FIFO)) {
		koru__chan_take_ordered(ch, ret_value);
		return;
	}
	koru__sanitize_acquire(ch);
	if (koru__likely(ret_value))
		copy(ret_value, ch->koru__buffer + ch->koru__out, ch->koru__elem_size);
	ch->koru__out = after(ch, ch->koru__out);
	koru__sanitize_release(ch);
	__atomic_store_n(&ch->koru__received, ch->koru__received + 1, __ATOMIC_RELEASE);
}

/* Others of this end have it, or it is given to both. It is better left alone for a moment: they
 * pass several values in the time in which the cache line would come and go for one. */
static __attribute__((noinline)) void lock_end_later(struct koru__lock *lock)
{
	for (int pauses = PAUSES_MIN; pauses <= PAUSES_MAX; pauses *= 2) {
		for (int i = 0; i < pauses; i++)
			koru__pause();
		if (koru__lock_try(lock))
			return;
	}
	koru__lock_take(lock);
}

static inline void lock_end(struct koru__lock *lock)
{
	if (koru__unlikely(!koru__lock_try(lock)))
		lock_end_later(lock);
}

/* One value, with the lock of one end, where nobody waits at the other. Else -EAGAIN: it may be
 * possible all the same. */
static inline int send_quickly(struct koru_chan *ch, const void *value)
{
	if (koru__unlikely(!ch->koru__split))
		return -EAGAIN;
	int rc = -EAGAIN;
	lock_end(&ch->koru__lock);
	if (koru__unlikely((int32_t)(ch->koru__room - ch->koru__sent) <= 0))
		ch->koru__room =
		        __atomic_load_n(&ch->koru__received, __ATOMIC_ACQUIRE) + ch->koru__capacity;
	if (koru__likely((int32_t)(ch->koru__room - ch->koru__sent) > 0 &&
	                 !ch->koru__receivers.first && !ch->koru__closed)) {
		koru__sanitize_acquire(ch);
		put(ch, value);
		rc = 0;
	}
	koru__lock_give(&ch->koru__lock);
	return rc;
}

static inline int recv_quickly(struct koru_chan *ch, void *ret_value)
{
	if (koru__unlikely(!ch->koru__split))
		return -EAGAIN;
	int rc = -EAGAIN;
	lock_end(&ch->koru__recv_lock);
	if (koru__unlikely((int32_t)(ch->koru__known - ch->koru__received) <= 0))
		ch->koru__known = __atomic_load_n(&ch->koru__sent, __ATOMIC_ACQUIRE);
	if (koru__likely((int32_t)(ch->koru__known - ch->koru__received) > 0 &&
	                 !ch->koru__awaited)) {
		take(ch, ret_value);
		rc = 1;
	}
	koru__lock_give(&ch->koru__recv_lock);
	return rc;
}

static inline int send_locked(struct koru_chan *ch, const void *value,
                              struct koru__waiter **ret_wake)
{
	if (koru__unlikely(ch->koru__closed))
		return -EPIPE;
	struct koru__waiter *w = koru__waiters_claim(&ch->koru__receivers);
	if (w) {
		if (koru__likely(w->data))
			copy(w->data, value, ch->koru__elem_size);
		*ret_wake = w;
		return 0;
	}
	if (!ch->koru__buffered || koru__chan_fill(ch) == ch->koru__capacity)
		return -EAGAIN;
	put(ch, value);
	return 0;
}

static inline int recv_locked(struct koru_chan *ch, void *ret_value, struct koru__waiter **ret_wake)
{
	bool buffered = ch->koru__buffered && koru__chan_fill(ch) > 0;
	if (buffered)
		take(ch, ret_value);
	struct koru__waiter *w = koru__waiters_claim(&ch->koru__senders);
	if (w) {
		if (buffered)
			put(ch, w->data);
		else if (koru__likely(ret_value))
			copy(ret_value, w->data, ch->koru__elem_size);
		*ret_wake = w;
		return 1;
	}
	if (ch->koru__buffered)
		ch->koru__awaited = false;
	if (buffered)
		return 1;
	return koru__unlikely(ch->koru__closed) ? 0 : -EAGAIN;
}

int koru__chan_send_locked(struct koru_chan *ch, const void *value, struct koru__waiter **ret_wake)
{
	return send_locked(ch, value, ret_wake);
}

int koru__chan_recv_locked(struct koru_chan *ch, void *ret_value, struct koru__waiter **ret_wake)
{
	return recv_locked(ch, ret_value, ret_wake);
}

static inline void wake(struct koru__waiter *w)
{
	if (w)
		koru__wait_wake(w->wait, koru__wake_result(w, true));
}

/* With a buffer, a moment's patience lets the other end, on another thread, fill or empty some of
 * it, where each value would otherwise be a wake-up of its own. It looks seldom, since each look
 * takes the cache line away from the other. True when the call seems possible now; with no lock
 * held. */
static __attribute__((noinline)) bool look_on(const struct koru_chan *ch,
                                              bool (*may)(const struct koru_chan *ch))
{
	if (may(ch))
		return true;
	if (koru__task_self() && !koru__wait_may_look())
		return false;
	bool came = false;
	for (int i = 0; i < LOOKS_MAX && !came; i++) {
		for (int k = 0; k < PAUSES_A_LOOK; k++)
			koru__pause();
		came = may(ch);
	}
	koru__wait_looked(came);
	return came;
}

/* Waits in one of the two queues, the channel locked. Returns whether it got what it waited for, or
 * -ECANCELED. All that whoever serves it has to see fills a cache line; what it looks at itself
 * meanwhile comes after, in the next. */
static __attribute__((noinline)) int wait_in(struct koru_chan *ch, struct koru__waiters *queue,
                                             void *data, const struct koru__wait_kind *kind)
{
	struct {
		struct koru__waiter w;
		struct koru__wait wait;
	} self __attribute__((aligned(64)));
	static_assert(offsetof(__typeof__(self), wait.woken) == 64, "a line each");
	koru__call_waits(&self.wait);
	self.w.wait = &self.wait;
	self.w.data = data;
	self.w.index = 0;
	koru__waiters_push(queue, &self.w);
	unlock(ch);
	int rc = koru__wait_suspend(&self.wait, kind);
	if (koru__likely(rc >= 0))
		return koru__wake_passed(rc);
	lock(ch);
	koru__waiters_remove(queue, &self.w);
	unlock(ch);
	return rc;
}

static inline int wait_to_send(struct koru_chan *ch, const void *value)
{
	struct koru__waiter *w = NULL;
	lock(ch);
	int rc = send_locked(ch, value, &w);
	if (rc == -EAGAIN) {
		/* Receivers only read through `data` here. */
		ch->koru__awaited = true;
		rc = wait_in(ch, &ch->koru__senders, (void *)(uintptr_t)value, &sending);
		return koru__likely(rc == 1) ? 0 : rc < 0 ? rc : -EPIPE;
	}
	unlock(ch);
	wake(w);
	koru__call_spared();
	return rc;
}

int koru_chan_send(struct koru_chan *ch, const void *value)
{
	int rc = koru__call_begin();
	if (koru__unlikely(rc < 0))
		return rc;
	if (ch->koru__buffered) {
		rc = send_quickly(ch, value);
		if (koru__unlikely(rc < 0) && !koru__alone() && look_on(ch, koru__chan_may_send))
			rc = send_quickly(ch, value);
		if (koru__likely(rc >= 0)) {
			koru__call_spared();
			return rc;
		}
	}
	return wait_to_send(ch, value);
}

static inline int wait_to_recv(struct koru_chan *ch, void *ret_value)
{
	struct koru__waiter *w = NULL;
	lock(ch);
	int rc = recv_locked(ch, ret_value, &w);
	if (rc == -EAGAIN)
		return wait_in(ch, &ch->koru__receivers, ret_value, &receiving);
	unlock(ch);
	wake(w);
	koru__call_spared();
	return rc;
}

int koru_chan_recv(struct koru_chan *ch, void *ret_value)
{
	int rc = koru__call_begin();
	if (koru__unlikely(rc < 0))
		return rc;
	if (ch->koru__capacity > 0) { /* `buffered` is the other end's */
		rc = recv_quickly(ch, ret_value);
		if (koru__unlikely(rc < 0) && !koru__alone() && look_on(ch, koru__chan_may_recv))
			rc = recv_quickly(ch, ret_value);
		if (koru__likely(rc >= 0)) {
			koru__call_spared();
			return rc;
		}
	}
	return wait_to_recv(ch, ret_value);
}

int koru_chan_try_send(struct koru_chan *ch, const void *value)
{
	int rc = send_quickly(ch, value);
	if (koru__likely(rc == 0))
		return rc;
	struct koru__waiter *w = NULL;
	lock(ch);
	rc = send_locked(ch, value, &w);
	unlock(ch);
	wake(w);
	return rc;
}

int koru_chan_try_recv(struct koru_chan *ch, void *ret_value)
{
	int rc = recv_quickly(ch, ret_value);
	if (koru__likely(rc == 1))
		return rc;
	struct koru__waiter *w = NULL;
	lock(ch);
	rc = recv_locked(ch, ret_value, &w);
	unlock(ch);
	wake(w);
	return rc;
}

/* Closes it, dropping what is in the buffer or not. Returns false when it was closed already. */
static bool close_now(struct koru_chan *ch, bool drop, uint32_t *ret_dropped)
{
	struct koru__waiters senders, receivers;
	lock(ch);
	bool first = !ch->koru__closed;
	__atomic_store_n(&ch->koru__closed, true, __ATOMIC_RELAXED);
	*ret_dropped = drop ? koru__chan_fill(ch) : 0;
	__atomic_store_n(&ch->koru__received, ch->koru__received + *ret_dropped, __ATOMIC_RELAXED);
	koru__waiters_claim_all(&ch->koru__senders, &senders);
	koru__waiters_claim_all(&ch->koru__receivers, &receivers);
	unlock(ch);
	koru__waiters_wake_each(&senders, false);
	koru__waiters_wake_each(&receivers, false);
	return first;
}

int koru_chan_close(struct koru_chan *ch)
{
	uint32_t none;
	return close_now(ch, false, &none) ? 0 : -EALREADY;
}

int koru_chan_shutdown(struct koru_chan *ch)
{
	uint32_t dropped;
	(void)close_now(ch, true, &dropped);
	return (int)dropped;
}

size_t koru_chan_count(const struct koru_chan *ch)
{
	uint32_t count = koru__chan_fill(ch);
	return count < ch->koru__capacity ? count : ch->koru__capacity;
}
