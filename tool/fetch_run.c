/* SPDX-License-Identifier: MIT
 * A run of `koru fetch` from its first to its last line: opens what it needs, runs its main
 * task, says how it ended. The URLs in between are run.c's. */
#include "run.h"

#include "command.h"
#include "koru/error.h"
#include "koru/run.h"
#include "koru/task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what is said at the end ---------------------------------------------------------- */

static void tell_end(struct run *run)
{
	struct stream *err = run->err;
	if (run->source.error < 0)
		stream_printf(err, "koru fetch: %s cannot be read any further: %s\n",
		              run->opts->input, koru_strerror(run->source.error));
	switch (run->stop) {
	case RUN_INTERRUPTED: stream_printf(err, "koru fetch: interrupted\n"); break;
	case RUN_FAILED_FAST:
		stream_printf(err, "koru fetch: stopped at the first failure (--fail-fast)\n");
		break;
	case RUN_NO_MEANS:
		stream_printf(err, "koru fetch: stopped: %s; try a smaller -c\n",
		              koru_strerror(run->error));
		break;
	case RUN_NO_OUTPUT:
	case RUN_GOES_ON: break;
	}
}

static void sum_up(struct run *run)
{
	run->sum.wall_ns = koru_now() - run->started;
	run->sum.interrupted = run->stop == RUN_INTERRUPTED;
	meter_read(&run->sum.used);
	run->report.form->summary(&run->report, &run->sum);
}

static int status(const struct run *run)
{
	if (run->stop == RUN_INTERRUPTED)
		return COMMAND_INTERRUPTED;
	bool all = run->stop == RUN_GOES_ON && run->sum.failed == 0 && run->source.error == 0;
	return all && run->out.error == 0 ? COMMAND_OK : COMMAND_FAILED;
}

/* ---- the main task ------------------------------------------------------------------------ */

static int run_main(void *arg)
{
	struct run *run = arg;
	struct koru_scope telling; /* outlives the fetches, whatever becomes of them */
	int rc = koru_scope_open(&telling, &(struct koru_scope_opts){ .name = "output" });
	if (rc < 0)
		return rc;
	(void)koru_go(&telling, stream_run, &run->out); /* its failure fails the scope */
	if (run->err != &run->out)
		(void)koru_go(&telling, stream_run, run->err);
	rc = koru_go(NULL, signals_run, &run->signals);

	struct koru_http_client_opts client = {
		.per_host_max = run->opts->tasks,
		.idle_max = run->opts->tasks,
		.insecure = run->opts->insecure,
	};
	if (rc == 0)
		rc = koru_http_client_new(&client, &run->client);
	if (rc == 0) {
		run->started = koru_now();
		run_fetch_all(run);
		run_drop_the_rest(run);
		koru_http_client_free(run->client);
		tell_end(run);
		sum_up(run);
	}
	stream_close(&run->out);
	stream_close(run->err);
	int closed = koru_scope_close(&telling);
	return rc < 0 ? rc : closed;
}

/* ---- before and after ------------------------------------------------------------------- */

static void on_output_error(void *arg)
{
	struct run *run = arg;
	run_stop(run, RUN_NO_OUTPUT, run->out.error);
}

static void on_first_signal(void *arg)
{
	run_stop(arg, RUN_INTERRUPTED, -EINTR);
}

static void on_second_signal(void *arg)
{
	struct run *run = arg;
	stream_abandon(run->err);
	if (run->err != &run->out)
		stream_abandon(&run->out);
}

static bool draw_bar(void *arg, char buf[BAR_SIZE], unsigned width)
{
	struct run *run = arg;
	if (!run->fetching)
		return false;
	struct bar_counts counts = {
		.done = run->sum.ok + run->sum.failed + run->sum.cut,
		.failed = run->sum.failed,
		.total = run->source.known,
		.total_known = run->source.finished,
		.bytes = run->received,
		.elapsed = koru_now() - run->started,
	};
	uint64_t rate = bar_rate_update(&run->rate, counts.bytes, counts.elapsed);
	bar_draw(buf, &counts, rate, width, run->colours);
	return true;
}

static bool same_file(int a, int b)
{
	struct stat sa;
	struct stat sb;
	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

static bool is_terminal(int fd)
{
	const char *term = getenv("TERM");
	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

static void open_output(struct run *run)
{
	const struct fetch_opts *opts = run->opts;
	stream_open(&run->out, STDOUT_FILENO, &run->changed);
	run->out.on_error = on_output_error;
	run->out.on_error_arg = run;
	/* One stream where both lead to the same place, so that lines keep their order. */
	run->err = &run->out;
	if (!same_file(STDOUT_FILENO, STDERR_FILENO)) {
		run->err = &run->own_err;
		stream_open(run->err, STDERR_FILENO, &run->changed);
	}
	if (!opts->quiet && is_terminal(STDERR_FILENO))
		stream_set_bar(run->err, draw_bar, run);
	else if (!opts->quiet && !opts->json && is_terminal(STDOUT_FILENO))
		stream_set_bar(&run->out, draw_bar, run);
	run->report.form = opts->json ? &report_json : &report_text;
	run->report.out = &run->out;
	run->report.err = run->err;
	run->report.quiet = opts->quiet;
	const char *no_color = getenv("NO_COLOR");
	run->colours = !no_color || !*no_color;
	run->report.colour = run->colours && is_terminal(STDERR_FILENO);
}

static void close_output(struct run *run)
{
	stream_done(&run->out);
	if (run->err != &run->out)
		stream_done(run->err);
}

static int open_all(struct run *run)
{
	int rc = source_open(&run->source, run->opts->urls, run->opts->input);
	if (rc < 0)
		return command_error(&command_fetch,
		                     "cannot read URLs from %s: %s; name a file "
		                     "with -i, or - for standard input",
		                     run->opts->input, koru_strerror(rc));
	rc = signals_open(&run->signals);
	if (rc < 0) {
		source_done(&run->source);
		(void)command_error(&command_fetch, "cannot watch for signals: %s",
		                    koru_strerror(rc));
		return COMMAND_FAILED;
	}
	run->signals.on_first = on_first_signal;
	run->signals.on_second = on_second_signal;
	run->signals.arg = run;
	run->limits_hosts = run->opts->per_host < run->opts->tasks;
	hosts_init(&run->hosts, run->opts->per_host);
	if (run->opts->dir)
		save_dir_open(&run->dir, run->opts->dir);
	open_output(run);
	return 0;
}

static void close_all(struct run *run)
{
	close_output(run);
	if (run->opts->dir)
		save_dir_done(&run->dir);
	hosts_done(&run->hosts);
	signals_done(&run->signals);
	source_done(&run->source);
}

int fetch_run(const struct fetch_opts *opts)
{
	struct run run;
	memset(&run, 0, sizeof(run));
	run.opts = opts;
	int rc = open_all(&run);
	if (rc != 0)
		return rc;
	rc = koru_run(run_main, &run, &(struct koru_run_opts){ .stack_size = opts->stack_size });
	int result = rc < 0 ? COMMAND_FAILED : status(&run);
	if (run.out.error < 0 && run.out.error != -EPIPE)
		(void)command_error(&command_fetch, "cannot write to standard output: %s",
		                    koru_strerror(run.out.error));
	else if (rc < 0)
		(void)command_error(&command_fetch, "cannot run: %s", koru_strerror(rc));
	close_all(&run);
	return result;
}
