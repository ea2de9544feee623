/* SPDX-License-Identifier: MIT
 *
 * The poller on io_uring: one system call a turn of the loop submits all that the tasks have
 * asked for and fetches all that is done.
 *
 * A request's user_data is the operation's address; 0 marks requests of our own whose
 * completion says nothing (cancellations).
 */
#ifdef KORU_URING

#include "base/alloc.h"
#include "base/assert.h"
#include "base/fault.h"
#include "base/macro.h"
#include "context/sanitize.h"
#include "koru/time.h"
#include "poll/poller.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	SQ_ENTRIES = 256,  /* requests between two system calls; more only submit earlier */
	CQ_ENTRIES = 4096, /* completions between two looks; the kernel keeps what overflows */
};

struct uring_poller {
	struct koru__poller poller;
	struct io_uring ring;
	struct koru__list backlog; /* operations that found the submission queue full */
	struct koru__list done;    /* completed without the kernel */
	struct koru__list cancels; /* operations whose cancellation found it full */
	unsigned in_flight;        /* operations the kernel holds */
	int event_fd;              /* written to by the kernel when there is something to take; -1
	                            * until asked for */
};

static struct uring_poller *self(struct koru__poller *poller)
{
	return koru__container_of(poller, struct uring_poller, poller);
}

static struct koru__op *op_of(struct koru__list *node)
{
	return koru__container_of(node, struct koru__op, link);
}

/* Flags that later kernels know, best first. The last set is what Linux 5.11 has. */
static const unsigned setup_flags[] = {
	/* 6.1: completions are worked on only when this thread asks for them */
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
	        IORING_SETUP_TASKRUN_FLAG,
	/* 5.19: and never by interrupting it */
	IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_TASKRUN_FLAG,
	0,
};

static int setup(struct io_uring *ring)
{
	int rc = -koru__fault(KORU__FAULT_URING);
	for (size_t i = 0; rc == 0 && i < koru__array_len(setup_flags); i++) {
		struct io_uring_params params = {
			.flags = setup_flags[i] | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
			.cq_entries = CQ_ENTRIES,
		};
		rc = io_uring_queue_init_params(SQ_ENTRIES, ring, &params);
		if (rc == -EINVAL && i + 1 < koru__array_len(setup_flags)) {
			rc = 0;
			continue;
		}
		if (rc < 0)
			break;
		/* Waiting with a timeout (5.11), keeping completions that overflow, watching
		 * sockets by itself: without these epoll serves better. */
		const unsigned needed =
		        IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP | IORING_FEAT_FAST_POLL;
		if ((params.features & needed) == needed)
			return 0;
		io_uring_queue_exit(ring);
		return -ENOSYS;
	}
	/* Not there, denied by a seccomp filter or by kernel.io_uring_disabled. */
	if (rc == -ENOSYS || rc == -EPERM || rc == -EACCES || rc == -EINVAL)
		return -ENOSYS;
	return rc;
}

static int uring_open(struct koru__poller **ret_poller)
{
	struct uring_poller *p = koru__zalloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	int rc = setup(&p->ring);
	if (rc < 0) {
		koru__free(p);
		return rc;
	}
	p->poller.ops = &koru__uring;
	p->event_fd = -1;
	koru__list_init(&p->backlog);
	koru__list_init(&p->done);
	koru__list_init(&p->cancels);
	*ret_poller = &p->poller;
	return 0;
}

static void uring_close(struct koru__poller *poller)
{
	struct uring_poller *p = self(poller);
	koru__assert(p->in_flight == 0 && koru__list_empty(&p->backlog));
	koru__assert(koru__list_empty(&p->done) && koru__list_empty(&p->cancels));
	io_uring_queue_exit(&p->ring);
	if (p->event_fd >= 0)
		close(p->event_fd);
	koru__free(p);
}

/* Not the ring's own: with DEFER_TASKRUN that is ready only once a completion has been worked on,
 * which only happens inside `wait` (seen on Linux 6.18). An eventfd is told before. */
static int uring_fd(struct koru__poller *poller)
{
	struct uring_poller *p = self(poller);
	if (p->event_fd >= 0)
		return p->event_fd;
	int fault = koru__fault(KORU__FAULT_EVENTFD);
	int fd = fault ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return fault ? -fault : -errno;
	int rc = io_uring_register_eventfd(&p->ring, fd);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	p->event_fd = fd;
	return fd;
}

