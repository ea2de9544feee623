/* SPDX-License-Identifier: MIT
 *
 * Undoing content codings (RFC 9110 8.4) as the bytes come in: gzip, deflate, br, zstd, and
 * several of them one over the other. No I/O; memory only when a decoder is made and, for
 * its window, at its first bytes. What comes out is never more than there is room for, so a
 * small body that decodes to a huge one costs its reader nothing it did not ask for.
 */
#ifndef KORU_HTTP_DECODE_H
#define KORU_HTTP_DECODE_H

#include <stdbool.h>
#include <stddef.h>

struct koru__decoder;

/* How many codings may lie one over the other. */
#define KORU__DECODE_DEPTH_MAX 3

/* What Accept-Encoding says. */
#define KORU__DECODE_ACCEPT "gzip, deflate, br, zstd"

/* Bytes on their way: both sides are moved on by what was used and made. */
struct koru__decode_io {
	const char *in;
	size_t in_len;
	char *out;
	size_t out_len;
};

/* Adds the codings of one Content-Encoding header to *decoder, which is NULL at first and
 * stays so when there is nothing to undo ("identity").
 * Returns 0, -KORU_EENCODING (unknown, or too many), -ENOMEM; *decoder is to be freed in
 * any case. */
int koru__decode_add(struct koru__decoder **decoder, const char *value, size_t len);

/* Decodes until the input is used up or the room is. `last` says that no more input will
 * come.
 * Returns 1 when everything has been said: the input is over and the output is out; 0 when
 * there may be more; -KORU_EENCODING when the data are damaged, cut off or followed by
 * something else; -ENOMEM. After an error it can only be freed. */
int koru__decode_run(struct koru__decoder *decoder, struct koru__decode_io *io, bool last);

void koru__decode_free(struct koru__decoder *decoder);

#endif
