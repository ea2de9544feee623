/* SPDX-License-Identifier: MIT
 * Content codings one over the other: each decoder writes into a buffer that the next reads.
 * See decode.h. */
#include "http/decode.h"

#include "base/alloc.h"
#include "base/macro.h"
#include "http/char.h"
#include "http/codec.h"
#include "koru/error.h"

#include <errno.h>

#define BETWEEN_SIZE 4096

static const struct koru__codec *const codecs[] = {
	&koru__codec_gzip,
	&koru__codec_deflate,
	&koru__codec_brotli,
	&koru__codec_zstd,
};

struct koru__decoder {
	const struct koru__codec *codec;
	void *state;                /* the codec's; NULL until the first byte */
	struct koru__decoder *next; /* who takes what comes out of this one; NULL: the caller */
	int at;                     /* enum koru__codec_state; where the input so far ended */
	bool over;                  /* nothing more will come out of this one */
	size_t start, end;          /* what of `between` the next has not used yet */
	char between[];             /* BETWEEN_SIZE bytes where there is a next, else none */
};

static const struct koru__codec *find_codec(const char *name, size_t len)
{
	for (size_t i = 0; i < koru__array_len(codecs); i++) {
		const struct koru__codec *codec = codecs[i];
		if (koru__char_equal(name, len, codec->name) ||
		    (codec->alias && koru__char_equal(name, len, codec->alias)))
			return codec;
	}
	return NULL;
}

/* Puts a decoder in front: the codings are listed in the order in which they were applied,
 * so the last one listed is undone first (RFC 9110 8.4). */
static int push(struct koru__decoder **decoder, const char *name, size_t len)
{
	const struct koru__codec *codec = find_codec(name, len);
	unsigned depth = 0;
	for (struct koru__decoder *d = *decoder; d; d = d->next)
		depth++;
	if (!codec || depth == KORU__DECODE_DEPTH_MAX)
		return -KORU_EENCODING;
	struct koru__decoder *first = koru__alloc(sizeof(*first) + (depth ? BETWEEN_SIZE : 0));
	if (!first)
		return -ENOMEM;
	/* An empty body is empty, whatever it is said to be encoded with. */
	*first = (struct koru__decoder){ .codec = codec,
		                         .next = *decoder,
		                         .at = KORU__CODEC_BETWEEN };
	*decoder = first;
	return 0;
}

int koru__decode_add(struct koru__decoder **decoder, const char *value, size_t len)
{
	size_t i = 0;
	while (i < len) {
		if (value[i] == ' ' || value[i] == '\t' || value[i] == ',') {
			i++;
			continue;
		}
		size_t start = i;
		i += koru__char_span(value + i, len - i, KORU__C_TOKEN);
		if (i == start)
			return -KORU_EENCODING;
		if (koru__char_equal(value + start, i - start, "identity"))
			continue;
		int rc = push(decoder, value + start, i - start);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void koru__decode_free(struct koru__decoder *decoder)
{
	while (decoder) {
		struct koru__decoder *next = decoder->next;
		if (decoder->state)
			decoder->codec->close(decoder->state);
		koru__free(decoder);
		decoder = next;
	}
}

/* Runs one codec until its input or its room is used up. */
static int run_codec(struct koru__decoder *d, struct koru__decode_io *io, bool last)
{
	/* A full codec may hold output back that needs no more input to come out, so it is
	 * asked again even without any, as long as it did not say that all was out. */
	while (io->out_len > 0 && (io->in_len > 0 || d->at == KORU__CODEC_INSIDE)) {
		if (d->at == KORU__CODEC_OVER)
			return -KORU_EENCODING; /* something follows the end */
		if (!d->state)
			d->state = d->codec->open();
		if (!d->state)
			return -ENOMEM;
		size_t in_before = io->in_len;
		size_t out_before = io->out_len;
		int rc = d->codec->step(d->state, io);
		if (rc < 0)
			return rc;
		d->at = rc;
		if (io->in_len == in_before && io->out_len == out_before) {
			if (io->in_len > 0)
				return -KORU_EENCODING;
			break;
		}
	}
	if (!last || io->in_len > 0 || io->out_len == 0)
		return 0;
	if (d->at == KORU__CODEC_INSIDE)
		return -KORU_EENCODING; /* cut off */
	return 1;
}

int koru__decode_run(struct koru__decoder *d, struct koru__decode_io *io, bool last)
{
	if (!d->next)
		return run_codec(d, io, last);
	for (;;) {
		if (d->start == d->end && !d->over) {
			struct koru__decode_io mine = { io->in, io->in_len, d->between,
				                        BETWEEN_SIZE };
			int rc = run_codec(d, &mine, last);
			if (rc < 0)
				return rc;
			io->in = mine.in;
			io->in_len = mine.in_len;
			d->over = rc == 1;
			d->start = 0;
			d->end = BETWEEN_SIZE - mine.out_len;
		}
		struct koru__decode_io rest = { d->between + d->start, d->end - d->start, io->out,
			                        io->out_len };
		size_t in_before = rest.in_len;
		int rc = koru__decode_run(d->next, &rest, d->over);
		d->start = d->end - rest.in_len;
		io->out = rest.out;
		io->out_len = rest.out_len;
		bool idle = rest.in_len == in_before && io->in_len == 0;
		if (rc != 0 || io->out_len == 0 || (idle && !d->over))
			return rc;
	}
}
