/* SPDX-License-Identifier: MIT
 *
 * The limit on what is asked of one host at a time. A job whose host is busy waits here,
 * before it starts, and so neither uses up its own time limit nor keeps others waiting.
 * Pure bookkeeping: it starts nothing.
 */
#ifndef TOOL_HOSTS_H
#define TOOL_HOSTS_H

#include "job.h"

#include <stdbool.h>
#include <stddef.h>

#define HOSTS_WAITING_MAX 65536 /* jobs; who has more to bring waits first */

struct hosts {
	struct host **table; /* chains by hash; NULL until the first host */
	size_t size;         /* a power of two */
	size_t count;        /* hosts in it: those that are busy */
	unsigned limit;      /* jobs of one host at a time */
	size_t waiting;
};

void hosts_init(struct hosts *hosts, unsigned limit);
void hosts_done(struct hosts *hosts); /* frees the jobs that still wait */

/* Gives the job a place. Returns 1 when it may start, 0 when it was taken into the queue of
 * its host, -ENOMEM with the job still the caller's. */
int hosts_enter(struct hosts *hosts, struct job *job);

/* A job that had started has ended. Returns the next job of its host, which may start now,
 * or NULL. */
struct job *hosts_leave(struct hosts *hosts, struct job *job);

/* Takes any job that waits; NULL when none does. */
struct job *hosts_take(struct hosts *hosts);

#endif
