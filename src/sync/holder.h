/* SPDX-License-Identifier: MIT
 *
 * Who holds a lock: which task, or which thread outside any task.
 */
#ifndef KORU_SYNC_HOLDER_H
#define KORU_SYNC_HOLDER_H

#include "koru/node.h"
#include "koru/task.h"

#include <stdbool.h>

/* The caller. */
static inline struct koru__holder koru__holder_self(void)
{
	struct koru__loop_head *here = &koru__loop_here;
	return (struct koru__holder){ here, here->current };
}

static inline bool koru__holder_is(const struct koru__holder *holder,
                                   const struct koru__holder *who)
{
	return holder->thread == who->thread && holder->task == who->task;
}

#endif