static void prepare(struct io_uring_sqe *sqe, const struct koru__op *op)
{
	switch ((enum koru__opcode)op->code) {
	case KORU__OP_READ:
		io_uring_prep_read(sqe, op->fd, op->buf, (unsigned)op->len, (uint64_t)-1);
		break;
	case KORU__OP_WRITE:
		io_uring_prep_write(sqe, op->fd, op->buf, (unsigned)op->len, (uint64_t)-1);
		break;
	case KORU__OP_RECV: io_uring_prep_recv(sqe, op->fd, op->buf, op->len, op->flags); break;
	case KORU__OP_SEND:
		io_uring_prep_send(sqe, op->fd, op->buf, op->len, op->flags | MSG_NOSIGNAL);
		break;
	case KORU__OP_ACCEPT:
		io_uring_prep_accept(sqe, op->fd, op->addr, op->addrlen,
		                     SOCK_CLOEXEC | SOCK_NONBLOCK);
		break;
	case KORU__OP_CONNECT:
		io_uring_prep_connect(sqe, op->fd, op->addr, (socklen_t)op->len);
		break;
	case KORU__OP_POLL: io_uring_prep_poll_add(sqe, op->fd, (unsigned)op->flags); break;
	}
}

/* A free entry of the submission queue; submits to make room. NULL when the kernel takes no more
 * for the moment. */
static struct io_uring_sqe *entry(struct uring_poller *p)
{
	if (koru__fault(KORU__FAULT_URING))
		return NULL;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&p->ring);
	if (sqe)
		return sqe;
	io_uring_submit(&p->ring); /* a failure shows in the next line */
	return io_uring_get_sqe(&p->ring);
}

/* What was done before bytes were sent comes before what is done once bytes have come:
 * ThreadSanitizer knows that of read(2) and write(2), on any socket, but does not see ours. */
static char wire;

static bool send_op(struct uring_poller *p, struct koru__op *op)
{
	struct io_uring_sqe *sqe = entry(p);
	if (!sqe)
		return false;
	if (op->code == KORU__OP_WRITE || op->code == KORU__OP_SEND)
		koru__sanitize_release(&wire);
	prepare(sqe, op);
	io_uring_sqe_set_data(sqe, op);
	p->in_flight++;
	return true;
}

static bool send_cancel(struct uring_poller *p, struct koru__op *op)
{
	struct io_uring_sqe *sqe = entry(p);
	if (!sqe)
		return false;
	io_uring_prep_cancel(sqe, op, 0);
	io_uring_sqe_set_data(sqe, NULL);
	return true;
}

static bool uring_submit(struct koru__poller *poller, struct koru__op *op)
{
	struct uring_poller *p = self(poller);
	int fault = koru__fault(KORU__FAULT_IO);
	if (fault) {
		op->result = -fault;
		return true;
	}
	op->finished = false;
	koru__list_init(&op->link);
	/* Behind a backlog it has to queue, or two writes could overtake each other. */
	if (!koru__list_empty(&p->backlog) || !send_op(p, op)) {
		op->started = false;
		koru__list_push_back(&p->backlog, &op->link);
	} else {
		op->started = true;
	}
	return false;
}

static void uring_cancel(struct koru__poller *poller, struct koru__op *op)
{
	struct uring_poller *p = self(poller);
	if (op->finished)
		return;
	if (!op->started) { /* the kernel has not seen it */
		op->finished = true;
		koru__list_remove(&op->link);
		op->result = -ECANCELED;
		koru__list_push_back(&p->done, &op->link);
	} else if (!send_cancel(p, op)) {
		koru__list_push_back(&p->cancels, &op->link);
	}
}

/* Sends what found the queue full, oldest first. */
static void send_backlog(struct uring_poller *p)
{
	while (!koru__list_empty(&p->cancels)) {
		struct koru__op *op = op_of(p->cancels.next);
		if (!send_cancel(p, op))
			return;
		koru__list_remove(&op->link);
	}
	while (!koru__list_empty(&p->backlog)) {
		struct koru__op *op = op_of(p->backlog.next);
		if (!send_op(p, op))
			return;
		koru__list_remove(&op->link);
		op->started = true;
	}
}

