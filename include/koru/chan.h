/* SPDX-License-Identifier: MIT
 *
 * Channels: values of one size, passed from those who send to those who receive.
 *
 *     int values[16];
 *     struct koru_chan ch;
 *     koru_chan_init(&ch, values, sizeof(int), 16, NULL);
 *
 *     while (koru_chan_recv(&ch, &n) == 1)    // one task
 *             use(n);
 *
 *     for (int i = 0; i < 100; i++)           // another
 *             koru_chan_send(&ch, &i);
 *     koru_chan_close(&ch);
 *
 * Any number of senders and receivers, in tasks of any loop and on plain threads. A channel of
 * capacity 0 is a rendezvous: a value is copied from its sender's storage straight into its
 * receiver's, and the sender goes on when that has been done. Otherwise a sender waits only while
 * `capacity` values are on their way.
 *
 * Who waits is served in order of arrival. A call that was cancelled sent nothing and received
 * nothing. What was done before a send is seen by whoever has received the value.
 *
 * To wait for several channels at once, or for a channel and a time limit: koru/select.h.
 */
#ifndef KORU_CHAN_H
#define KORU_CHAN_H

#include <koru/node.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which of the values in the buffer is received next. */
enum koru_chan_order {
	KORU_CHAN_FIFO = 0,     /* the oldest */
	KORU_CHAN_LIFO = 1,     /* the latest */
	KORU_CHAN_PRIORITY = 2, /* the one that goes before all others */
};

/* Less than 0: value `a` goes before `b`; more: after it; 0: either may go first. Called by both
 * ends with the channel locked: must not suspend or use the channel. */
typedef int koru_chan_compare_fn(const void *a, const void *b, void *arg);

struct koru_chan_opts {
	enum koru_chan_order order;
	koru_chan_compare_fn *compare; /* for KORU_CHAN_PRIORITY, and only there */
	void *compare_arg;
};

#define KORU_CHAN_ELEM_MAX     ((size_t)64 << 10) /* bytes a value; pass pointers to more */
#define KORU_CHAN_CAPACITY_MAX ((size_t)1 << 30)  /* values */

/* In the caller's storage, unmoved from init to done. The fields belong to koru. The two ends lie
 * so far apart that they never share a cache line, wherever the whole is. */
struct koru_chan {
	/* The sending end, and who waits. */
	struct koru__lock koru__lock;
	bool koru__closed;
	bool koru__whole;    /* whoever holds this lock has the other too */
	bool koru__buffered; /* its capacity is not 0 */
	struct koru__waiters koru__senders;
	struct koru__waiters koru__receivers;
	uint32_t koru__sent; /* values put into the buffer so far */
	uint32_t koru__room; /* how many that may become, as far as this end knows */
	size_t koru__in;     /* of a FIFO: where in the buffer the next one is put, in bytes */
	char koru__space[56];

	/* The receiving end. */
	struct koru__lock koru__recv_lock;
	uint32_t koru__received; /* values taken out of the buffer so far */
	uint32_t koru__known;    /* how many were put in, as far as this end knows */
	bool koru__awaited;      /* false: no sender waits */
	size_t koru__out;        /* of a FIFO: where in the buffer the oldest is */

	/* What does not change. */
	koru_chan_compare_fn *koru__compare;
	void *koru__compare_arg;
	char koru__more_space[40];
	char *koru__buffer;
	uint32_t koru__elem_size;
	uint32_t koru__capacity;
	uint8_t koru__order; /* enum koru_chan_order */
	bool koru__split;    /* each end has its own lock; else koru__lock is for both */
};

/* Makes a channel for values of `elem_size` bytes. `buffer` has room for `capacity` of them, is
 * aligned for them and stays the caller's; with capacity 0 it is not looked at. `opts` may be NULL.
 * Never suspends.
 * Returns 0, or -EINVAL: elem_size is 0 or over KORU_CHAN_ELEM_MAX, capacity is over
 * KORU_CHAN_CAPACITY_MAX, no buffer, an order unknown or other than FIFO without capacity, or a
 * comparison missing or superfluous. */
int koru_chan_init(struct koru_chan *ch, void *buffer, size_t elem_size, size_t capacity,
                   const struct koru_chan_opts *opts);

/* Ends it; values in the buffer are forgotten. Nobody may use it any more. Never suspends.
 * Returns 0, or -EBUSY: somebody waits in it, and nothing was done. */
int koru_chan_done(struct koru_chan *ch);

/* The same on the heap, buffer included. koru_chan_free(NULL) does nothing and returns 0.
 * koru_chan_new returns 0, -EINVAL as koru_chan_init, or -ENOMEM; koru_chan_free as
 * koru_chan_done. */
int koru_chan_new(size_t elem_size, size_t capacity, const struct koru_chan_opts *opts,
                  struct koru_chan **ret_chan);
int koru_chan_free(struct koru_chan *ch);

/* Sends the value at `value`. Suspends the task, or blocks a thread that runs no loop, until a
 * receiver or the buffer has taken it.
 * Returns 0, or with nothing sent
 *   -EPIPE      the channel is closed, or was closed meanwhile,
 *   -ECANCELED  the caller's scope is over. */
int koru_chan_send(struct koru_chan *ch, const void *value);

/* Receives a value into `ret_value`, which may be NULL. Suspends the task, or blocks a thread that
 * runs no loop, until there is one.
 * Returns 1; 0 at the end: the channel is closed and nothing is left in it; or -ECANCELED: nothing
 * was received, the caller's scope is over. */
int koru_chan_recv(struct koru_chan *ch, void *ret_value);

/* The same without waiting: -EAGAIN where they would have waited. Never suspend, so a scope that
 * is over does not matter to them; any thread. */
int koru_chan_try_send(struct koru_chan *ch, const void *value);
int koru_chan_try_recv(struct koru_chan *ch, void *ret_value);

/* No more will be sent: those who wait to send get -EPIPE. What is in the buffer is still
 * received; then receivers get 0. Never suspends; any thread.
 * Returns 0, or -EALREADY: it was closed before. */
int koru_chan_close(struct koru_chan *ch);

/* The same at once: what is in the buffer is dropped. (Where values own something, close the
 * channel and receive what is left instead.) May follow koru_chan_close. Never suspends; any
 * thread.
 * Returns how many values were dropped. */
int koru_chan_shutdown(struct koru_chan *ch);

/* How many values are in the buffer at the moment. Never suspends; any thread. */
size_t koru_chan_count(const struct koru_chan *ch);

#ifdef __cplusplus
}
#endif
#endif
