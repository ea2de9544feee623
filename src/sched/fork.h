/* SPDX-License-Identifier: MIT
 *
 * fork(2) inside a task. The child has a copy of the loop, but the poller's rings and descriptors
 * are the parent's, and so would be all that it did with them. So the child's thread has no loop:
 * its calls do what they do on any plain thread. What reaches for a loop from outside asks
 * koru__forks whether that is one of this process. Costs nothing where nobody forks.
 */
#ifndef KORU_SCHED_FORK_H
#define KORU_SCHED_FORK_H

#include <stdint.h>

/* How many forks lie between this process and the first that called koru_run. */
extern uint32_t koru__forks;

/* Makes it so, from now on. Any thread. Returns 0 or -ENOMEM. */
int koru__fork_watch(void);

#endif
