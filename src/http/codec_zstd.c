/* SPDX-License-Identifier: MIT
 * zstd (RFC 8878), through libzstd. See codec.h. */
#include "base/fault.h"
#include "http/codec.h"
#include "koru/error.h"

#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

/* RFC 9659 3: a window of more than 8 MB is not to be sent. */
#define WINDOW_LOG_MAX 23

/* libzstd's stable interface takes no allocator; tests can make its memory fail here. */
static void *open_zstd(void)
{
	if (koru__fault(KORU__FAULT_ALLOC))
		return NULL;
	ZSTD_DStream *zstd = ZSTD_createDStream();
	if (!zstd)
		return NULL;
	if (ZSTD_isError(ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		(void)ZSTD_freeDStream(zstd);
		return NULL;
	}
	return zstd;
}

static void close_zstd(void *state)
{
	(void)ZSTD_freeDStream(state);
}

static int step_zstd(void *state, struct koru__decode_io *io)
{
	ZSTD_inBuffer in = { .src = io->in, .size = io->in_len };
	ZSTD_outBuffer out = { .dst = io->out, .size = io->out_len };
	size_t rc = ZSTD_decompressStream(state, &out, &in);
	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	if (ZSTD_isError(rc))
		return ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation ? -ENOMEM
		                                                             : -KORU_EENCODING;
	/* 0: a frame is complete and out; another may follow (RFC 8878 3.1). */
	return rc == 0 ? KORU__CODEC_BETWEEN : KORU__CODEC_INSIDE;
}

const struct koru__codec koru__codec_zstd = {
	.name = "zstd",
	.open = open_zstd,
	.step = step_zstd,
	.close = close_zstd,
};