/* Whether the kernel has something to do for us that only happens inside a system call. */
static bool must_enter(struct uring_poller *p)
{
	unsigned flags = IO_URING_READ_ONCE(*p->ring.sq.kflags);
	return io_uring_sq_ready(&p->ring) > 0 ||
	       (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

static int enter(struct uring_poller *p, int64_t timeout_ns)
{
	if (timeout_ns == 0)
		return must_enter(p) ? io_uring_submit_and_get_events(&p->ring) : 0;
	struct __kernel_timespec ts = {
		.tv_sec = timeout_ns / KORU_SECOND,
		.tv_nsec = timeout_ns % KORU_SECOND,
	};
	struct io_uring_cqe *cqe;
	return io_uring_submit_and_wait_timeout(&p->ring, &cqe, 1,
	                                        timeout_ns == KORU_FOREVER ? NULL : &ts, NULL);
}

static int result_of(const struct koru__op *op, int res)
{
	/* A worker of the kernel that slept for it was woken to be cancelled. */
	if (res == -EINTR)
		return -ECANCELED;
	/* io_uring tells of POLLRDHUP unasked, which poll(2) does not. */
	if (res > 0 && op->code == KORU__OP_POLL)
		return res & (op->flags | POLLERR | POLLHUP | POLLNVAL);
	return res;
}

/* Sanitizers do not see what the kernel does through io_uring. (Nor do they know how much room
 * `addr` has: *addrlen may be more.) */
static void let_go_of_buffers(const struct koru__op *op)
{
	size_t count = op->result > 0 ? (size_t)op->result : 0;
	switch (op->code) {
	case KORU__OP_READ:
	case KORU__OP_RECV:
		koru__sanitize_let_go(op->buf, op->len, count < op->len ? count : op->len);
		if (op->result >= 0)
			koru__sanitize_acquire(&wire);
		break;
	case KORU__OP_WRITE:
	case KORU__OP_SEND: koru__sanitize_let_go(op->buf, op->len, 0); break;
	case KORU__OP_ACCEPT:
		if (op->result < 0 || !op->addr)
			break;
		koru__sanitize_let_go(op->addrlen, sizeof(*op->addrlen), sizeof(*op->addrlen));
		koru__sanitize_let_go(op->addr, 0, *op->addrlen);
		break;
	default: break;
	}
}

static int take_done(struct uring_poller *p, struct koru__op **ret_done, int max)
{
	int count = 0;
	while (count < max && !koru__list_empty(&p->done))
		ret_done[count++] = op_of(koru__list_pop_front(&p->done));
	struct io_uring_cqe *cqe;
	unsigned head;
	unsigned seen = 0;
	io_uring_for_each_cqe(&p->ring, head, cqe)
	{
		struct koru__op *op = io_uring_cqe_get_data(cqe);
		if (op) {
			if (count == max)
				break;
			/* Its cancellation may still be waiting to be sent. */
			koru__list_remove(&op->link);
			op->result = result_of(op, cqe->res);
			let_go_of_buffers(op);
			p->in_flight--;
			ret_done[count++] = op;
		}
		seen++;
	}
	io_uring_cq_advance(&p->ring, seen);
	return count;
}

static int uring_wait(struct koru__poller *poller, int64_t timeout_ns, struct koru__op **ret_done,
                      int max)
{
	struct uring_poller *p = self(poller);
	uint64_t told;
	if (p->event_fd >= 0)
		(void)!read(p->event_fd, &told, sizeof(told)); /* before we look */
	send_backlog(p);
	if (!koru__list_empty(&p->done) || io_uring_cq_ready(&p->ring) > 0)
		timeout_ns = 0;
	int rc = enter(p, timeout_ns);
	/* -EBUSY and -EAGAIN: the kernel wants completions taken before it takes more requests. */
	if (rc < 0 && rc != -ETIME && rc != -EINTR && rc != -EBUSY && rc != -EAGAIN)
		return rc;
	return take_done(p, ret_done, max);
}

const struct koru__poller_ops koru__uring = {
	.name = "uring",
	.open = uring_open,
	.fd = uring_fd,
	.close = uring_close,
	.submit = uring_submit,
	.cancel = uring_cancel,
	.wait = uring_wait,
};

#else
/* A build without liburing; poller.c does not name it. */
typedef int koru__no_uring;
#endif
