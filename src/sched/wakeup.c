/* SPDX-License-Identifier: MIT
 * Sleeping and being woken. See wakeup.h. */
#include "sched/wakeup.h"

#include "base/assert.h"
#include "base/fault.h"
#include "base/lock.h"
#include "context/sanitize.h"
#include "sched/fork.h"
#include "sched/loop.h"
#include "sched/runtime.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* How long the loop sleeps where the poller cannot watch the eventfd for lack of memory. */
static const int64_t unwatched_limit = KORU_MILLISECOND;

int koru__wakeup_open(struct koru__loop *loop)
{
	loop->inbox.head = NULL;
	loop->wakes_owed = 0;
	loop->wake_watched = false;
	int fault = koru__fault(KORU__FAULT_EVENTFD);
	if (fault)
		return -fault;
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return loop->wake_fd < 0 ? -errno : 0;
}

void koru__wakeup_drain(struct koru__loop *loop)
{
	uint64_t count;
	ssize_t n = read(loop->wake_fd, &count, sizeof(count));
	if (n < 0)
		return; /* nothing there */
	koru__assert(n == sizeof(count) && count <= loop->wakes_owed);
	loop->wakes_owed -= (unsigned)count;
}

static void unwatch(struct koru__loop *loop)
{
	if (!loop->wake_watched)
		return;
	loop->poller->ops->cancel(loop->poller, &loop->wake_op);
	struct koru__op *done;
	while (loop->wake_watched) {
		int n = loop->poller->ops->wait(loop->poller, KORU_FOREVER, &done, 1);
		koru__assert(n >= 0);
		if (n == 1) {
			koru__assert(done == &loop->wake_op);
			loop->wake_watched = false;
		}
	}
}

void koru__wakeup_close(struct koru__loop *loop)
{
	unwatch(loop);
	koru__wakeup_drain(loop);
	while (loop->wakes_owed > 0) {
		struct pollfd p = { .fd = loop->wake_fd, .events = POLLIN };
		(void)poll(&p, 1, -1); /* an interruption only means another look */
		koru__wakeup_drain(loop);
	}
	close(loop->wake_fd);
}

static bool watch(struct koru__loop *loop)
{
	if (loop->wake_watched)
		return true;
	loop->wake_op = (struct koru__op){
		.code = KORU__OP_POLL,
		.fd = loop->wake_fd,
		.flags = POLLIN,
	};
	if (loop->poller->ops->submit(loop->poller, &loop->wake_op)) {
		koru__wakeup_drain(loop); /* written already, or it cannot be watched */
		return false;
	}
	loop->wake_watched = true;
	return true;
}

bool koru__wakeup_doze(struct koru__loop *loop)
{
	loop->asleep = koru__inbox_sleep(&loop->inbox);
	return loop->asleep;
}

int64_t koru__wakeup_sleep(struct koru__loop *loop, int64_t limit)
{
	if (limit == 0 || koru__alone())
		return limit;
	if (!watch(loop) && limit > unwatched_limit)
		limit = unwatched_limit;
	return koru__wakeup_doze(loop) ? limit : 0;
}

void koru__wakeup_rise(struct koru__loop *loop)
{
	if (loop->asleep && !koru__inbox_rise(&loop->inbox))
		loop->wakes_owed++;
	loop->asleep = false;
}

void koru__wakeup_completed(struct koru__loop *loop)
{
	loop->wake_watched = false;
	koru__wakeup_drain(loop);
}

void koru__wakeup_receive(struct koru__loop *loop)
{
	if (koru__inbox_empty(&loop->inbox))
		return;
	struct koru__message *newest = koru__inbox_swap(&loop->inbox, NULL);
	struct koru__message *first = NULL;
	while (newest) {
		struct koru__message *next = newest->next;
		newest->next = first;
		first = newest;
		newest = next;
	}
	while (first) {
		struct koru__message *next = first->next;
		first->receive(loop, first);
		first = next;
	}
}

void koru__wakeup_write(int fd)
{
	const uint64_t one = 1;
	koru__sanitize_quiet_begin(); /* no race with whoever made the descriptor */
	ssize_t n = write(fd, &one, sizeof(one));
	koru__sanitize_quiet_end();
	koru__assert(n == sizeof(one)); /* unless 2^64 - 2 of them are unread */
}

/* The last that this thread does with the loop, which waits for it before it closes. */
static void wake(struct koru__loop *loop)
{
	if (koru__likely(loop->runtime->forks == koru__forks)) /* not a copy of our parent's */
		koru__wakeup_write(loop->wake_fd);
}

void koru__loop_send(struct koru__loop *loop, struct koru__message *message)
{
	if (koru__inbox_put(&loop->inbox, message))
		wake(loop);
}

bool koru__loop_rouse(struct koru__loop *loop)
{
	if (!koru__inbox_rouse(&loop->inbox))
		return false;
	wake(loop);
	return true;
}
