/* SPDX-License-Identifier: MIT
 *
 * Descriptors among the cases of a select. In a task the poller watches them, and each of its
 * completions is one more that may claim the wait. A plain thread sleeps in poll(2), and whoever
 * claims it writes to an eventfd.
 */
#include "sync/select.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/fault.h"
#include "context/sanitize.h"
#include "sched/loop.h"
#include "sched/op.h"
#include "sched/park.h"
#include "sched/task.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { ON_STACK = 16 };

struct watched {
	struct koru_case *c;
	struct koru__op op; /* in a task */
};

struct koru__select_fds {
	struct koru__op_owner owner;
	struct koru__wait *wait;
	struct koru__timer timer;
	int pending;           /* operations that the poller holds */
	bool draining;         /* the wait is over, and only the poller is waited for */
	struct pollfd *polled; /* on a thread: one each, and behind them the eventfd */
	int count;
	struct watched watched[];
};

static void gather(struct koru_case cases[], int count, struct pollfd *polled)
{
	int known = 0;
	for (int i = 0; i < count; i++) {
		struct koru_case *c = &cases[i];
		if (c->koru__kind == KORU__CASE_FD)
			polled[known++] =
			        (struct pollfd){ .fd = c->koru__fd, .events = c->koru__events };
	}
}

int koru__select_fds_look(struct koru_case cases[], int count, int fds)
{
	struct pollfd on_stack[ON_STACK];
	struct pollfd *polled = on_stack;
	if (fds > ON_STACK) {
		polled = koru__alloc((size_t)fds * sizeof(*polled));
		if (!polled)
			return -ENOMEM;
	}
	gather(cases, count, polled);
	int ready = poll(polled, (nfds_t)fds, 0);
	for (int i = 0, k = 0; i < count; i++)
		if (cases[i].koru__kind == KORU__CASE_FD)
			cases[i].result = ready > 0 ? polled[k++].revents : 0;
	if (polled != on_stack)
		koru__free(polled);
	return 0;
}

/* The mirror image is koru__select_fds_close. */
static int open_thread(struct koru__select_fds *f)
{
	f->polled = koru__zalloc((size_t)f->count + 1, sizeof(*f->polled));
	if (!f->polled)
		return -ENOMEM;
	int fd = koru__fault(KORU__FAULT_EVENTFD) ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0) {
		koru__free(f->polled);
		return -EMFILE;
	}
	f->polled[f->count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	f->wait->wake_fd = fd;
	f->wait->woken = KORU__WOKEN_NOT_AND_POLLS;
	return 0;
}

int koru__select_fds_open(struct koru_case cases[], int count, int fds, struct koru__wait *wait,
                          struct koru__select_fds **ret_fds)
{
	struct koru__select_fds *f =
	        koru__zalloc(1, sizeof(*f) + (size_t)fds * sizeof(f->watched[0]));
	if (!f)
		return -ENOMEM;
	f->wait = wait;
	for (int i = 0; i < count; i++)
		if (cases[i].koru__kind == KORU__CASE_FD) {
			cases[i].koru__waiter.index = i;
			f->watched[f->count++].c = &cases[i];
		}
	int rc = wait->task ? 0 : open_thread(f);
	if (rc < 0) {
		koru__free(f);
		return rc;
	}
	if (f->polled)
		gather(cases, count, f->polled);
	*ret_fds = f;
	return 0;
}

static int ready(struct koru_case *c, int64_t result)
{
	c->result = result == -EBADF ? POLLNVAL : (int)result;
	return koru__wake_result(&c->koru__waiter, true);
}

static void on_completed(struct koru__op_owner *owner, struct koru__op *op)
{
	struct koru__select_fds *f = koru__container_of(owner, struct koru__select_fds, owner);
	struct watched *w = koru__container_of(op, struct watched, op);
	koru__assert(f->pending > 0);
	f->pending--;
	if (!f->draining) {
		if (koru__claim(&f->wait->claimed))
			koru__unpark(f->wait->task, ready(w->c, op->result));
	} else if (f->pending == 0) {
		koru__unpark(f->wait->task, 0);
	}
}

