/* SPDX-License-Identifier: MIT
 *
 * `koru fetch`, as its parts know it: what was asked for on the command line.
 */
#ifndef TOOL_FETCH_H
#define TOOL_FETCH_H

#include "koru/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FETCH_TASKS_DEFAULT   100
#define FETCH_TASKS_MAX       100000
#define FETCH_TIMEOUT_DEFAULT (30 * KORU_SECOND)
#define FETCH_REDIRECTS_MAX   1000
#define FETCH_HEADERS_MAX     64

struct fetch_opts {
	unsigned tasks;    /* URLs at once */
	unsigned per_host; /* URLs of one host at once; at most `tasks` */
	int64_t timeout;   /* nanoseconds for each URL; 0: none */
	const char *dir;   /* where to save; NULL: nowhere */
	const char *input; /* the file with URLs, "-" for standard input; NULL: none */
	bool json;
	bool quiet;
	bool fail_fast;
	bool insecure;
	unsigned redirects_max;
	size_t stack_size; /* 0: koru's default */
	struct koru_http_header headers[FETCH_HEADERS_MAX];
	size_t header_count;
	char *const *urls; /* of the command line, ends with NULL */
};

/* Fetches what `opts` asks for and tells about it. Returns the exit status. */
int fetch_run(const struct fetch_opts *opts);

#endif
