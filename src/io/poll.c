/* SPDX-License-Identifier: MIT
 * Waiting for several descriptors. See koru/io.h. */
#include "base/alloc.h"
#include "koru/io.h"
#include "koru/time.h"
#include "sched/loop.h"
#include "sched/op.h"

#include <errno.h>
#include <stdbool.h>

enum { OPS_ON_STACK = 8 };

static int block(struct pollfd *fds, nfds_t nfds, int timeout_ms)
{
	int64_t end = timeout_ms < 0 ? KORU_FOREVER : koru_now() + timeout_ms * KORU_MILLISECOND;
	for (;;) {
		int n = poll(fds, nfds, timeout_ms);
		if (n >= 0 || errno != EINTR)
			return n < 0 ? -errno : n;
		if (timeout_ms < 0)
			continue;
		int64_t left = (end - koru_now() + KORU_MILLISECOND - 1) / KORU_MILLISECOND;
		timeout_ms = left > 0 ? (int)left : 0;
	}
}

/* What poll(2) would say of a descriptor after this result of an operation. A failure to watch it
 * is no event but an error of the call; and when something happened that nobody asked about, the
 * call has to look again (-EAGAIN). */
static short revents_of(const struct koru__op *op, int *rc)
{
	if (op->result == -EBADF)
		return POLLNVAL;
	if (op->result > 0)
		return (short)op->result;
	if (op->result != -ECANCELED && *rc == 0)
		*rc = op->result == 0 ? -EAGAIN : (int)op->result;
	return 0;
}

/* Waits once. As koru_poll; or -EAGAIN. */
static int look(struct pollfd *fds, nfds_t nfds, struct koru__op *ops, int64_t until)
{
	int used = 0;
	for (nfds_t i = 0; i < nfds; i++) {
		fds[i].revents = 0;
		if (fds[i].fd >= 0) /* negative ones are ignored, as by poll(2) */
			ops[used++] = (struct koru__op){ .fd = fds[i].fd,
				                         .code = KORU__OP_POLL,
				                         .flags = fds[i].events };
	}
	int rc = used > 0 ? koru__op_run_first(ops, used, until) : koru_sleep_until(until);
	int count = 0;
	used = 0;
	for (nfds_t i = 0; i < nfds; i++) {
		if (fds[i].fd < 0)
			continue;
		if (ops[used].done)
			fds[i].revents = revents_of(&ops[used], &rc);
		count += fds[i].revents != 0;
		used++;
	}
	return count > 0 ? count : rc;
}

int koru_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms)
{
	if (nfds > KORU_POLL_MAX)
		return -EINVAL;
	if (!koru__task_self())
		return block(fds, nfds, timeout_ms);
	struct koru__op on_stack[OPS_ON_STACK];
	struct koru__op *ops = on_stack;
	if (nfds > OPS_ON_STACK) {
		ops = koru__alloc(nfds * sizeof(*ops));
		if (!ops)
			return -ENOMEM;
	}
	int64_t until = timeout_ms < 0 ? KORU_FOREVER : koru_now() + timeout_ms * KORU_MILLISECOND;
	int rc = look(fds, nfds, ops, until);
	while (rc == -EAGAIN) {
		/* It would happen again at once. */
		rc = koru_sleep(KORU_MILLISECOND);
		if (rc == 0 && koru_now() < until)
			rc = look(fds, nfds, ops, until);
	}
	if (ops != on_stack)
		koru__free(ops);
	return rc;
}
