/* SPDX-License-Identifier: MIT
 * Fuzz target: content codings. The first byte chooses the codings and the cuts; what comes
 * out must not depend on the cuts. */
#include "http/decode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_MAX 65536

static int decode(const char *header, const char *in, size_t len, size_t step, size_t room,
                  char *out, size_t *ret_len)
{
	struct koru__decoder *decoder = NULL;
	size_t shown = 0, made = 0;
	int rc = koru__decode_add(&decoder, header, strlen(header));
	while (rc == 0 && made < OUT_MAX) {
		size_t count = len - shown < step ? len - shown : step;
		size_t here = OUT_MAX - made < room ? OUT_MAX - made : room;
		struct koru__decode_io io = { in + shown, count, out + made, here };
		rc = koru__decode_run(decoder, &io, shown + count == len);
		if (rc >= 0)
			made += here - io.out_len;
		if (rc == 0 && io.in_len > 0 && io.out_len > 0)
			abort(); /* neither used up */
		shown += count - io.in_len;
	}
	koru__decode_free(decoder);
	*ret_len = made;
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const headers[] = {
		"gzip",     "deflate",  "br",       "zstd",
		"br, gzip", "zstd, br", "identity", "gzip, zstd, br"
	};
	static char once[OUT_MAX], twice[OUT_MAX];
	if (size == 0)
		return 0;
	const char *header = headers[data[0] & 7];
	if (strcmp(header, "identity") == 0)
		return 0;
	size_t once_len, twice_len;
	const char *in = (const char *)data + 1;
	int rc = decode(header, in, size - 1, size, OUT_MAX, once, &once_len);
	int again = decode(header, in, size - 1, 1 + (data[0] >> 3), 1 + (data[0] >> 5), twice,
	                   &twice_len);
	if (once_len < OUT_MAX && twice_len < OUT_MAX && (rc < 0) != (again < 0))
		abort();
	if (rc == 1 && again == 1 && (once_len != twice_len || memcmp(once, twice, once_len) != 0))
		abort();
	return 0;
}
