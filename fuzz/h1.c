/* SPDX-License-Identifier: MIT
 * Fuzz target: the message parser must say the same however its input is cut.
 *
 * The first byte chooses: bit 0 request or answer; bits 1-2 what the answer is to; bit 3 small
 * limits; bits 4-7 where the input is cut. The rest are the message's bytes. */
#include "http/h1_log.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct koru__h1_limits small = {
	.line_bytes_max = 40,
	.head_bytes_max = 120,
	.header_count_max = 4,
	.chunk_line_bytes_max = 12,
	.chunk_ext_bytes_max = 16,
	.trailer_bytes_max = 40,
	.interim_count_max = 2,
};

static void must_agree(const char *bytes, size_t len, struct h1_log_opts opts, const char *log)
{
	char *other = h1_log(bytes, len, &opts);
	if (strcmp(log, other) != 0)
		abort();
	free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const methods[] = { "GET", "HEAD", "CONNECT", "POST" };
	if (size == 0)
		return 0;
	const char *bytes = (const char *)data + 1;
	size_t len = size - 1;
	struct h1_log_opts opts = {
		.request = data[0] & 1,
		.method = methods[data[0] >> 1 & 3],
		.limits = data[0] & 8 ? &small : NULL,
	};
	char *log = h1_log(bytes, len, &opts);
	opts.step = 1;
	must_agree(bytes, len, opts, log);
	opts.step = 2 + (data[0] >> 4);
	must_agree(bytes, len, opts, log);
	opts.direct = true;
	must_agree(bytes, len, opts, log);
	opts.step = len;
	opts.first = len * (data[0] >> 4) / 16;
	must_agree(bytes, len, opts, log);
	free(log);
	return 0;
}
