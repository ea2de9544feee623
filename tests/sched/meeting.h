/* SPDX-License-Identifier: MIT
 *
 * Tasks that come together and wait until they are cancelled.
 */
#ifndef TESTS_SCHED_MEETING_H
#define TESTS_SCHED_MEETING_H

#include "support/cmocka.h"

#include <koru/koru.h>

#include <errno.h>
#include <stdatomic.h>

struct meeting {
	atomic_int waiting;
	atomic_int cancelled;
	int result; /* what the waiting ones return */
};

static inline int waits_for_the_end(void *arg)
{
	struct meeting *m = arg;
	m->waiting++;
	int rc = koru_sleep(KORU_FOREVER);
	if (rc == -ECANCELED)
		m->cancelled++;
	/* Again and again. */
	assert_int_equal(koru_sleep(0), -ECANCELED);
	return m->result ? m->result : rc;
}

#endif
