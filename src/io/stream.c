/* SPDX-License-Identifier: MIT
 * Reading and writing descriptors. See koru/io.h. */
#include "base/fault.h"
#include "koru/io.h"
#include "poll/attempt.h"
#include "sched/op.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* What read(2) itself would transfer at most; the kernel's own limit (MAX_RW_COUNT). */
static size_t bounded(size_t count)
{
	return count > 0x7ffff000 ? 0x7ffff000 : count;
}

/* Some descriptors in non-blocking mode answer "not now" even to io_uring; wait, then ask again. */
static ssize_t transfer(struct koru__op *op, int events)
{
	for (;;) {
		int64_t n = koru__op_run(op);
		if (n != -EAGAIN)
			return (ssize_t)n;
		struct koru__op ready = { .fd = op->fd, .code = KORU__OP_POLL, .flags = events };
		n = koru__op_run(&ready);
		if (n < 0)
			return (ssize_t)n;
	}
}

/* The same with flags: MSG_DONTWAIT asks for no more than an attempt. */
static ssize_t transfer_flags(struct koru__op *op, int events)
{
	if (!(op->flags & MSG_DONTWAIT))
		return transfer(op, events);
	(void)koru__attempt(op);
	return (ssize_t)op->result;
}

ssize_t koru_read(int fd, void *buf, size_t count)
{
	struct koru__op op = { .fd = fd, .code = KORU__OP_READ, .buf = buf, .len = bounded(count) };
	return transfer(&op, POLLIN);
}

ssize_t koru_write(int fd, const void *buf, size_t count)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return -errno;
	/* Only send(2) can be told to raise no SIGPIPE. */
	if (S_ISSOCK(st.st_mode))
		return koru_send(fd, buf, count, 0);
	struct koru__op op = { .fd = fd,
		               .code = KORU__OP_WRITE,
		               .buf = (void *)(uintptr_t)buf,
		               .len = bounded(count) };
	/* io_uring (Linux 6.18) leaves a file's position behind when a write stops short, as on a
	 * full disk: the next one would overwrite what the last has written. */
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return (ssize_t)koru__op_run_now(&op);
	return transfer(&op, POLLOUT);
}

ssize_t koru_recv(int fd, void *buf, size_t len, int flags)
{
	struct koru__op op = {
		.fd = fd, .code = KORU__OP_RECV, .flags = flags, .buf = buf, .len = bounded(len)
	};
	return transfer_flags(&op, POLLIN);
}

ssize_t koru_send(int fd, const void *buf, size_t len, int flags)
{
	struct koru__op op = {
		.fd = fd,
		.code = KORU__OP_SEND,
		.flags = flags,
		.buf = (void *)(uintptr_t)buf,
		.len = bounded(len),
	};
	return transfer_flags(&op, POLLOUT);
}

int koru_close(int fd)
{
	/* Linux frees the number even when close(2) is interrupted, so it is never repeated. */
	return close(fd) == 0 || errno == EINTR ? 0 : -errno;
}