static void on_deadline(struct koru__timer *timer)
{
	struct koru__select_fds *f = koru__container_of(timer, struct koru__select_fds, timer);
	if (koru__claim(&f->wait->claimed))
		koru__unpark(f->wait->task, KORU__SELECT_TIMEOUT);
}

static int suspend_task(struct koru__select_fds *f, const struct koru__wait_kind *kind,
                        int64_t until)
{
	struct koru__loop *loop = f->wait->loop;
	f->owner.completed = on_completed;
	for (int i = 0; i < f->count; i++) {
		struct watched *w = &f->watched[i];
		w->op = (struct koru__op){
			.code = KORU__OP_POLL,
			.fd = w->c->koru__fd,
			.flags = w->c->koru__events,
		};
		if (!koru__op_submit(loop, &w->op, &f->owner))
			f->pending++;
		else if (koru__claim(&f->wait->claimed))
			return ready(w->c, w->op.result);
		else
			break; /* claimed already: woken soon */
	}
	if (until != KORU_FOREVER)
		koru__timer_add(loop, &f->timer, until, on_deadline);
	int rc = koru__wait_suspend(f->wait, kind);
	koru__timer_remove(loop, &f->timer);
	return rc;
}

/* Somebody has claimed this thread and writes to its eventfd, or has. */
static int await_wake(struct koru__select_fds *f)
{
	struct pollfd *wake = &f->polled[f->count];
	uint64_t one;
	while (read(wake->fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		(void)poll(wake, 1, -1); /* an interruption only means another look */
	koru__assert(__atomic_load_n(&f->wait->woken, __ATOMIC_ACQUIRE) == KORU__WOKEN);
	koru__sanitize_acquire(f->wait);
	return f->wait->result;
}

/* For poll(2), which knows milliseconds: rounded up. */
static int patience_ms(int64_t until)
{
	if (until == KORU_FOREVER)
		return -1;
	int64_t left = until - koru__clock_now();
	if (left <= 0)
		return 0;
	int64_t ms = (left + KORU_MILLISECOND - 1) / KORU_MILLISECOND;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

static int suspend_thread(struct koru__select_fds *f, int64_t until)
{
	for (;;) {
		int n = poll(f->polled, (nfds_t)f->count + 1, patience_ms(until));
		if (n > 0 && f->polled[f->count].revents)
			return await_wake(f);
		for (int i = 0; n > 0 && i < f->count; i++) {
			if (!f->polled[i].revents)
				continue;
			if (!koru__claim(&f->wait->claimed))
				return await_wake(f);
			return ready(f->watched[i].c, f->polled[i].revents);
		}
		if (until != KORU_FOREVER && koru__clock_now() >= until)
			return koru__claim(&f->wait->claimed) ? KORU__SELECT_TIMEOUT
			                                      : await_wake(f);
	}
}

int koru__select_fds_suspend(struct koru__select_fds *f, const struct koru__wait_kind *kind,
                             int64_t until)
{
	return f->wait->task ? suspend_task(f, kind, until) : suspend_thread(f, until);
}

static const struct koru__wait_kind draining = { "I/O", NULL };

void koru__select_fds_close(struct koru__select_fds *f)
{
	f->draining = true;
	for (int i = 0; i < f->count && f->pending > 0; i++)
		if (f->watched[i].op.owner)
			koru__op_cancel(f->wait->loop, &f->watched[i].op);
	if (f->pending > 0)
		koru__park(f->wait->loop, &draining, f->wait);
	koru__assert(f->pending == 0);
	if (f->polled) {
		close(f->polled[f->count].fd);
		koru__free(f->polled);
	}
	koru__free(f);
}
