/* SPDX-License-Identifier: MIT
 * See encode.h. */
#include "encode.h"

#include <brotli/encode.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static void *must_alloc(size_t size)
{
	void *ptr = malloc(size ? size : 1);
	if (!ptr)
		abort();
	return ptr;
}

static void must(int truth)
{
	if (!truth)
		abort();
}

static struct bytes encode_zlib(const void *data, size_t len, int window_bits)
{
	z_stream z = { 0 };
	must(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	size_t room = deflateBound(&z, len) + 64;
	struct bytes out = { must_alloc(room), 0 };
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)out.ptr;
	z.avail_out = (uInt)room;
	must(deflate(&z, Z_FINISH) == Z_STREAM_END);
	out.len = room - z.avail_out;
	must(deflateEnd(&z) == Z_OK);
	return out;
}

static struct bytes encode_brotli(const void *data, size_t len)
{
	size_t room = BrotliEncoderMaxCompressedSize(len) + 64;
	struct bytes out = { must_alloc(room), room };
	must(BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, len, data, &out.len,
	                           (uint8_t *)out.ptr));
	return out;
}

struct bytes encode_zstd_window(const void *data, size_t len, int window_log)
{
	size_t room = ZSTD_compressBound(len) + 64;
	struct bytes out = { must_alloc(room), 0 };
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	must(zstd != NULL);
	must(!ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window_log)));
	/* In pieces, so that the encoder cannot shrink the window to the size it knows. */
	ZSTD_inBuffer in = { data, len, 0 };
	ZSTD_outBuffer to = { out.ptr, room, 0 };
	must(!ZSTD_isError(ZSTD_compressStream2(zstd, &to, &in, ZSTD_e_continue)));
	must(ZSTD_compressStream2(zstd, &to, &in, ZSTD_e_end) == 0);
	out.len = to.pos;
	ZSTD_freeCCtx(zstd);
	return out;
}

struct bytes encode(const char *coding, const void *data, size_t len)
{
	if (strcmp(coding, "gzip") == 0)
		return encode_zlib(data, len, 16 + MAX_WBITS);
	if (strcmp(coding, "deflate") == 0)
		return encode_zlib(data, len, MAX_WBITS);
	if (strcmp(coding, "raw") == 0)
		return encode_zlib(data, len, -MAX_WBITS);
	if (strcmp(coding, "br") == 0)
		return encode_brotli(data, len);
	must(strcmp(coding, "zstd") == 0);
	return encode_zstd_window(data, len, 20);
}

struct bytes joined(struct bytes a, struct bytes b)
{
	struct bytes out = { must_alloc(a.len + b.len), a.len + b.len };
	memcpy(out.ptr, a.ptr, a.len);
	memcpy(out.ptr + a.len, b.ptr, b.len);
	free(a.ptr);
	free(b.ptr);
	return out;
}
