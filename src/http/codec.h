/* SPDX-License-Identifier: MIT
 *
 * What a single content coding is made of, for decode.c: one file for each library.
 */
#ifndef KORU_HTTP_CODEC_H
#define KORU_HTTP_CODEC_H

#include "http/decode.h"

enum koru__codec_state {
	KORU__CODEC_INSIDE,  /* the data go on */
	KORU__CODEC_BETWEEN, /* they may end here, or go on with another part */
	KORU__CODEC_OVER,    /* they end here */
};

struct koru__codec {
	const char *name;
	const char *alias; /* RFC 9110 8.4.1 knows "x-gzip"; NULL: none */

	/* Makes the codec's own state. NULL: no memory. */
	void *(*open)(void);

	/* Decodes what it can. *io has input; the room may be used up before it is. Returns an
	 * enum koru__codec_state, -KORU_EENCODING or -ENOMEM. A codec that used no input and
	 * made no output, with both there, has failed. */
	int (*step)(void *state, struct koru__decode_io *io);

	void (*close)(void *state);
};

extern const struct koru__codec koru__codec_gzip;
extern const struct koru__codec koru__codec_deflate;
extern const struct koru__codec koru__codec_brotli;
extern const struct koru__codec koru__codec_zstd;

#endif
