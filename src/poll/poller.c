/* SPDX-License-Identifier: MIT
 * Which poller: the caller's choice, else the environment's, else the best that works. */
#include "poll/poller.h"

#include "base/macro.h"
#include "koru/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Best first. */
static const struct {
	int which;
	const struct koru__poller_ops *ops;
} pollers[] = {
#ifdef KORU_URING
	{ KORU_POLLER_URING, &koru__uring },
#endif
	{ KORU_POLLER_EPOLL, &koru__epoll },
};

/* What KORU_POLLER says: a poller, KORU_POLLER_AUTO when it says nothing, or -EINVAL. */
static int from_environment(void)
{
	const char *value = getenv("KORU_POLLER");
	if (!value || !*value)
		return KORU_POLLER_AUTO;
	if (strcmp(value, "uring") == 0)
		return KORU_POLLER_URING;
	if (strcmp(value, "epoll") == 0)
		return KORU_POLLER_EPOLL;
	return -EINVAL;
}

int koru__poller_open(int which, struct koru__poller **ret_poller)
{
	if (which == KORU_POLLER_AUTO)
		which = from_environment();
	if (which < 0)
		return which;
	if (which > KORU_POLLER_EPOLL)
		return -EINVAL;
	int rc = -ENOSYS;
	for (size_t i = 0; i < koru__array_len(pollers); i++) {
		if (which != KORU_POLLER_AUTO && which != pollers[i].which)
			continue;
		rc = pollers[i].ops->open(ret_poller);
		/* Only "not to be had here" is a reason to try the next one. Out of memory or
		 * descriptors is an error, not a quiet change of poller. */
		if (rc != -ENOSYS)
			break;
	}
	return rc;
}
