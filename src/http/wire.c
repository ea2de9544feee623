/* SPDX-License-Identifier: MIT
 * See wire.h. */
#include "http/wire.h"

#include "base/assert.h"
#include "koru/error.h"
#include "koru/http.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

const struct koru__h1_limits koru__wire_limits = {
	.line_bytes_max = KORU_HTTP_HEAD_MAX,
	.head_bytes_max = KORU_HTTP_HEAD_MAX,
	.header_count_max = KORU_HTTP_HEADER_COUNT_MAX,
	.chunk_line_bytes_max = 1 << 10,
	.chunk_ext_bytes_max = 16 << 10,
	.trailer_bytes_max = 8 << 10,
	.interim_count_max = 16,
};

/* A line of the longest kind with its end, and the byte that shows that it is too long. */
#define BUF_MAX (KORU_HTTP_HEAD_MAX + 4)

static int result_of(enum koru__h1_error error)
{
	switch (error) {
	case KORU__H1_E_EOF_START:
	case KORU__H1_E_EOF_HEAD: return -KORU_EEOF;
	case KORU__H1_E_EOF_BODY: return -KORU_ESHORT;
	case KORU__H1_E_START_LONG:
	case KORU__H1_E_FIELD_LONG:
	case KORU__H1_E_HEAD_LARGE:
	case KORU__H1_E_HEADER_COUNT:
	case KORU__H1_E_TRAILER_LARGE:
	case KORU__H1_E_INTERIM_COUNT: return -KORU_EHEADERS;
	default: return -KORU_EPROTO;
	}
}

/* The end of the stream, orderly or (`cut`) as nobody wanted it: for TLS an end that the peer
 * did not announce may be an attacker's, so it ends no body (RFC 9112 9.8). */
static int end_of_stream(struct koru__conn *conn, struct koru__h1 *h1, bool cut,
                         enum koru__h1_event *ret_event)
{
	enum koru__h1_event event = koru__h1_eof(h1, koru__buf_len(&conn->buf));
	if (event == KORU__H1_FAILED)
		return result_of((enum koru__h1_error)h1->error);
	if (cut)
		return -KORU_ESHORT;
	*ret_event = event;
	return 0;
}

int koru__wire_next_here(struct koru__conn *conn, struct koru__h1 *h1,
                         enum koru__h1_event *ret_event)
{
	struct koru__buf *buf = &conn->buf;
	size_t used;
	enum koru__h1_event event =
	        koru__h1_next(h1, koru__buf_bytes(buf), koru__buf_len(buf), &used);
	koru__buf_used(buf, used);
	if (event == KORU__H1_FAILED)
		return result_of((enum koru__h1_error)h1->error);
	*ret_event = event;
	return 0;
}

int koru__wire_next(struct koru__conn *conn, struct koru__h1 *h1, enum koru__h1_event *ret_event)
{
	struct koru__buf *buf = &conn->buf;
	for (;;) {
		int rc = koru__wire_next_here(conn, h1, ret_event);
		if (rc < 0 || *ret_event != KORU__H1_MORE)
			return rc;
		rc = koru__buf_make_room(buf, BUF_MAX);
		if (rc < 0)
			return rc;
		ssize_t count =
		        koru_stream_read(conn->stream, buf->data + buf->end, buf->size - buf->end);
		if (count == 0 || count == -KORU_EEOF)
			return end_of_stream(conn, h1, count < 0, ret_event);
		if (count < 0)
			return (int)count;
		buf->end += (uint32_t)count;
		conn->answered = true;
	}
}

ssize_t koru__wire_read_body(struct koru__conn *conn, struct koru__h1 *h1, void *to, size_t len)
{
	koru__assert(koru__buf_len(&conn->buf) == 0);
	uint64_t left = koru__h1_body_left(h1);
	ssize_t count = koru_stream_read(conn->stream, to, left < len ? (size_t)left : len);
	if (count > 0) {
		koru__h1_body_took(h1, (uint64_t)count);
	} else if (count == 0 || count == -KORU_EEOF) {
		enum koru__h1_event event;
		return end_of_stream(conn, h1, count < 0, &event);
	}
	return count;
}

int koru__wire_send(struct koru__conn *conn, const void *more, size_t len)
{
	struct koru__buf *buf = &conn->buf;
	conn->answered = false;
	/* What is short goes in one piece. */
	if (len > 0 && len <= buf->size - buf->end) {
		koru__buf_put(buf, more, len);
		len = 0;
	}
	int rc = koru_stream_write(conn->stream, koru__buf_bytes(buf), koru__buf_len(buf));
	koru__buf_used(buf, koru__buf_len(buf));
	if (rc < 0 || len == 0)
		return rc;
	return koru_stream_write(conn->stream, more, len);
}

const char *koru__wire_why(const struct koru__conn *conn, const struct koru__h1 *h1, int rc)
{
	bool protocol = rc == -KORU_EEOF || rc == -KORU_ESHORT || rc == -KORU_EPROTO ||
	                rc == -KORU_EHEADERS;
	if (protocol && h1->error)
		return koru__h1_error_text((enum koru__h1_error)h1->error);
	const char *text = conn->stream ? koru_stream_error_detail(conn->stream) : "";
	return *text ? text : koru_strerror(rc);
}

void koru__detail(struct koru_stream_detail *detail, const char *format, ...)
{
	if (!detail)
		return;
	va_list args;
	va_start(args, format);
	(void)vsnprintf(detail->text, sizeof(detail->text), format, args);
	va_end(args);
}
