/* SPDX-License-Identifier: MIT
 *
 * The other direction of src/http/decode.h, for tests: encoders by the libraries' own
 * programmers.
 */
#ifndef TESTS_HTTP_ENCODE_H
#define TESTS_HTTP_ENCODE_H

#include <stddef.h>

struct bytes {
	char *ptr; /* to be freed */
	size_t len;
};

/* "gzip", "deflate", "raw" (deflate without its frame), "br", "zstd". */
struct bytes encode(const char *coding, const void *data, size_t len);

/* zstd with a window of 2^window_log bytes, whether or not the data need it. */
struct bytes encode_zstd_window(const void *data, size_t len, int window_log);

/* The two behind each other; frees both. */
struct bytes joined(struct bytes a, struct bytes b);

#endif
