/* SPDX-License-Identifier: MIT
 *
 * The time between the end of main and the end of the run: detached tasks have been cancelled, and
 * those that do not end in time are named.
 */
#ifndef KORU_SCHED_SHUTDOWN_H
#define KORU_SCHED_SHUTDOWN_H

struct koru__loop;
struct koru__runtime;

/* On the first loop, when main has ended; and when the run is over. */
void koru__shutdown_begin(struct koru__loop *loop);
void koru__shutdown_end(struct koru__loop *loop);

/* Every task waits and nothing can wake one: says which, and cancels all with -EDEADLK. Any loop.
 */
void koru__shutdown_deadlock(struct koru__runtime *runtime);

#endif
