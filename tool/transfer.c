/* SPDX-License-Identifier: MIT
 * One URL from request to result: what a task of `koru fetch` does. It starts no tasks and
 * prints nothing. */
#include "run.h"

#include "base/alloc.h"
#include "koru/error.h"
#include "koru/http.h"
#include "koru/stream.h"
#include "koru/time.h"

#include <errno.h>
#include <string.h>

/* The bodies of all requests under way pass through buffers of this size on the stacks of
 * their tasks: at a thousand at once, a larger one would cost more than everything else. */
#define CHUNK_SIZE 4096

/* A body that has turned out to be long gets a larger one, as long as there are not too many
 * of these: together they are bounded. */
#define LARGE_CHUNK_SIZE  (64u << 10)
#define LARGE_CHUNK_AFTER (256u << 10)
#define LARGE_CHUNKS_MAX  64

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
	cause_of_file(t->cause, error, t->run->opts->dir, t->job->name);
	return error;
}

static char *large_chunk_get(struct run *run)
{
	if (run->large_chunks >= LARGE_CHUNKS_MAX)
		return NULL;
	char *chunk = koru__alloc(LARGE_CHUNK_SIZE);
	if (chunk)
		run->large_chunks++;
	return chunk;
}

static void large_chunk_put(struct run *run, char *chunk)
{
	if (!chunk)
		return;
	koru__free(chunk);
	run->large_chunks--;
}

/* Reads some of the body into `chunk` and saves or only counts it. Returns the count, 0 at
 * the end. */
static ssize_t receive_some(struct transfer *t, char *chunk, size_t size)
{
	ssize_t n = koru_http_read(t->res, chunk, size);
	if (n < 0)
		return fail_request(t, (int)n, koru_http_error_detail(t->res));
	t->result->bytes += (uint64_t)n;
	t->run->received += (uint64_t)n;
	int rc = t->saving && n > 0 ? save_write(&t->save, chunk, (size_t)n) : 0;
	return rc < 0 ? fail_file(t, rc) : n;
}

/* Reads the body to its end. */
static __attribute__((noinline)) int receive(struct transfer *t)
{
	char chunk[CHUNK_SIZE];
	ssize_t n = 1;
	while (n > 0 && t->result->bytes < LARGE_CHUNK_AFTER)
		n = receive_some(t, chunk, sizeof(chunk));
	char *large = n > 0 ? large_chunk_get(t->run) : NULL;
	while (n > 0)
		n = receive_some(t, large ? large : chunk,
		                 large ? LARGE_CHUNK_SIZE : sizeof(chunk));
	large_chunk_put(t->run, large);
	return (int)n;
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
