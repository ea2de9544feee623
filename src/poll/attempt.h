/* SPDX-License-Identifier: MIT
 *
 * Trying an operation without waiting: what the epoll poller does before and after it waits,
 * and what a thread without a loop does around poll(2).
 */
#ifndef KORU_POLL_ATTEMPT_H
#define KORU_POLL_ATTEMPT_H

#include <stdint.h>

struct koru__op;

/* Performs the operation if that needs no waiting. Returns its result, or -EAGAIN when it
 * would have to wait for koru__attempt_events(op). Reading and writing a file on disk is done
 * at once, even where the disk makes it wait. */
int64_t koru__attempt(struct koru__op *op);

/* The poll(2) events that the operation waits for. */
short koru__attempt_events(const struct koru__op *op);

#endif
