/* SPDX-License-Identifier: MIT
 * The states of the message parser; what the single lines must look like is in h1_line.c,
 * h1_frame.c and h1_chunk.c. See h1.h. */
#include "http/h1.h"

#include "base/assert.h"
#include "base/macro.h"
#include "http/h1_rules.h"

#include <string.h>

const struct koru__h1_limits koru__h1_limits_default = {
	.line_bytes_max = 16 << 10,
	.head_bytes_max = 64 << 10,
	.header_count_max = 128,
	.chunk_line_bytes_max = 1 << 10,
	.chunk_ext_bytes_max = 16 << 10,
	.trailer_bytes_max = 8 << 10,
	.interim_count_max = 16,
};

/*      START --> HEADERS --+--> LENGTH --------------------------> DONE
 *        ^         |       +--> CLOSE -------(koru__h1_eof)------> DONE
 *        |         |       +--> CHUNK_LINE --(last)--> TRAILERS -> DONE
 *        |         |                | ^
 *        |      (interim,           v |
 *        |       no body)    CHUNK_DATA -> CHUNK_END
 *        |         |
 *        +---------+------------------> DONE
 * and from everywhere to FAILED. */
enum state {
	START,
	HEADERS,
	LENGTH,
	CLOSE,
	CHUNK_LINE,
	CHUNK_DATA,
	CHUNK_END,
	TRAILERS,
	DONE,
	FAILED
};

static const uint16_t moves_from[] = {
	[START] = 1 << HEADERS,
	[HEADERS] = 1 << START | 1 << LENGTH | 1 << CLOSE | 1 << CHUNK_LINE | 1 << DONE,
	[LENGTH] = 1 << DONE,
	[CLOSE] = 1 << DONE,
	[CHUNK_LINE] = 1 << CHUNK_DATA | 1 << TRAILERS,
	[CHUNK_DATA] = 1 << CHUNK_END,
	[CHUNK_END] = 1 << CHUNK_LINE,
	[TRAILERS] = 1 << DONE,
	[DONE] = 1 << START,
	[FAILED] = 0,
};

static void move(struct koru__h1 *h1, enum state to)
{
	koru__assert(moves_from[h1->state] & 1 << to);
	h1->state = (uint8_t)to;
}

static enum koru__h1_event fail(struct koru__h1 *h1, enum koru__h1_error error)
{
	koru__assert(error != KORU__H1_OK);
	h1->state = FAILED;
	h1->error = (uint8_t)error;
	return KORU__H1_FAILED;
}

void koru__h1_request_init(struct koru__h1 *h1, const struct koru__h1_limits *limits)
{
	*h1 = (struct koru__h1){
		.limits = limits ? limits : &koru__h1_limits_default,
		.is_request = true,
	};
}

void koru__h1_response_init(struct koru__h1 *h1, const struct koru__h1_limits *limits,
                            const char *method)
{
	*h1 = (struct koru__h1){
		.limits = limits ? limits : &koru__h1_limits_default,
		.to_head = method && strcmp(method, "HEAD") == 0,
		.to_connect = method && strcmp(method, "CONNECT") == 0,
	};
}

void koru__h1_again(struct koru__h1 *h1, const char *method)
{
	koru__assert(h1->state == DONE && h1->keep_alive && !h1->tunnel);
	if (h1->is_request)
		koru__h1_request_init(h1, h1->limits);
	else
		koru__h1_response_init(h1, h1->limits, method);
}

/* Finds the line that begins at `buf`: its length without CR LF goes to *ret_len, or
 * *ret_wait is set. At most `max` + 2 bytes are looked at, so that a line is too long no
 * matter how it arrives. */
static enum koru__h1_error find_line(struct koru__h1 *h1, const char *buf, size_t len, size_t max,
                                     enum koru__h1_error too_long, size_t *ret_len, bool *ret_wait)
{
	size_t window = len < max + 2 ? len : max + 2;
	koru__assert(h1->scanned <= window);
	const char *lf = window ? memchr(buf + h1->scanned, '\n', window - h1->scanned) : NULL;
	*ret_wait = !lf && window < max + 2;
	h1->scanned = *ret_wait ? (uint32_t)window : 0;
	if (*ret_wait)
		return KORU__H1_OK;
	if (!lf)
		return too_long;
	/* RFC 9112 2.2: LF alone may be taken for a line end; it is what smugglers use. */
	if (lf == buf || lf[-1] != '\r')
		return KORU__H1_E_BARE_LF;
	*ret_len = (size_t)(lf - buf) - 1;
	return KORU__H1_OK;
}

