/* SPDX-License-Identifier: MIT
 *
 * What a loop does when none of its tasks is ready: it looks for work that others have, spins for a
 * while, and sleeps in its poller.
 */
#ifndef KORU_SCHED_IDLE_H
#define KORU_SCHED_IDLE_H

#include <stdint.h>

struct koru__loop;

/* So long an idle loop spins at most before it sleeps, in nanoseconds. */
enum { KORU__SPIN_MAX = 50000 };

/* Until something has happened, or for `limit` nanoseconds (> 0) at most. */
void koru__idle(struct koru__loop *loop, int64_t limit);

#endif
