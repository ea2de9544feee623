/* SPDX-License-Identifier: MIT
 *
 * Trying an operation without waiting: what the epoll poller does before and after it waits,
 * and what a thread without a loop does around poll(2).
 */
#ifndef KORU_POLL_ATTEMPT_H
#define KORU_POLL_ATTEMPT_H

#include <stdbool.h>

struct koru__op;

/* Performs the operation if that needs no waiting: true, and op->result is set, to -EAGAIN where
 * nothing could tell when to try again. False: it has to wait for koru__attempt_events(op). Reading
 * and writing a file on disk is done at once, even where the disk makes it wait. `op->started` is
 * false before the first attempt. */
bool koru__attempt(struct koru__op *op);

/* The poll(2) events that the operation waits for. */
short koru__attempt_events(const struct koru__op *op);

#endif
