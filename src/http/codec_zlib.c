/* SPDX-License-Identifier: MIT
 * gzip and deflate, through zlib. See codec.h. */
#include "base/alloc.h"
#include "http/codec.h"
#include "koru/error.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <zlib.h>

struct inflater {
	z_stream z;
	bool started;
	bool over; /* a member, or the only part, is complete */
};

static void *take(void *opaque, unsigned count, unsigned size)
{
	(void)opaque;
	size_t bytes;
	return __builtin_mul_overflow((size_t)count, (size_t)size, &bytes) ? NULL
	                                                                   : koru__alloc(bytes);
}

static void give(void *opaque, void *ptr)
{
	(void)opaque;
	koru__free(ptr);
}

static void *open_inflater(void)
{
	struct inflater *inflater = koru__zalloc(1, sizeof(*inflater));
	if (!inflater)
		return NULL;
	inflater->z.zalloc = take;
	inflater->z.zfree = give;
	return inflater;
}

static void close_inflater(void *state)
{
	struct inflater *inflater = state;
	if (inflater->started)
		(void)inflateEnd(&inflater->z);
	koru__free(inflater);
}

static int start(struct inflater *inflater, int window_bits)
{
	int rc = inflateInit2(&inflater->z, window_bits);
	if (rc != Z_OK)
		return rc == Z_MEM_ERROR ? -ENOMEM : -KORU_EENCODING;
	inflater->started = true;
	return 0;
}

static int inflate_some(struct inflater *inflater, struct koru__decode_io *io)
{
	z_stream *z = &inflater->z;
	uInt in_len = io->in_len < UINT_MAX ? (uInt)io->in_len : UINT_MAX;
	uInt out_len = io->out_len < UINT_MAX ? (uInt)io->out_len : UINT_MAX;
	z->next_in = (Bytef *)(uintptr_t)io->in; /* zlib only reads it */
	z->avail_in = in_len;
	z->next_out = (Bytef *)io->out;
	z->avail_out = out_len;
	int rc = inflate(z, Z_NO_FLUSH);
	io->in += in_len - z->avail_in;
	io->in_len -= in_len - z->avail_in;
	io->out += out_len - z->avail_out;
	io->out_len -= out_len - z->avail_out;
	switch (rc) {
	case Z_STREAM_END: inflater->over = true; return KORU__CODEC_OVER;
	case Z_OK:
	case Z_BUF_ERROR: return KORU__CODEC_INSIDE; /* wants input or room */
	case Z_MEM_ERROR: return -ENOMEM;
	default: return -KORU_EENCODING; /* a preset dictionary (Z_NEED_DICT) too */
	}
}

/* RFC 1952 2.2: a gzip file is a series of members. What follows a member and is none makes
 * zlib fail at its header. */
static int step_gzip(void *state, struct koru__decode_io *io)
{
	struct inflater *inflater = state;
	int rc = inflater->started ? 0 : start(inflater, 16 + MAX_WBITS);
	if (rc < 0)
		return rc;
	if (inflater->over && inflateReset(&inflater->z) != Z_OK)
		return -KORU_EENCODING;
	inflater->over = false;
	rc = inflate_some(inflater, io);
	return rc == KORU__CODEC_OVER ? KORU__CODEC_BETWEEN : rc;
}

/* RFC 9110 8.4.1.2: deflate is the zlib format (RFC 1950), and some send the bare data (RFC
 * 1951) instead. The first byte tells: the zlib format has 8 in its low four bits and at
 * most 7 above; bare data begin so only if an encoder sets bits that mean nothing. */
static int step_deflate(void *state, struct koru__decode_io *io)
{
	struct inflater *inflater = state;
	if (!inflater->started) {
		unsigned char first = (unsigned char)io->in[0];
		bool zlib = (first & 0x0f) == 8 && first >> 4 <= 7;
		int rc = start(inflater, zlib ? MAX_WBITS : -MAX_WBITS);
		if (rc < 0)
			return rc;
	}
	return inflate_some(inflater, io);
}

const struct koru__codec koru__codec_gzip = {
	.name = "gzip",
	.alias = "x-gzip",
	.open = open_inflater,
	.step = step_gzip,
	.close = close_inflater,
};

const struct koru__codec koru__codec_deflate = {
	.name = "deflate",
	.open = open_inflater,
	.step = step_deflate,
	.close = close_inflater,
};
