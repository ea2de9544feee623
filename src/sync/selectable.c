/* SPDX-License-Identifier: MIT
 * The two ends of a channel, futures and events as cases of a select. See selectable.h. */
#include "sync/selectable.h"

#include "koru/event.h"
#include "sched/future.h"
#include "sync/chan.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

static_assert(offsetof(struct koru_chan, koru__lock) == 0, "selectable.h");
static_assert(offsetof(struct koru_future, koru__lock) == 0, "selectable.h");
static_assert(offsetof(struct koru_event, koru__lock) == 0, "selectable.h");

static bool send_ready(const struct koru_case *c)
{
	return koru__chan_may_send(c->koru__object);
}

static bool send_attempt(struct koru_case *c, struct koru__waiter **ret_wake)
{
	int rc = koru__chan_send_locked(c->koru__object, c->koru__value, ret_wake);
	if (rc == -EAGAIN)
		return false;
	c->result = rc;
	return true;
}

static struct koru__waiters *send_queue(const struct koru_case *c)
{
	return &((struct koru_chan *)c->koru__object)->koru__senders;
}

static int send_finish(const struct koru_case *c, bool passed)
{
	(void)c;
	return passed ? 0 : -EPIPE;
}

static bool recv_ready(const struct koru_case *c)
{
	return koru__chan_may_recv(c->koru__object);
}

static bool recv_attempt(struct koru_case *c, struct koru__waiter **ret_wake)
{
	int rc = koru__chan_recv_locked(c->koru__object, c->koru__value, ret_wake);
	if (rc == -EAGAIN)
		return false;
	c->result = rc;
	return true;
}

static struct koru__waiters *recv_queue(const struct koru_case *c)
{
	return &((struct koru_chan *)c->koru__object)->koru__receivers;
}

static int recv_finish(const struct koru_case *c, bool passed)
{
	(void)c;
	return passed;
}

static int future_admit(const struct koru_case *c, const struct koru_task *task)
{
	return koru__future_admits(c->koru__object, task);
}

static bool future_ready(const struct koru_case *c)
{
	return koru__future_is_done(c->koru__object);
}

static bool future_attempt(struct koru_case *c, struct koru__waiter **ret_wake)
{
	(void)ret_wake;
	if (!koru__future_is_done(c->koru__object))
		return false;
	c->result = koru__future_take(c->koru__object);
	return true;
}

static struct koru__waiters *future_queue(const struct koru_case *c)
{
	return &((struct koru_future *)c->koru__object)->koru__waiters;
}

static int future_finish(const struct koru_case *c, bool passed)
{
	(void)passed;
	return koru__future_take(c->koru__object);
}

static bool event_ready(const struct koru_case *c)
{
	return koru_event_is_set(c->koru__object);
}

static bool event_attempt(struct koru_case *c, struct koru__waiter **ret_wake)
{
	(void)ret_wake;
	c->result = 0;
	return koru_event_is_set(c->koru__object);
}

static struct koru__waiters *event_queue(const struct koru_case *c)
{
	return &((struct koru_event *)c->koru__object)->koru__waiters;
}

static int event_finish(const struct koru_case *c, bool passed)
{
	(void)c, (void)passed;
	return 0;
}

const struct koru__selectable koru__selectable_send = {
	.ready = send_ready,
	.attempt = send_attempt,
	.queue = send_queue,
	.finish = send_finish,
};

const struct koru__selectable koru__selectable_recv = {
	.ready = recv_ready,
	.attempt = recv_attempt,
	.queue = recv_queue,
	.finish = recv_finish,
};

const struct koru__selectable koru__selectable_future = {
	.admit = future_admit,
	.ready = future_ready,
	.attempt = future_attempt,
	.queue = future_queue,
	.finish = future_finish,
};

const struct koru__selectable koru__selectable_event = {
	.ready = event_ready,
	.attempt = event_attempt,
	.queue = event_queue,
	.finish = event_finish,
};
