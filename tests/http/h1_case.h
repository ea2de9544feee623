/* SPDX-License-Identifier: MIT
 *
 * Cases for the message parser: bytes, and the log that must come of them however they
 * are cut.
 */
#ifndef TESTS_HTTP_H1_CASE_H
#define TESTS_HTTP_H1_CASE_H

#include "support/cmocka.h"

#include "h1_log.h"

#include <stdlib.h>
#include <string.h>

static inline void check_one(const char *bytes, size_t len, const struct h1_log_opts *opts,
                             const char *expected)
{
	char *log = h1_log(bytes, len, opts);
	if (strcmp(log, expected) != 0)
		print_error("cut first %zu, step %zu, direct %d\n", opts->first, opts->step,
		            opts->direct);
	assert_string_equal(log, expected);
	free(log);
}

/* Whole, byte by byte, in every two pieces; and with bodies taken directly. */
static inline void check(const char *bytes, size_t len, struct h1_log_opts opts,
                         const char *expected)
{
	for (int direct = 0; direct < 2; direct++) {
		opts.direct = direct;
		opts.step = opts.first = 0;
		check_one(bytes, len, &opts, expected);
		opts.step = 1;
		check_one(bytes, len, &opts, expected);
		opts.step = 3;
		check_one(bytes, len, &opts, expected);
		opts.step = len;
		for (opts.first = 1; opts.first < len && opts.first < 300; opts.first++)
			check_one(bytes, len, &opts, expected);
	}
}

#define request(text, expected)                                                                    \
	check(text, sizeof(text) - 1, (struct h1_log_opts){ .request = true }, expected)
#define response(text, expected)                                                                   \
	check(text, sizeof(text) - 1, (struct h1_log_opts){ .request = false }, expected)
#define response_to(method_, text, expected)                                                       \
	check(text, sizeof(text) - 1, (struct h1_log_opts){ .method = (method_) }, expected)

#endif
