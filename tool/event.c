/* SPDX-License-Identifier: MIT
 * Waiting for another task. See event.h. */
#include "event.h"

#include "base/assert.h"
#include "koru/scope.h"

#include <errno.h>
#include <stddef.h>

void event_set(struct event *event)
{
	event->set = true;
	if (event->waiter)
		(void)koru_scope_cancel(event->waiter); /* ours, open, on this loop */
}

int event_wait(struct event *event, int64_t timeout)
{
	koru__assert(!event->waiter);
	if (koru_cancelled())
		return -ECANCELED;
	if (!event->set) {
		struct koru_scope sleep;
		int rc = koru_scope_open(&sleep, &(struct koru_scope_opts){ .timeout = timeout });
		if (rc < 0)
			return rc;
		event->waiter = &sleep;
		(void)koru_sleep(KORU_FOREVER); /* ends by cancellation only */
		event->waiter = NULL;
		(void)koru_scope_close(&sleep);
	}
	if (event->set) {
		event->set = false;
		return 0;
	}
	return koru_cancelled() ? -ECANCELED : -ETIMEDOUT;
}