/* The same for the lines of head and trailer, which have a limit in common too. */
static enum koru__h1_error find_head_line(struct koru__h1 *h1, const char *buf, size_t len,
                                          size_t *ret_len, bool *ret_wait)
{
	bool trailer = h1->state == TRAILERS;
	enum koru__h1_error error =
	        find_line(h1, buf, len, h1->limits->line_bytes_max,
	                  h1->state == START ? KORU__H1_E_START_LONG : KORU__H1_E_FIELD_LONG,
	                  ret_len, ret_wait);
	if (error || *ret_wait)
		return error;
	size_t max = trailer ? h1->limits->trailer_bytes_max : h1->limits->head_bytes_max;
	if (*ret_len + 2 > max - h1->head_bytes)
		return trailer ? KORU__H1_E_TRAILER_LARGE : KORU__H1_E_HEAD_LARGE;
	h1->head_bytes += (uint32_t)*ret_len + 2;
	return KORU__H1_OK;
}

static enum koru__h1_event start_line(struct koru__h1 *h1, const char *line, size_t len)
{
	/* RFC 9112 2.2: at least one empty line before a request line is to be ignored. One
	 * is what old clients send behind a body. */
	if (len == 0 && h1->is_request && !h1->saw_empty_line) {
		h1->saw_empty_line = true;
		return KORU__H1_MORE;
	}
	enum koru__h1_error error = h1->is_request ? koru__h1_request_line(h1, line, len)
	                                           : koru__h1_status_line(h1, line, len);
	if (error)
		return fail(h1, error);
	move(h1, HEADERS);
	return h1->is_request ? KORU__H1_REQUEST : KORU__H1_STATUS;
}

/* An interim answer is over: the next begins, and only the count of them is kept. */
static void start_over(struct koru__h1 *h1)
{
	move(h1, START);
	h1->head_bytes = 0;
	h1->header_count = 0;
	h1->saw_close = h1->saw_keep_alive = h1->saw_coding = h1->saw_chunked = false;
	h1->has_length = false;
	h1->length = 0;
}

static enum koru__h1_event head_end(struct koru__h1 *h1)
{
	enum koru__h1_error error = koru__h1_frame(h1);
	if (error)
		return fail(h1, error);
	if (h1->interim) {
		if (++h1->interim_count > h1->limits->interim_count_max)
			return fail(h1, KORU__H1_E_INTERIM_COUNT);
		start_over(h1);
		return KORU__H1_HEAD;
	}
	h1->left = h1->body == KORU__H1_BODY_LENGTH ? h1->length : 0;
	static const uint8_t state_of[] = {
		[KORU__H1_BODY_NONE] = DONE,
		[KORU__H1_BODY_LENGTH] = LENGTH,
		[KORU__H1_BODY_CHUNKED] = CHUNK_LINE,
		[KORU__H1_BODY_CLOSE] = CLOSE,
	};
	move(h1, (enum state)state_of[h1->body]);
	h1->head_bytes = 0;
	h1->header_count = 0;
	return KORU__H1_HEAD;
}

static enum koru__h1_event header(struct koru__h1 *h1, const char *line, size_t len)
{
	bool trailer = h1->state == TRAILERS;
	if (++h1->header_count > h1->limits->header_count_max)
		return fail(h1, KORU__H1_E_HEADER_COUNT);
	enum koru__h1_error error = koru__h1_header_line(h1, line, len);
	if (!error)
		error = trailer ? koru__h1_check_trailer(h1) : koru__h1_note_header(h1);
	if (error)
		return fail(h1, error);
	return trailer ? KORU__H1_TRAILER : KORU__H1_HEADER;
}

/* START, HEADERS and TRAILERS: one line of the head or trailer. */
static enum koru__h1_event next_head_line(struct koru__h1 *h1, const char *buf, size_t len,
                                          size_t *ret_used)
{
	size_t line_len;
	bool wait;
	enum koru__h1_error error = find_head_line(h1, buf, len, &line_len, &wait);
	if (error)
		return fail(h1, error);
	if (wait)
		return KORU__H1_MORE;
	*ret_used = line_len + 2;
	if (h1->state == START)
		return start_line(h1, buf, line_len);
	if (line_len > 0)
		return header(h1, buf, line_len);
	if (h1->state == HEADERS)
		return head_end(h1);
	move(h1, DONE);
	return KORU__H1_END;
}

static enum koru__h1_event next_chunk_line(struct koru__h1 *h1, const char *buf, size_t len,
                                           size_t *ret_used)
{
	size_t line_len;
	bool wait;
	enum koru__h1_error error = find_line(h1, buf, len, h1->limits->chunk_line_bytes_max,
	                                      KORU__H1_E_CHUNK_LINE_LONG, &line_len, &wait);
	if (!error && !wait)
		error = koru__h1_chunk_line(h1, buf, line_len);
	if (error)
		return fail(h1, error);
	if (wait)
		return KORU__H1_MORE;
	*ret_used = line_len + 2;
	move(h1, h1->left > 0 ? CHUNK_DATA : TRAILERS);
	return KORU__H1_MORE;
}

