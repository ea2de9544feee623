/* SPDX-License-Identifier: MIT
 * Jobs and their queues. See job.h. */
#include "job.h"

#include "base/alloc.h"

#include <string.h>

struct job *job_new(const char *url, size_t len)
{
	struct job *job = koru__alloc(sizeof(*job) + len + 1);
	if (!job)
		return NULL;
	memset(job, 0, sizeof(*job));
	memcpy(job->url, url, len);
	job->url[len] = '\0';
	if (memchr(url, '\0', len))
		job->bad = "malformed URL: it contains a zero byte";
	return job;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	koru__free(job->name);
	koru__free(job);
}

void job_push(struct job_queue *queue, struct job *job)
{
	job->next = NULL;
	if (queue->last)
		queue->last->next = job;
	else
		queue->first = job;
	queue->last = job;
	queue->count++;
}

struct job *job_pop(struct job_queue *queue)
{
	struct job *job = queue->first;
	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->last = NULL;
	queue->count--;
	job->next = NULL;
	return job;
}

void job_queue_done(struct job_queue *queue)
{
	for (struct job *job = job_pop(queue); job; job = job_pop(queue))
		job_free(job);
}
