/* SPDX-License-Identifier: MIT
 *
 * The poller on epoll: tries each operation first and, when it would wait, watches the
 * descriptor and tries again when it is ready.
 *
 * A descriptor is watched one event at a time (EPOLLONESHOT) and armed anew for each wait. That
 * is a system call a wait more than a registration kept for the descriptor's life would need,
 * but it stays right when somebody closes the descriptor behind our back and its number comes
 * to mean another file.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/fault.h"
#include "base/macro.h"
#include "context/sanitize.h"
#include "koru/time.h"
#include "poll/attempt.h"
#include "poll/poller.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	EVENTS_MAX = 256,  /* taken from the kernel in one go */
	FDS_MIN = 64,      /* first size of the table */
	FDS_MAX = 1 << 24, /* last; above what Linux lets a process open by default */
};

/* What waits for a descriptor. */
struct watch {
	struct koru__list ops; /* in order of arrival */
};

struct epoll_poller {
	struct koru__poller poller;
	int epfd;
	bool coarse_timeout;    /* the kernel has no epoll_pwait2 */
	struct koru__list done; /* completed, not yet handed to the loop */
	struct watch **watches; /* by descriptor; NULL where nothing ever waited */
	int watches_len;
};

static struct epoll_poller *self(struct koru__poller *poller)
{
	return koru__container_of(poller, struct epoll_poller, poller);
}

static struct koru__op *op_of(struct koru__list *node)
{
	return koru__container_of(node, struct koru__op, link);
}

static int epoll_open(struct koru__poller **ret_poller)
{
	struct epoll_poller *p = koru__zalloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	int fault = koru__fault(KORU__FAULT_EPOLL);
	p->epfd = fault ? -1 : epoll_create1(EPOLL_CLOEXEC);
	if (p->epfd < 0) {
		int rc = fault ? -fault : -errno;
		koru__free(p);
		return rc;
	}
	p->poller.ops = &koru__epoll;
	koru__list_init(&p->done);
	*ret_poller = &p->poller;
	return 0;
}

static void epoll_close(struct koru__poller *poller)
{
	struct epoll_poller *p = self(poller);
	koru__assert(koru__list_empty(&p->done));
	for (int fd = 0; fd < p->watches_len; fd++) {
		koru__assert(!p->watches[fd] || koru__list_empty(&p->watches[fd]->ops));
		koru__free(p->watches[fd]);
	}
	koru__free(p->watches);
	close(p->epfd);
	koru__free(p);
}

static int epoll_fd(struct koru__poller *poller)
{
	return self(poller)->epfd;
}

/* The table's entry for `fd`, made if need be; NULL without memory. */
static struct watch *watch_of(struct epoll_poller *p, int fd)
{
	if (fd >= p->watches_len) {
		int len = p->watches_len ? p->watches_len : FDS_MIN;
		while (len <= fd && len < FDS_MAX)
			len *= 2;
		if (len <= fd)
			return NULL;
		struct watch **table =
		        koru__realloc(p->watches, (size_t)len, sizeof(struct watch *));
		if (!table)
			return NULL;
		for (int i = p->watches_len; i < len; i++)
			table[i] = NULL;
		p->watches = table;
		p->watches_len = len;
	}
	if (!p->watches[fd]) {
		struct watch *w = koru__alloc(sizeof(*w));
		if (!w)
			return NULL;
		koru__list_init(&w->ops);
		p->watches[fd] = w;
	}
	return p->watches[fd];
}

