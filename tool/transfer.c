/* SPDX-License-Identifier: MIT
 * One URL from request to result: what a task of `koru fetch` does. It starts no tasks and
 * prints nothing. */
#include "run.h"

#include "koru/error.h"
#include "koru/http.h"
#include "koru/stream.h"
#include "koru/time.h"

#include <errno.h>
#include <string.h>

/* The bodies of all requests under way pass through buffers of this size on the stacks of
 * their tasks: at a thousand at once, a larger one would cost more than everything else. */
#define CHUNK_SIZE 4096

/* The body of an answer that is not wanted is read up to here, so that its connection can
 * be used again; of a longer one the connection is closed. */
#define UNWANTED_MAX (16u << 10)

/* What belongs to one transfer. */
struct transfer {
	struct run *run;
	const struct job *job;
	struct result *result;
	char *cause; /* CAUSE_SIZE */
	struct koru_http_response *res;
	struct save save;
	bool saving;
};

static int fail_request(struct transfer *t, int error, const char *why)
{
	cause_of_request(t->cause, error, why, t->job->url);
	return error;
}

static int fail_file(struct transfer *t, int error)
{
	if (error != -ECANCELED)
		cause_of_file(t->cause, error, t->run->opts->dir, t->job->name);
	return error;
}

/* Reads the body to its end and saves or only counts it. */
static __attribute__((noinline)) int receive(struct transfer *t)
{
	char chunk[CHUNK_SIZE];
	for (;;) {
		ssize_t n = koru_http_read(t->res, chunk, sizeof(chunk));
		if (n == 0)
			return 0;
		if (n < 0)
			return fail_request(t, (int)n, koru_http_error_detail(t->res));
		t->result->bytes += (uint64_t)n;
		int rc = t->saving ? save_write(&t->save, chunk, (size_t)n) : 0;
		if (rc < 0)
			return fail_file(t, rc);
	}
}

/* Reads what is not wanted, if it is not much. Its errors do not matter. */
static __attribute__((noinline)) void discard(struct transfer *t)
{
	char chunk[CHUNK_SIZE];
	for (size_t had = 0; had < UNWANTED_MAX;) {
		ssize_t n = koru_http_read(t->res, chunk, sizeof(chunk));
		if (n <= 0)
			return;
		had += (size_t)n;
	}
}

static int fail_status(struct transfer *t, int status)
{
	bool redirect = status >= 300 && status < 400;
	cause_of_status(t->cause, status, redirect ? koru_http_header(t->res, "Location") : NULL);
	discard(t);
	return -CAUSE_STATUS;
}

/* Receives the body into a file that gets its name at the end. */
static int receive_into_file(struct transfer *t)
{
	int rc = save_begin(&t->save, &t->run->dir);
	if (rc < 0)
		return fail_file(t, rc);
	t->saving = true;
	rc = receive(t);
	if (rc < 0) {
		save_abort(&t->save);
		return rc;
	}
	rc = save_commit(&t->save, t->job->name);
	return rc < 0 ? fail_file(t, rc) : 0;
}

static int request(struct transfer *t)
{
	const struct fetch_opts *opts = t->run->opts;
	struct koru_stream_detail detail = { "" };
	struct koru_http_opts http = {
		.client = t->run->client,
		.headers = opts->headers,
		.header_count = opts->header_count,
		.redirects_max = opts->redirects_max > 0 ? (int)opts->redirects_max : -1,
		.ret_detail = &detail,
	};
	int rc = koru_http_open("GET", t->job->url, &http, &t->res);
	if (rc < 0)
		return fail_request(t, rc, detail.text);

	t->result->status = koru_http_status(t->res);
	if (t->result->status < 200 || t->result->status > 299)
		rc = fail_status(t, t->result->status);
	else if (opts->dir)
		rc = receive_into_file(t);
	else
		rc = receive(t);
	koru_http_response_free(t->res);
	return rc;
}

/* Why a request of ours was cancelled: its own deadline, or the end of the whole run. */
static int explain_cancel(struct transfer *t, int closed)
{
	const struct run *run = t->run;
	if (closed == -ETIMEDOUT) {
		cause_of_deadline(t->cause, run->opts->timeout, t->result->bytes);
		return -ETIMEDOUT;
	}
	cause_of_stop(t->cause,
	              run->stop == RUN_FAILED_FAST ? "cut off, since another URL failed"
	                                           : "cut off",
	              t->result->bytes);
	return -ECANCELED;
}

void transfer_run(struct run *run, const struct job *job, struct result *result,
                  char cause[CAUSE_SIZE])
{
	struct transfer t = { .run = run, .job = job, .result = result, .cause = cause };
	cause[0] = '\0';
	*result = (struct result){ .url = job->url };
	if (job->bad) {
		result->error = -KORU_EURL;
		result->cause = job->bad;
		return;
	}

	int64_t start = koru_now();
	struct koru_scope limit;
	int rc =
	        koru_scope_open(&limit, &(struct koru_scope_opts){ .timeout = run->opts->timeout });
	if (rc == 0)
		rc = request(&t);
	int closed = koru_scope_close(&limit);
	if (rc == -ECANCELED)
		rc = explain_cancel(&t, closed);
	result->ns = koru_now() - start;
	result->error = rc;
	result->cause = rc < 0 ? cause : NULL;
}
