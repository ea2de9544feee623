/* SPDX-License-Identifier: MIT
 *
 * Runs the message parser over some bytes, cut up in a given way, and writes down what it
 * said, in a form that does not depend on the cuts: a line an event, the pieces of a body
 * joined. For the parser's unit tests and its fuzz target.
 */
#ifndef TESTS_HTTP_H1_LOG_H
#define TESTS_HTTP_H1_LOG_H

#include "http/h1.h"

struct h1_log_opts {
	bool request;
	const char *method; /* of the request that answers are to; NULL: GET */
	const struct koru__h1_limits *limits;
	size_t step;  /* how many bytes arrive at a time; 0: all */
	size_t first; /* how many arrive at first; 0: as `step` says */
	bool direct;  /* take bodies past the parser where it allows that */
};

/* Returns a text to be freed: "REQUEST GET / 1.1\nHEADER Host: a\nHEAD length 3 keep\n
 * DATA abc\nEND\n". After an END with "keep" the next message follows; it ends with
 * "FAILED why\n", or with what the end of the stream made of it. */
char *h1_log(const char *bytes, size_t len, const struct h1_log_opts *opts);

#endif
