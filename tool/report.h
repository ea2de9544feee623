/* SPDX-License-Identifier: MIT
 *
 * What a run tells: as lines and a table for people, or as JSON for programs. Each form is
 * a file of its own behind this contract.
 */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

#include "meter.h"

#include <stdbool.h>
#include <stdint.h>

struct stream;

/* How one URL ended. */
struct result {
	const char *url;
	int error;         /* 0: it came; else negative, see cause_code */
	const char *cause; /* in words, without the URL; NULL when it came */
	int status;        /* of HTTP; 0 when there was no answer */
	uint64_t bytes;    /* of the body, decoded, as far as they came */
	int64_t ns;        /* from its start */
	const char *file;  /* where it was saved, NULL: nowhere */
};

/* How all of them ended. */
struct summary {
	uint64_t ok;
	uint64_t failed;
	uint64_t cut;         /* under way when the run was stopped */
	uint64_t not_started; /* of those that were known by then */
	bool more_unread;     /* there may be others, which were not read any more */
	uint64_t bytes;       /* of the bodies that came */
	int64_t wall_ns;
	int64_t sum_ns;   /* of every request: the time they would take one by one */
	bool interrupted; /* by a signal */
	struct meter used;
};

struct report {
	const struct report_form *form;
	struct stream *out; /* standard output */
	struct stream *err; /* standard error; may be the same stream */
	bool quiet;
	bool colour; /* failures stand out on standard error */
};

struct report_form {
	void (*started)(struct report *report, const char *url);
	void (*ended)(struct report *report, const struct result *result);
	void (*summary)(struct report *report, const struct summary *summary);
};

/* "Starting URL" and "URL: N bytes" on standard output, "URL: cause" on standard error,
 * then a table. Quiet: only what is on standard error. */
extern const struct report_form report_text;

/* One object a line on standard output, for each URL as it ends, then one with the
 * summary; the causes on standard error as well, unless quiet. */
extern const struct report_form report_json;

/* "URL: cause" on standard error, control characters made visible. */
void report_cause(struct report *report, const struct result *result);

#endif
