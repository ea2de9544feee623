/* SPDX-License-Identifier: MIT
 *
 * fork(2) inside a task. The child has a copy of the loop, but the poller's rings and descriptors
 * are the parent's, and so would be every I/O it did with them. So the child's thread has no loop:
 * its calls do what they do on any plain thread. Costs nothing where nobody forks.
 */
#ifndef KORU_SCHED_FORK_H
#define KORU_SCHED_FORK_H

/* Makes it so, from now on. Any thread. Returns 0 or -ENOMEM. */
int koru__fork_watch(void);

#endif
