/* SPDX-License-Identifier: MIT
 * The report for programs: one JSON object a line. See report.h. */
#include "cause.h"
#include "lines.h"
#include "report.h"
#include "stream.h"
#include "text.h"

#include "koru/time.h"

#include <jansson.h>
#include <string.h>

#define REAL_DIGITS 9 /* microseconds of a quarter of an hour */

static int put(const char *text, size_t len, void *stream)
{
	stream_put(stream, text, len);
	return 0;
}

/* Writes the object as a line and drops it. NULL, where memory ran out in between, leaves
 * the line out: a line that is not there is noticed, one that is half there breaks the
 * reader. */
static void put_object(struct stream *stream, json_t *object)
{
	if (!object)
		return;
	(void)json_dump_callback(object, put, stream,
	                         JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
	stream_put(stream, "\n", 1);
	json_decref(object);
}

/* Not inlined: its buffer would otherwise lie on the stack of each task that reports. */
static __attribute__((noinline)) json_t *cleaned_string(const char *text)
{
	char clean[LINES_LEN_MAX + 1];
	text_clean(clean, sizeof(clean), text, strlen(text));
	return json_string(clean);
}

/* A text from outside; what is not UTF-8 cannot stand in JSON (RFC 8259, section 8.1) and
 * is shown as \xNN. */
static json_t *string(const char *text)
{
	json_t *json = json_string(text);
	return json ? json : cleaned_string(text);
}

static double seconds(int64_t ns)
{
	return (double)(ns / KORU_MICROSECOND) / 1e6;
}

static void json_started(struct report *report, const char *url)
{
	(void)report;
	(void)url;
}

static void json_ended(struct report *report, const struct result *result)
{
	/* "s?" and "o?" leave null where there is nothing; "o" hands its object over. */
	json_t *error = NULL;
	if (result->error < 0)
		error = json_pack("{s:s, s:o}", "code", cause_code(result->error), "text",
		                  string(result->cause));
	json_t *object =
	        json_pack("{s:o, s:o, s:I, s:f, s:o?, s:o?}", "url", string(result->url), "status",
	                  result->status ? json_integer(result->status) : json_null(), "bytes",
	                  (json_int_t)result->bytes, "seconds", seconds(result->ns), "file",
	                  result->file ? string(result->file) : NULL, "error", error);
	put_object(report->out, object);
	if (result->error < 0 && !report->quiet)
		report_cause(report, result);
}

static void json_summary(struct report *report, const struct summary *summary)
{
	json_t *object = json_pack(
	        "{s:{s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:I, s:I, s:b}}", "summary", "ok",
	        (json_int_t)summary->ok, "failed", (json_int_t)summary->failed, "cut_off",
	        (json_int_t)summary->cut, "not_started", (json_int_t)summary->not_started, "bytes",
	        (json_int_t)summary->bytes, "wall_seconds", seconds(summary->wall_ns),
	        "sequential_seconds", seconds(summary->sum_ns), "cpu_seconds",
	        seconds(summary->used.cpu_ns), "peak_memory_bytes",
	        (json_int_t)summary->used.peak_bytes, "threads", (json_int_t)summary->used.threads,
	        "interrupted", (int)summary->interrupted);
	put_object(report->out, object);
}

const struct report_form report_json = { json_started, json_ended, json_summary };
