/* SPDX-License-Identifier: MIT
 * Trying an operation without waiting, on descriptors of either mode. See attempt.h. */
#include "poll/attempt.h"

#include "base/assert.h"
#include "base/fault.h"
#include "base/macro.h"
#include "poll/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* Repeats a system call that a signal interrupted; the result is a count or a negative errno. */
#define retry(call)                                                                                \
	__extension__({                                                                            \
		int64_t rc_;                                                                       \
		do                                                                                 \
			rc_ = (call);                                                              \
		while (rc_ < 0 && errno == EINTR);                                                 \
		rc_ < 0 ? -(int64_t)errno : rc_;                                                   \
	})

/* The events that are there now; 0 for none. Never waits. */
static int64_t ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t n = retry(poll(&p, 1, 0));
	if (n <= 0)
		return n;
	return p.revents & POLLNVAL ? -EBADF : p.revents;
}

static bool is_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	return flags >= 0 && !(flags & O_NONBLOCK);
}

/* Whether waiting could end: a pipe's end for reading is never writable, says poll(2). */
static bool is_open_for(int fd, bool reading)
{
	int mode = fcntl(fd, F_GETFL) & O_ACCMODE;
	return mode != (reading ? O_WRONLY : O_RDONLY);
}

static bool is_on_disk(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

/* read(2) and write(2) on what is no socket. A blocking pipe that poll(2) calls writable takes
 * PIPE_BUF bytes without waiting (pipe(7)), no more is promised. */
static int64_t transfer(struct koru__op *op)
{
	bool in = op->code == KORU__OP_READ;
	size_t len = op->len;
	if (!is_on_disk(op->fd)) {
		int64_t events = ready(op->fd, in ? POLLIN : POLLOUT);
		if (events < 0)
			return events;
		if (events == 0)
			return is_open_for(op->fd, in) ? -EAGAIN : -EBADF;
		if (!in && len > PIPE_BUF && is_blocking(op->fd))
			len = PIPE_BUF;
	}
	return in ? retry(read(op->fd, op->buf, len)) : retry(write(op->fd, op->buf, len));
}

static int64_t receive(struct koru__op *op)
{
	if (op->code == KORU__OP_READ && op->len == 0) /* waits for nothing, while recv(2) would */
		return retry(read(op->fd, op->buf, 0));
	int64_t n = retry(recv(op->fd, op->buf, op->len, op->flags | MSG_DONTWAIT));
	return n == -ENOTSOCK && op->code == KORU__OP_READ ? transfer(op) : n;
}

static int64_t deliver(struct koru__op *op)
{
	return retry(send(op->fd, op->buf, op->len, op->flags | MSG_DONTWAIT | MSG_NOSIGNAL));
}

static int64_t take(struct koru__op *op)
{
	if (is_blocking(op->fd)) {
		int64_t events = ready(op->fd, POLLIN);
		if (events < 0)
			return events;
		int listens;
		socklen_t len = sizeof(listens);
		/* What is no socket may never become readable. */
		if (events == 0)
			return getsockopt(op->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0
			               ? -EAGAIN
			               : -errno;
	}
	return retry(accept4(op->fd, op->addr, op->addrlen, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

/* connect(2) cannot be told not to wait but by the descriptor's mode. */
static int64_t try_connect(struct koru__op *op)
{
	int flags = fcntl(op->fd, F_GETFL);
	if (flags < 0)
		return -errno;
	if (!(flags & O_NONBLOCK) && fcntl(op->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	int64_t rc = connect(op->fd, op->addr, (socklen_t)op->len) == 0 ? 0 : -(int64_t)errno;
	if (!(flags & O_NONBLOCK))
		(void)!fcntl(op->fd, F_SETFL, flags); /* the mode it had a moment ago */
	return rc;
}

/* When the socket is ready, the second connect(2) tells what became of the first; SO_ERROR would
 * too, but leave the socket as one that is still connecting. */
static int64_t join(struct koru__op *op)
{
	if (op->started) {
		int64_t events = ready(op->fd, POLLOUT);
		if (events <= 0)
			return events < 0 ? events : -EAGAIN;
	}
	int64_t rc = try_connect(op);
	/* A connect that a signal interrupts goes on by itself (POSIX connect()). */
	if (rc == -EINPROGRESS || rc == -EINTR || (op->started && rc == -EALREADY)) {
		op->started = true;
		return -EAGAIN;
	}
	return op->started && rc == -EISCONN ? 0 : rc;
}

static int64_t look(struct koru__op *op)
{
	int64_t events = ready(op->fd, (short)op->flags);
	return events == 0 ? -EAGAIN : events;
}

static int64_t perform(struct koru__op *op)
{
	int fault = koru__fault(KORU__FAULT_IO);
	if (fault)
		return -fault;
	switch ((enum koru__opcode)op->code) {
	case KORU__OP_READ:
	case KORU__OP_RECV: return receive(op);
	case KORU__OP_WRITE: return transfer(op);
	case KORU__OP_SEND: return deliver(op);
	case KORU__OP_ACCEPT: return take(op);
	case KORU__OP_CONNECT: return join(op);
	case KORU__OP_POLL: return look(op);
	}
	koru__assert(!"an operation that exists");
	return -EINVAL;
}

bool koru__attempt(struct koru__op *op)
{
	op->result = perform(op);
	/* A Unix socket whose listener's queue is full: it has not begun to connect. */
	bool never_told = op->code == KORU__OP_CONNECT && !op->started;
	return op->result != -EAGAIN || never_told;
}

short koru__attempt_events(const struct koru__op *op)
{
	switch ((enum koru__opcode)op->code) {
	case KORU__OP_READ:
	case KORU__OP_RECV:
	case KORU__OP_ACCEPT: return POLLIN;
	case KORU__OP_WRITE:
	case KORU__OP_SEND:
	case KORU__OP_CONNECT: return POLLOUT;
	case KORU__OP_POLL: return (short)op->flags;
	}
	return 0;
}
