/* SPDX-License-Identifier: MIT
 * Making and joining sockets. See koru/io.h. */
#include "base/fault.h"
#include "koru/io.h"
#include "koru/time.h"
#include "sched/op.h"

#include <errno.h>
#include <stdint.h>

int koru_socket(int domain, int type, int protocol)
{
	int fault = koru__fault(KORU__FAULT_SOCKET);
	if (fault)
		return -fault;
	int fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	return fd < 0 ? -errno : fd;
}

int koru_connect(int fd, const struct sockaddr *addr, socklen_t addrlen)
{
	for (;;) {
		struct koru__op op = {
			.fd = fd,
			.code = KORU__OP_CONNECT,
			.addr = (struct sockaddr *)(uintptr_t)addr,
			.len = addrlen,
		};
		int rc = (int)koru__op_run(&op);
		/* A Unix socket whose listener's queue is full says "not now", and nothing tells
		 * when there is room. */
		if (rc != -EAGAIN)
			return rc;
		rc = koru_sleep(KORU_MILLISECOND);
		if (rc < 0)
			return rc;
	}
}

int koru_accept(int fd, struct sockaddr *addr, socklen_t *addrlen)
{
	for (;;) {
		struct koru__op op = {
			.fd = fd, .code = KORU__OP_ACCEPT, .addr = addr, .addrlen = addrlen
		};
		int rc = (int)koru__op_run(&op);
		if (rc != -EAGAIN)
			return rc;
		struct koru__op ready = { .fd = fd, .code = KORU__OP_POLL, .flags = POLLIN };
		int64_t events = koru__op_run(&ready);
		if (events < 0)
			return (int)events;
	}
}

int koru_shutdown(int fd, int how)
{
	return shutdown(fd, how) == 0 ? 0 : -errno;
}
