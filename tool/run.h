/* SPDX-License-Identifier: MIT
 *
 * A run of `koru fetch`: everything its tasks share. All of them are on one loop, so
 * nothing here needs a lock.
 */
#ifndef TOOL_RUN_H
#define TOOL_RUN_H

#include "cause.h"
#include "event.h"
#include "fetch.h"
#include "hosts.h"
#include "report.h"
#include "save.h"
#include "signals.h"
#include "source.h"
#include "stream.h"

#include "koru/scope.h"

enum run_stop {
	RUN_GOES_ON = 0,
	RUN_INTERRUPTED, /* a signal */
	RUN_FAILED_FAST, /* a URL failed, and that was to be the end */
	RUN_NO_OUTPUT,   /* nothing can be told any more */
	RUN_NO_MEANS,    /* no memory or no stack for another task */
};

struct run {
	const struct fetch_opts *opts;
	struct source source;
	struct hosts hosts;
	bool limits_hosts;   /* `hosts` is in use */
	struct save_dir dir; /* in use when opts->dir is set */
	struct koru_http_client *client;
	unsigned large_chunks; /* in use: see transfer.c */
	uint64_t received;     /* bytes of all bodies, complete or not */

	struct stream out;
	struct stream own_err; /* unless standard error is the same file as `out` */
	struct stream *err;
	struct report report;
	struct signals signals;
	struct bar_rate rate;
	bool colours; /* may be used on a terminal */

	struct koru_scope fetches; /* the tasks that fetch */
	bool fetching;             /* it is open */
	struct job *active;        /* the jobs whose task was started and has not ended */
	unsigned active_count;
	struct event changed; /* for the task that starts them: one ended, or there is room */

	enum run_stop stop;
	int error;       /* with RUN_NO_OUTPUT and RUN_NO_MEANS: why */
	int64_t started; /* koru_now() at the start */
	struct summary sum;
};

/* Ends the run early: the fetches are cancelled, no more are started. The first reason
 * stays. Never suspends. */
void run_stop(struct run *run, enum run_stop reason, int error);

/* Starts a task for each URL of the source and waits until all have ended, or until the run
 * was stopped and what was under way is cancelled. */
void run_fetch_all(struct run *run);

/* After a stop: tells of the URLs that were known and never started. */
void run_drop_the_rest(struct run *run);

/* Fetches one URL into `result`, with `cause` and `file` as its storage. May suspend, for
 * as long as opts->timeout says. */
void transfer_run(struct run *run, const struct job *job, struct result *result,
                  char cause[CAUSE_SIZE]);

#endif
