/* SPDX-License-Identifier: MIT
 * See h1_log.h. Every call of the parser gets a block of exactly the bytes it may look at,
 * so that AddressSanitizer sees a look beyond. */
#include "h1_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct log {
	char *text;
	size_t len;
	FILE *out;
	bool in_data;
};

static void put_text(FILE *out, struct koru_text text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c >= 0x20 && c < 0x7f && c != '\\')
			fputc(c, out);
		else
			fprintf(out, "\\x%02x", c);
	}
}

static void put_data(struct log *log, struct koru_text data)
{
	if (!log->in_data)
		fputs("DATA ", log->out);
	log->in_data = true;
	put_text(log->out, data);
}

static void put_head(struct log *log, const struct koru__h1 *h1)
{
	switch ((enum koru__h1_body)h1->body) {
	case KORU__H1_BODY_NONE: fputs("HEAD none", log->out); break;
	case KORU__H1_BODY_LENGTH:
		fprintf(log->out, "HEAD length %llu", (unsigned long long)h1->length);
		break;
	case KORU__H1_BODY_CHUNKED: fputs("HEAD chunked", log->out); break;
	case KORU__H1_BODY_CLOSE: fputs("HEAD close", log->out); break;
	}
	fputs(h1->interim ? " interim" : h1->tunnel ? " tunnel" : "", log->out);
	fputs(h1->keep_alive ? " keep\n" : "\n", log->out);
}

static void put_event(struct log *log, const struct koru__h1 *h1, enum koru__h1_event event)
{
	FILE *out = log->out;
	if (event == KORU__H1_DATA) {
		put_data(log, h1->value);
		return;
	}
	if (event == KORU__H1_MORE)
		return;
	if (log->in_data)
		fputc('\n', out);
	log->in_data = false;
	switch (event) {
	case KORU__H1_MORE:
	case KORU__H1_DATA: break;
	case KORU__H1_REQUEST:
		fputs("REQUEST ", out);
		put_text(out, h1->name);
		fputc(' ', out);
		put_text(out, h1->value);
		fprintf(out, " 1.%u\n", (unsigned)h1->minor);
		break;
	case KORU__H1_STATUS:
		fprintf(out, "STATUS %u 1.%u ", (unsigned)h1->status, (unsigned)h1->minor);
		put_text(out, h1->value);
		fputc('\n', out);
		break;
	case KORU__H1_HEADER:
	case KORU__H1_TRAILER:
		fputs(event == KORU__H1_HEADER ? "HEADER " : "TRAILER ", out);
		put_text(out, h1->name);
		fputs(": ", out);
		put_text(out, h1->value);
		fputc('\n', out);
		break;
	case KORU__H1_HEAD: put_head(log, h1); break;
	case KORU__H1_END: fputs("END\n", out); break;
	case KORU__H1_FAILED:
		fprintf(out, "FAILED %s\n", koru__h1_error_text((enum koru__h1_error)h1->error));
		break;
	}
}

/* Where the body may be taken directly, takes what there is of it. */
static size_t take_directly(struct log *log, struct koru__h1 *h1, const char *bytes, size_t len)
{
	uint64_t left = koru__h1_body_left(h1);
	size_t count = left < len ? (size_t)left : len;
	if (count > 0) {
		put_data(log, (struct koru_text){ bytes, count });
		koru__h1_body_took(h1, count);
	}
	return count;
}

/* Shows the parser bytes[from..to) and moves *from on. False when all is over. */
static bool feed(struct log *log, struct koru__h1 *h1, const char *bytes, size_t *from, size_t to,
                 const struct h1_log_opts *opts)
{
	enum koru__h1_event event;
	do {
		if (opts->direct)
			*from += take_directly(log, h1, bytes + *from, to - *from);
		size_t len = to - *from;
		char *block = malloc(len ? len : 1);
		if (!block)
			abort();
		memcpy(block, bytes + *from, len);
		size_t used;
		event = koru__h1_next(h1, block, len, &used);
		if (used > len)
			abort();
		put_event(log, h1, event);
		free(block);
		*from += used;
		if (event == KORU__H1_END && h1->keep_alive)
			koru__h1_again(h1, opts->method);
		else if (event == KORU__H1_END || event == KORU__H1_FAILED)
			return false;
	} while (event != KORU__H1_MORE);
	return true;
}

char *h1_log(const char *bytes, size_t len, const struct h1_log_opts *opts)
{
	struct log log = { 0 };
	struct koru__h1 h1;
	log.out = open_memstream(&log.text, &log.len);
	if (!log.out)
		abort();
	if (opts->request)
		koru__h1_request_init(&h1, opts->limits);
	else
		koru__h1_response_init(&h1, opts->limits, opts->method);
	size_t step = opts->step ? opts->step : len;
	size_t from = 0;
	size_t to = opts->first ? opts->first : step;
	bool on;
	for (;;) {
		to = to < len ? to : len;
		on = feed(&log, &h1, bytes, &from, to, opts);
		/* What the parser keeps back is bounded, or a peer could fill a buffer. */
		size_t longest = h1.limits->line_bytes_max > h1.limits->chunk_line_bytes_max
		                         ? h1.limits->line_bytes_max
		                         : h1.limits->chunk_line_bytes_max;
		if (on && to - from > longest + 1)
			abort();
		if (!on || to == len)
			break;
		to += step;
	}
	if (on)
		put_event(&log, &h1, koru__h1_eof(&h1, to - from));
	if (log.in_data)
		fputc('\n', log.out);
	fclose(log.out);
	return log.text;
}
