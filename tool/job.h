/* SPDX-License-Identifier: MIT
 *
 * A job: one URL on its way from the list to its result, and queues of them. Kept small,
 * since a list of a hundred thousand URLs is that many jobs.
 */
#ifndef TOOL_JOB_H
#define TOOL_JOB_H

#include <stddef.h>
#include <stdint.h>

struct host;
struct run;

struct job {
	struct job *next;  /* in the queue it is in */
	struct job *prev;  /* while it runs: see run.h */
	struct run *run;   /* set when it starts */
	struct host *host; /* its place in the limit of its host; NULL without a limit */
	const char *bad;   /* why it is not even tried, a static sentence; NULL: it is */
	char *name;        /* of the file to save, owned; NULL: none */
	char url[];
};

/* First in, first out. Zeroed is empty. */
struct job_queue {
	struct job *first;
	struct job *last;
	size_t count;
};

/* A job for `len` bytes of URL; one with a zero inside is marked bad. NULL: no memory. */
struct job *job_new(const char *url, size_t len);
void job_free(struct job *job);

void job_push(struct job_queue *queue, struct job *job);
struct job *job_pop(struct job_queue *queue); /* NULL when there is none */
void job_queue_done(struct job_queue *queue); /* frees what is in it */

#endif