/* Asks the kernel for one event of all that the descriptor's operations wait for. */
static int arm(struct epoll_poller *p, int fd, struct watch *w)
{
	struct epoll_event event = { .events = EPOLLONESHOT, .data.fd = fd };
	for (struct koru__list *n = w->ops.next; n != &w->ops; n = n->next)
		event.events |= (uint32_t)koru__attempt_events(op_of(n));
	int fault = koru__fault(KORU__FAULT_EPOLL);
	if (fault)
		return -fault;
	if (epoll_ctl(p->epfd, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	if (errno == ENOENT && epoll_ctl(p->epfd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	return -errno;
}

static void complete(struct epoll_poller *p, struct koru__op *op, int64_t result)
{
	op->result = result;
	op->finished = true;
	koru__list_remove(&op->link);
	koru__list_push_back(&p->done, &op->link);
}

static bool epoll_submit(struct koru__poller *poller, struct koru__op *op)
{
	struct epoll_poller *p = self(poller);
	op->started = false;
	op->finished = false;
	if (koru__attempt(op))
		return true;
	koru__sanitize_quiet_begin(); /* the table is no task's */
	struct watch *w = watch_of(p, op->fd);
	koru__sanitize_quiet_end();
	if (!w) {
		op->result = -ENOMEM;
		return true;
	}
	koru__list_push_back(&w->ops, &op->link);
	int rc = arm(p, op->fd, w);
	if (rc < 0) {
		koru__list_remove(&op->link);
		op->result = rc;
		return true;
	}
	return false;
}

static void epoll_cancel(struct koru__poller *poller, struct koru__op *op)
{
	if (!op->finished) /* too late otherwise: it was done */
		complete(self(poller), op, -ECANCELED);
}

/* Tries again all that waited for `fd`. */
static void retry_fd(struct epoll_poller *p, int fd)
{
	struct watch *w = p->watches[fd];
	koru__assert(w);
	struct koru__list *next;
	for (struct koru__list *n = w->ops.next; n != &w->ops; n = next) {
		next = n->next;
		if (koru__attempt(op_of(n)))
			complete(p, op_of(n), op_of(n)->result);
	}
	if (koru__list_empty(&w->ops))
		return;
	int rc = arm(p, fd, w);
	while (rc < 0 && !koru__list_empty(&w->ops))
		complete(p, op_of(w->ops.next), rc);
}

static int wait_events(struct epoll_poller *p, struct epoll_event *events, int64_t timeout_ns)
{
	if (!p->coarse_timeout) {
		struct timespec ts = {
			.tv_sec = timeout_ns / KORU_SECOND,
			.tv_nsec = timeout_ns % KORU_SECOND,
		};
		int n = epoll_pwait2(p->epfd, events, EVENTS_MAX,
		                     timeout_ns == KORU_FOREVER ? NULL : &ts, NULL);
		if (n >= 0 || errno != ENOSYS)
			return n < 0 ? -errno : n;
		p->coarse_timeout = true;
	}
	int64_t ms = timeout_ns / KORU_MILLISECOND + (timeout_ns % KORU_MILLISECOND != 0);
	if (ms > INT_MAX)
		ms = timeout_ns == KORU_FOREVER ? -1 : INT_MAX;
	int n = epoll_wait(p->epfd, events, EVENTS_MAX, (int)ms);
	return n < 0 ? -errno : n;
}

static int epoll_wait_done(struct koru__poller *poller, int64_t timeout_ns,
                           struct koru__op **ret_done, int max)
{
	struct epoll_poller *p = self(poller);
	struct epoll_event events[EVENTS_MAX];
	int n = wait_events(p, events, koru__list_empty(&p->done) ? timeout_ns : 0);
	if (n < 0 && n != -EINTR)
		return n;
	koru__sanitize_quiet_begin();
	for (int i = 0; i < n; i++)
		retry_fd(p, events[i].data.fd);
	koru__sanitize_quiet_end();
	int count = 0;
	while (count < max && !koru__list_empty(&p->done))
		ret_done[count++] = op_of(koru__list_pop_front(&p->done));
	return count;
}

const struct koru__poller_ops koru__epoll = {
	.name = "epoll",
	.open = epoll_open,
	.fd = epoll_fd,
	.close = epoll_close,
	.submit = epoll_submit,
	.cancel = epoll_cancel,
	.wait = epoll_wait_done,
};
