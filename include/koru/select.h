/* SPDX-License-Identifier: MIT
 *
 * Select: waits for the first of several things that can happen, and does that one.
 *
 *     struct koru_case cases[] = {
 *             koru_case_recv(&requests, &request),
 *             koru_case_send(&answers, &answer),
 *             koru_case_future(&helper),
 *             koru_case_after(KORU_SECOND),
 *     };
 *     switch (koru_select(cases, 4, NULL)) {
 *     case 0: ...
 *
 * Exactly one case is carried out: no other has sent, received or taken anything. Of several that
 * are possible each is as likely as the others.
 */
#ifndef KORU_SELECT_H
#define KORU_SELECT_H

#include <koru/chan.h>
#include <koru/event.h>
#include <koru/future.h>
#include <koru/node.h>
#include <koru/time.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum koru__case_kind {
	KORU__CASE_NONE,
	KORU__CASE_SEND,
	KORU__CASE_RECV,
	KORU__CASE_FUTURE,
	KORU__CASE_EVENT,
	KORU__CASE_FD,
	KORU__CASE_TIME,
};

/* One of the things waited for, made by the functions below. An array of them may be used for any
 * number of selects, one at a time; it stays where it is meanwhile. */
struct koru_case {
	int result; /* of the case that was carried out: see where it is made */
	uint8_t koru__kind;
	short koru__events;
	int koru__fd;
	void *koru__object;
	void *koru__value;
	int64_t koru__when;
	/* While in koru_select: */
	struct koru__waiter koru__waiter;
	void *koru__locked; /* cases[i] keeps the i-th object to lock, not its own */
};

static inline struct koru_case koru__case(enum koru__case_kind kind, void *object, void *value)
{
	struct koru_case c;
	c.result = 0;
	c.koru__kind = (uint8_t)(object ? kind : KORU__CASE_NONE);
	c.koru__events = 0;
	c.koru__fd = -1;
	c.koru__object = object;
	c.koru__value = value;
	c.koru__when = 0;
	return c;
}

/* As koru_chan_send: `value` is sent. The result is 0, or -EPIPE: the channel is closed.
 * In this and the next ones NULL for the object stands for a case that is never possible. */
static inline struct koru_case koru_case_send(struct koru_chan *ch, const void *value)
{
	return koru__case(KORU__CASE_SEND, ch, (void *)(uintptr_t)value);
}

/* As koru_chan_recv: a value is received into `ret_value`. The result is 1, or 0 at the end. */
static inline struct koru_case koru_case_recv(struct koru_chan *ch, void *ret_value)
{
	return koru__case(KORU__CASE_RECV, ch, ret_value);
}

/* As koru_await_result: possible once the future is done. The result is the future's. */
static inline struct koru_case koru_case_future(struct koru_future *future)
{
	return koru__case(KORU__CASE_FUTURE, future, 0);
}

/* As koru_event_wait: possible while the event is set. The result is 0. */
static inline struct koru_case koru_case_event(struct koru_event *event)
{
	return koru__case(KORU__CASE_EVENT, event, 0);
}

/* As koru_poll: possible once the descriptor is ready for `events` (POLLIN, POLLOUT). The result
 * is what poll(2) calls revents, 0 when something happened that nobody asked about, or negative:
 * it cannot be watched. A negative `fd` stands for a case that is never possible. */
static inline struct koru_case koru_case_fd(int fd, short events)
{
	struct koru_case c = koru__case(KORU__CASE_NONE, 0, 0);
	c.koru__kind = (uint8_t)(fd < 0 ? KORU__CASE_NONE : KORU__CASE_FD);
	c.koru__events = events;
	c.koru__fd = fd;
	return c;
}

/* Possible from the moment `when` of koru_now()'s clock; and `ns` nanoseconds after this call, not
 * after koru_select's. The result is 0. */
static inline struct koru_case koru_case_at(int64_t when)
{
	struct koru_case c = koru__case(KORU__CASE_NONE, 0, 0);
	c.koru__kind = KORU__CASE_TIME;
	c.koru__when = when;
	return c;
}

static inline struct koru_case koru_case_after(int64_t ns)
{
	int64_t now = koru_now();
	return koru_case_at(ns > KORU_FOREVER - now ? KORU_FOREVER : now + ns);
}

struct koru_select_opts {
	bool no_wait;     /* never wait: -EAGAIN when no case is possible */
	int64_t timeout;  /* nanoseconds from now until -ETIMEDOUT; 0: none. Negative: over */
	int64_t deadline; /* the same as a moment of koru_now()'s clock; 0: none. The nearer wins */
};

#define KORU_SELECT_FDS_MAX 1024 /* descriptors in one select */

/* Waits until one of `count` cases is possible, and carries it out. `opts` may be NULL. Suspends
 * the task, or blocks a thread that runs no loop; with no_wait it does neither, so a scope that is
 * over does not matter to it.
 * Returns the index of the case, or with nothing done
 *   -EAGAIN     no_wait, and none is possible,
 *   -ETIMEDOUT  the time was over and none was possible,
 *   -ECANCELED  the caller's scope is over,
 *   -EDEADLK    one of the futures is the calling task's own,
 *   -EINVAL     none can ever be possible and there is no time limit; a future in zeroed storage;
 *               more than KORU_SELECT_FDS_MAX descriptors; a negative count,
 *   -ENOMEM, -EMFILE  descriptors could not be waited for. */
int koru_select(struct koru_case cases[], int count, const struct koru_select_opts *opts);

/* Seeds the choice between possible cases for all selects of the calling thread, so that a run can
 * be repeated. Otherwise the seed is the kernel's. Never suspends. */
void koru_select_seed(uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
