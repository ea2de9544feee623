/* SPDX-License-Identifier: MIT
 * The jobs of a run: starts a task for each URL, a bounded number at a time, and counts and
 * tells how each ended. What a task does between is in transfer.c. */
#include "run.h"

#include "base/alloc.h"
#include "koru/task.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAMED_MAX 10 /* URLs that were not started and are told by name */

/* ---- stopping ------------------------------------------------------------------------- */

void run_stop(struct run *run, enum run_stop reason, int error)
{
	if (run->stop != RUN_GOES_ON)
		return;
	run->stop = reason;
	run->error = error;
	if (run->fetching)
		(void)koru_scope_cancel(&run->fetches); /* open, and on this loop */
}

/* ---- one job ---------------------------------------------------------------------------- */

static void activate(struct run *run, struct job *job)
{
	job->run = run;
	job->prev = NULL;
	job->next = run->active;
	if (run->active)
		run->active->prev = job;
	run->active = job;
	run->active_count++;
}

static void deactivate(struct run *run, struct job *job)
{
	if (job->next)
		job->next->prev = job->prev;
	if (job->prev)
		job->prev->next = job->next;
	else
		run->active = job->next;
	run->active_count--;
}

/* Tells that the job was never started, because the run stopped before, and frees it. */
static void drop(struct run *run, struct job *job)
{
	if (run->sum.not_started++ < NAMED_MAX || run->opts->json)
		run->report.form->ended(&run->report, &(struct result){ .url = job->url,
		                                                        .error = -CAUSE_NOT_RUN,
		                                                        .cause = "not started" });
	job_free(job);
}

static void count(struct run *run, const struct result *result)
{
	struct summary *sum = &run->sum;
	sum->sum_ns += result->ns;
	if (result->error == 0) {
		sum->ok++;
		sum->bytes += result->bytes;
	} else if (result->error == -ECANCELED) {
		sum->cut++;
	} else {
		sum->failed++;
	}
}

/* Where it was saved, for the report; the caller frees it. NULL also without memory: the
 * file is there all the same. */
static char *saved_path(const struct run *run, const struct job *job)
{
	size_t size = strlen(run->opts->dir) + strlen(job->name) + 2;
	char *path = koru__alloc(size);
	if (path)
		(void)snprintf(path, size, "%s/%s", run->opts->dir, job->name);
	return path;
}

static void tell(struct run *run, const struct job *job, struct result *result)
{
	char *path = result->error == 0 && job->name ? saved_path(run, job) : NULL;
	result->file = path;
	count(run, result);
	run->report.form->ended(&run->report, result);
	koru__free(path);
}

static void start(struct run *run, struct job *job);

/* The task of one URL. It never fails: an error of one URL is no reason to cancel the
 * others. */
static int fetch(void *arg)
{
	struct job *job = arg;
	struct run *run = job->run;
	struct result result;
	char cause[CAUSE_SIZE];

	run->report.form->started(&run->report, job->url);
	transfer_run(run, job, &result, cause);
	tell(run, job, &result);
	if (result.error < 0 && run->opts->fail_fast)
		run_stop(run, RUN_FAILED_FAST, result.error);

	deactivate(run, job);
	struct job *next = run->limits_hosts ? hosts_leave(&run->hosts, job) : NULL;
	job_free(job);
	if (next)
		start(run, next);
	event_set(&run->changed);
	return 0;
}

static void start(struct run *run, struct job *job)
{
	if (run->stop == RUN_GOES_ON) {
		activate(run, job);
		int rc = koru_go(&run->fetches, fetch, job);
		if (rc == 0)
			return;
		deactivate(run, job);
		run_stop(run, RUN_NO_MEANS, rc);
	}
	/* Its host stays busy in the books, which nobody reads after a stop. */
	drop(run, job);
}

/* ---- all jobs --------------------------------------------------------------------------- */

static bool must_wait(const struct run *run)
{
	return run->active_count >= run->opts->tasks || stream_full(&run->out) ||
	       stream_full(run->err) || run->hosts.waiting >= HOSTS_WAITING_MAX;
}

/* Names are given here, in the order of the list, so that they do not depend on which
 * answer comes first. */
static void give_name(struct run *run, struct job *job)
{
	char name[NAME_SIZE];
	name_from_url(name, job->url);
	int rc = names_give(&run->dir.names, name);
	if (rc == 0) {
		job->name = koru__strndup(name, strlen(name));
		rc = job->name ? 0 : -ENOMEM;
	}
	if (rc == -ENFILE)
		job->bad = "cannot be saved: more than 4,194,304 files in one run";
	else if (rc < 0)
		job->bad = "cannot be saved: out of memory";
}

/* Starts jobs until there are no more. Returns when the last has been started, or when the
 * run has been stopped. */
static void start_all(struct run *run)
{
	while (run->stop == RUN_GOES_ON) {
		if (must_wait(run)) {
			if (event_wait(&run->changed, 0) < 0)
				return;
			continue;
		}
		struct job *job = NULL;
		int rc = source_next(&run->source, &job);
		if (rc == -ENOMEM)
			run_stop(run, RUN_NO_MEANS, rc);
		if (rc < 0)
			continue; /* cancelled, or told at the end */
		if (rc == 0)
			return;
		if (run->opts->dir && !job->bad)
			give_name(run, job);
		rc = run->limits_hosts ? hosts_enter(&run->hosts, job) : 1;
		if (rc < 0) {
			run_stop(run, RUN_NO_MEANS, rc);
			drop(run, job);
		} else if (rc == 1) {
			start(run, job);
		}
	}
}

void run_drop_the_rest(struct run *run)
{
	while (run->active) { /* their tasks found no stack */
		struct job *job = run->active;
		deactivate(run, job);
		drop(run, job);
	}
	for (struct job *job; run->limits_hosts && (job = hosts_take(&run->hosts));)
		drop(run, job);
	run->sum.more_unread = !run->source.finished;
	for (struct job *job; (job = source_take(&run->source));)
		drop(run, job);
	if (run->sum.not_started > NAMED_MAX && !run->opts->json)
		stream_printf(run->err, "and %llu more not started\n",
		              (unsigned long long)(run->sum.not_started - NAMED_MAX));
}

void run_fetch_all(struct run *run)
{
	int rc = koru_scope_open(&run->fetches, &(struct koru_scope_opts){ .name = "fetches" });
	if (rc < 0) {
		run_stop(run, RUN_NO_MEANS, rc);
		return;
	}
	run->fetching = true;
	start_all(run);
	while (run->stop == RUN_GOES_ON && (run->active_count > 0 || run->hosts.waiting > 0))
		if (event_wait(&run->changed, 0) < 0)
			break;
	rc = koru_scope_close(&run->fetches);
	run->fetching = false;
	if (rc < 0)
		run_stop(run, RUN_NO_MEANS, rc); /* unless there was another reason before */
}