static enum koru__h1_event next_chunk_end(struct koru__h1 *h1, const char *buf, size_t len,
                                          size_t *ret_used)
{
	if ((len > 0 && buf[0] != '\r') || (len > 1 && buf[1] != '\n'))
		return fail(h1, KORU__H1_E_CHUNK_END);
	if (len < 2)
		return KORU__H1_MORE;
	*ret_used = 2;
	move(h1, CHUNK_LINE);
	return KORU__H1_MORE;
}

static enum koru__h1_event next_data(struct koru__h1 *h1, const char *buf, size_t len,
                                     size_t *ret_used)
{
	if (h1->state == LENGTH && h1->left == 0) {
		move(h1, DONE);
		return KORU__H1_END;
	}
	if (len == 0)
		return KORU__H1_MORE;
	uint64_t left = koru__h1_body_left(h1);
	size_t count = len < left ? len : (size_t)left;
	h1->value = (struct koru_text){ buf, count };
	*ret_used = count;
	koru__h1_body_took(h1, count);
	return KORU__H1_DATA;
}

/* One step: KORU__H1_MORE with *ret_used > 0 means that a step was made which is no event. */
static enum koru__h1_event step(struct koru__h1 *h1, const char *buf, size_t len, size_t *ret_used)
{
	*ret_used = 0;
	switch ((enum state)h1->state) {
	case START:
	case HEADERS:
	case TRAILERS: return next_head_line(h1, buf, len, ret_used);
	case LENGTH:
	case CLOSE:
	case CHUNK_DATA: return next_data(h1, buf, len, ret_used);
	case CHUNK_LINE: return next_chunk_line(h1, buf, len, ret_used);
	case CHUNK_END: return next_chunk_end(h1, buf, len, ret_used);
	case DONE: return KORU__H1_END;
	case FAILED: return KORU__H1_FAILED;
	}
	koru__assert(false);
	return KORU__H1_FAILED;
}

enum koru__h1_event koru__h1_next(struct koru__h1 *h1, const char *buf, size_t len,
                                  size_t *ret_used)
{
	size_t used = 0;
	size_t now;
	enum koru__h1_event event;
	do {
		event = step(h1, buf + used, len - used, &now);
		used += now;
	} while (event == KORU__H1_MORE && now > 0);
	*ret_used = used;
	return event;
}

enum koru__h1_event koru__h1_eof(struct koru__h1 *h1, size_t left)
{
	switch ((enum state)h1->state) {
	case CLOSE: /* RFC 9112 6.3, rule 8 */
		koru__assert(left == 0);
		move(h1, DONE);
		return KORU__H1_END;
	case START:
		return fail(h1,
		            left || h1->interim_count ? KORU__H1_E_EOF_HEAD : KORU__H1_E_EOF_START);
	case HEADERS: return fail(h1, KORU__H1_E_EOF_HEAD);
	case LENGTH:
		if (h1->left > 0)
			return fail(h1, KORU__H1_E_EOF_BODY);
		move(h1, DONE);
		return KORU__H1_END;
	case CHUNK_LINE:
	case CHUNK_DATA:
	case CHUNK_END:
	case TRAILERS: return fail(h1, KORU__H1_E_EOF_BODY);
	case DONE: return KORU__H1_END;
	case FAILED: return KORU__H1_FAILED;
	}
	koru__assert(false);
	return KORU__H1_FAILED;
}

uint64_t koru__h1_body_left(const struct koru__h1 *h1)
{
	switch ((enum state)h1->state) {
	case LENGTH:
	case CHUNK_DATA: return h1->left;
	case CLOSE: return UINT64_MAX;
	default: return 0;
	}
}

void koru__h1_body_took(struct koru__h1 *h1, uint64_t count)
{
	koru__assert(count <= koru__h1_body_left(h1));
	if (h1->state == CLOSE)
		return;
	h1->left -= count;
	if (h1->state == CHUNK_DATA && h1->left == 0)
		move(h1, CHUNK_END);
}

const char *koru__h1_error_text(enum koru__h1_error error)
{
	switch (error) {
#define TEXT_CASE(name, status, text)                                                              \
	case KORU__H1_E_##name: return text;
		KORU__H1_ERROR_MAP(TEXT_CASE)
#undef TEXT_CASE
	case KORU__H1_OK: break;
	}
	return "nothing is wrong";
}

int koru__h1_error_status(enum koru__h1_error error)
{
	switch (error) {
#define STATUS_CASE(name, status, text)                                                            \
	case KORU__H1_E_##name: return status;
		KORU__H1_ERROR_MAP(STATUS_CASE)
#undef STATUS_CASE
	case KORU__H1_OK: break;
	}
	return 200;
}
