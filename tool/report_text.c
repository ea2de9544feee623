/* SPDX-License-Identifier: MIT
 * The report for people. See report.h. */
#include "cause.h"
#include "lines.h"
#include "report.h"
#include "stream.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RED   "\x1b[31m"
#define PLAIN "\x1b[0m"

#define URL_SIZE (LINES_LEN_MAX + 1) /* longer ones are cut when shown */

/* The common case, a URL of printable ASCII, is printed as it is. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* Not inlined: its buffer would otherwise lie on the stack of each task that reports. */
static __attribute__((noinline)) void put_cleaned(struct stream *stream, const char *before,
                                                  const char *url, const char *after)
{
	char clean[URL_SIZE];
	text_clean(clean, sizeof(clean), url, strlen(url));
	stream_printf(stream, "%s%s%s\n", before, clean, after);
}

static void put_line(struct stream *stream, const char *before, const char *url, const char *after)
{
	if (is_plain(url))
		stream_printf(stream, "%s%s%s\n", before, url, after);
	else
		put_cleaned(stream, before, url, after);
}

void report_cause(struct report *report, const struct result *result)
{
	char cause[CAUSE_SIZE + sizeof(": " PLAIN)] = ": ";
	text_clean(cause + 2, CAUSE_SIZE, result->cause, strlen(result->cause));
	if (report->colour)
		memcpy(cause + strlen(cause), PLAIN, sizeof(PLAIN));
	put_line(report->err, report->colour ? RED : "", result->url, cause);
}

static void text_started(struct report *report, const char *url)
{
	if (!report->quiet)
		put_line(report->out, "Starting ", url, "");
}

static void text_ended(struct report *report, const struct result *result)
{
	if (result->error < 0) {
		report_cause(report, result);
		return;
	}
	if (report->quiet)
		return;
	char size[64];
	(void)snprintf(size, sizeof(size), ": %" PRIu64 " bytes", result->bytes);
	put_line(report->out, "", result->url, size);
}

static void urls_row(struct stream *out, const struct summary *summary)
{
	char ok[TEXT_NUMBER_SIZE];
	char failed[TEXT_NUMBER_SIZE];
	char cut[TEXT_NUMBER_SIZE];
	char not_started[TEXT_NUMBER_SIZE];
	text_count(ok, sizeof(ok), summary->ok);
	text_count(failed, sizeof(failed), summary->failed);
	text_count(cut, sizeof(cut), summary->cut);
	text_count(not_started, sizeof(not_started), summary->not_started);
	stream_printf(out, "URLs           %s ok, %s failed", ok, failed);
	if (summary->cut > 0)
		stream_printf(out, ", %s cut off", cut);
	if (summary->not_started > 0)
		stream_printf(out, ", %s not started", not_started);
	stream_put(out, "\n", 1);
}

static void bytes_row(struct stream *out, const struct summary *summary)
{
	char exact[TEXT_NUMBER_SIZE];
	char rounded[TEXT_NUMBER_SIZE];
	text_count(exact, sizeof(exact), summary->bytes);
	text_bytes(rounded, sizeof(rounded), summary->bytes);
	if (summary->bytes < 1000)
		stream_printf(out, "bytes          %s\n", exact);
	else
		stream_printf(out, "bytes          %s (%s)\n", exact, rounded);
}

static void time_rows(struct stream *out, const struct summary *summary)
{
	char text[TEXT_NUMBER_SIZE];
	text_duration(text, sizeof(text), summary->wall_ns);
	stream_printf(out, "wall time      %s\n", text);
	text_duration(text, sizeof(text), summary->sum_ns);
	stream_printf(out, "one by one     %s", text);
	/* In tenths, rounded down, like the other figures. */
	int64_t tenths = summary->wall_ns > 0 ? 10 * summary->sum_ns / summary->wall_ns : 0;
	if (tenths >= 100)
		stream_printf(out, " (%" PRId64 " times as long)", tenths / 10);
	else if (tenths >= 15)
		stream_printf(out, " (%" PRId64 ".%" PRId64 " times as long)", tenths / 10,
		              tenths % 10);
	stream_put(out, "\n", 1);
	text_duration(text, sizeof(text), summary->used.cpu_ns);
	stream_printf(out, "CPU time       %s\n", text);
}

static void text_summary(struct report *report, const struct summary *summary)
{
	if (report->quiet)
		return;
	struct stream *out = report->out;
	stream_put(out, "\n", 1);
	urls_row(out, summary);
	bytes_row(out, summary);
	time_rows(out, summary);
	char text[TEXT_NUMBER_SIZE];
	text_bytes(text, sizeof(text), summary->used.peak_bytes);
	stream_printf(out, "peak memory    %s\n", text);
	stream_printf(out, "threads used   %u\n", summary->used.threads);
}

const struct report_form report_text = { text_started, text_ended, text_summary };
