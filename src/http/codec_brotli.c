/* SPDX-License-Identifier: MIT
 * br (RFC 7932), through libbrotlidec. See codec.h. */
#include "base/alloc.h"
#include "http/codec.h"
#include "koru/error.h"

#include <brotli/decode.h>
#include <errno.h>
#include <stdint.h>

static void *take(void *opaque, size_t size)
{
	(void)opaque;
	return koru__alloc(size);
}

static void give(void *opaque, void *ptr)
{
	(void)opaque;
	koru__free(ptr);
}

static void *open_brotli(void)
{
	return BrotliDecoderCreateInstance(take, give, NULL);
}

static void close_brotli(void *state)
{
	BrotliDecoderDestroyInstance(state);
}

static int error_of(BrotliDecoderState *brotli)
{
	BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(brotli);
	bool memory = code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
	              code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
	return memory ? -ENOMEM : -KORU_EENCODING;
}

static int step_brotli(void *state, struct koru__decode_io *io)
{
	const uint8_t *in = (const uint8_t *)io->in;
	uint8_t *out = (uint8_t *)io->out;
	BrotliDecoderResult result =
	        BrotliDecoderDecompressStream(state, &io->in_len, &in, &io->out_len, &out, NULL);
	io->in = (const char *)in;
	io->out = (char *)out;
	if (result == BROTLI_DECODER_RESULT_ERROR)
		return error_of(state);
	return result == BROTLI_DECODER_RESULT_SUCCESS ? KORU__CODEC_OVER : KORU__CODEC_INSIDE;
}

const struct koru__codec koru__codec_brotli = {
	.name = "br",
	.open = open_brotli,
	.step = step_brotli,
	.close = close_brotli,
};
