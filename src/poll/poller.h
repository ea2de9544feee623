/* SPDX-License-Identifier: MIT
 *
 * The contract between a loop and what performs its I/O: uring.c, epoll.c.
 *
 * An operation is submitted once and completes once. The poller wakes nobody and calls
 * nobody: `wait` fills an array of completions, and the loop resumes whom they belong to.
 * So nothing here knows of tasks.
 *
 * From submit until its completion has come out of `wait`, the operation, its buffer and its
 * address belong to the poller: the kernel may write to them. Cancelling only asks for an
 * early completion; it comes like any other, with -ECANCELED if nothing had been done and
 * with the result if it had.
 *
 * One thread uses a poller: the one that opened it.
 */
#ifndef KORU_POLL_POLLER_H
#define KORU_POLL_POLLER_H

#include "base/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum koru__opcode {
	KORU__OP_READ,    /* buf, len */
	KORU__OP_WRITE,   /* buf, len */
	KORU__OP_RECV,    /* buf, len, flags */
	KORU__OP_SEND,    /* buf, len, flags */
	KORU__OP_ACCEPT,  /* addr, addrlen (both may be NULL) */
	KORU__OP_CONNECT, /* addr, len */
	KORU__OP_POLL,    /* flags: the events; the result is the revents, 0 when something
	                   * else happened to the descriptor */
};

/* Filled in by whoever submits it, down to `len`. */
struct koru__op {
	void *owner; /* the loop's; the poller only keeps it */
	int fd;
	uint8_t code;   /* enum koru__opcode */
	bool done;      /* the loop's */
	bool cancelled; /* a cancellation was asked for */
	bool started;   /* the poller's: the kernel works on it */
	bool finished;  /* the poller's: it has a result that `wait` will hand out */
	int flags;
	void *buf;
	struct sockaddr *addr;
	socklen_t *addrlen;
	size_t len;
	int64_t result;         /* valid once completed: a count or a negative errno */
	struct koru__list link; /* the poller's */
};

struct koru__poller;

struct koru__poller_ops {
	const char *name;

	/* Makes one. -ENOSYS when this kernel has not got it or will not let us. */
	int (*open)(struct koru__poller **ret_poller);

	/* A descriptor that can be polled for reading: ready when `wait` has something to hand
	 * out. Or a negative errno. */
	int (*fd)(struct koru__poller *poller);

	/* No operation may be under way. */
	void (*close)(struct koru__poller *poller);

	/* Takes an operation. True when it was done on the spot: then `result` is set and no
	 * completion will follow. Failures are results too. */
	bool (*submit)(struct koru__poller *poller, struct koru__op *op);

	/* Asks for the early completion of an operation that has not completed yet. */
	void (*cancel)(struct koru__poller *poller, struct koru__op *op);

	/* Submits what is held back, waits up to timeout_ns for the first completion (0: not
	 * at all; KORU_FOREVER) and stores up to `max` completed operations, `result` set.
	 * Returns how many; 0 after the timeout or a signal; or a negative errno when the
	 * poller itself is broken. */
	int (*wait)(struct koru__poller *poller, int64_t timeout_ns, struct koru__op **ret_done,
	            int max);
};

struct koru__poller {
	const struct koru__poller_ops *ops;
};

extern const struct koru__poller_ops koru__uring;
extern const struct koru__poller_ops koru__epoll;

/* Opens the poller that `which` (enum koru_poller) names; KORU_POLLER_AUTO asks the environment,
 * then the kernel. Errors as koru_run. */
int koru__poller_open(int which, struct koru__poller **ret_poller);

#endif
