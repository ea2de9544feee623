/* SPDX-License-Identifier: MIT
 *
 * How a loop that sleeps in its poller is woken by another thread: who finds the inbox asleep
 * (inbox.h) writes to an eventfd, which the poller watches like any other descriptor.
 */
#ifndef KORU_SCHED_WAKEUP_H
#define KORU_SCHED_WAKEUP_H

#include <stdbool.h>
#include <stdint.h>

struct koru__loop;
struct koru__op;

int koru__wakeup_open(struct koru__loop *loop);

/* The loop runs no more. Waits for wake-ups that are on their way, since those who make them use
 * the descriptor. */
void koru__wakeup_close(struct koru__loop *loop);

/* Writes a one to an eventfd of another thread's making, the last that the caller does with it. */
void koru__wakeup_write(int fd);

/* Before the poller waits for at most `limit`: how long it may, now that others know. */
int64_t koru__wakeup_sleep(struct koru__loop *loop, int64_t limit);

/* After it, and before its completions are looked at. Harmless where the loop has not slept. */
void koru__wakeup_rise(struct koru__loop *loop);

/* For a loop that another one drives, which also watches the eventfd: marks the loop as asleep,
 * unless it has messages to take: then false; and reads what the eventfd has. */
bool koru__wakeup_doze(struct koru__loop *loop);
void koru__wakeup_drain(struct koru__loop *loop);

/* The eventfd was written to: its operation has completed. */
void koru__wakeup_completed(struct koru__loop *loop);

/* Does what the messages in the inbox ask for, in the order in which they came. */
void koru__wakeup_receive(struct koru__loop *loop);

#endif
