/* SPDX-License-Identifier: MIT
 * An answer's body: from the connection, through the decoder, to whoever reads it. See
 * response.h. */
#include "base/alloc.h"
#include "base/assert.h"
#include "http/char.h"
#include "http/response.h"
#include "koru/error.h"
#include "sched/loop.h"

#include <errno.h>
#include <string.h>

#define COLLECT_FIRST     4096
#define COLLECT_TRUST_MAX ((size_t)1 << 20) /* how much is taken on Content-Length's word */

/* The message is complete: the connection can carry another one, unless the peer has said
 * otherwise or sent more than was asked for. */
static void message_over(struct koru_http_response *res)
{
	struct koru__conn *conn = res->conn;
	res->conn = NULL;
	res->message_over = true;
	if (res->h1.keep_alive && koru__buf_len(&conn->buf) == 0)
		koru__pool_keep(conn);
	else
		koru__pool_drop(conn);
}

/* The body cannot go on: what has been read of the connection is of no use to anybody. */
static int fail(struct koru_http_response *res, int rc)
{
	if (rc == -ECANCELED || res->error)
		return rc;
	res->error = rc;
	res->piece.len = 0;
	if (res->conn) {
		if (res->h1.error && rc != -KORU_EENCODING)
			res->why = koru__h1_error_text((enum koru__h1_error)res->h1.error);
		koru__pool_drop(res->conn);
		res->conn = NULL;
	}
	return rc;
}

/* Deals with events up to the next piece of the body or the end of the message; without
 * reading from the stream when `here`. */
static int next_piece(struct koru_http_response *res, bool here)
{
	enum koru__h1_event event;
	do {
		int rc = here ? koru__wire_next_here(res->conn, &res->h1, &event)
		              : koru__wire_next(res->conn, &res->h1, &event);
		if (rc < 0)
			return rc;
	} while (event == KORU__H1_TRAILER);
	if (event == KORU__H1_DATA)
		res->piece = res->h1.value;
	else if (event == KORU__H1_END)
		message_over(res);
	return 0;
}

/* Notices the end of the message, if its last bytes have come with the body's. */
static int settle(struct koru_http_response *res)
{
	if (!res->conn || res->piece.len > 0 || koru__h1_body_left(&res->h1) > 0)
		return 0;
	return next_piece(res, true);
}

int koru__body_begin(struct koru_http_response *res, bool decode, uint64_t body_max)
{
	res->body_max = body_max;
	if (res->h1.body == KORU__H1_BODY_NONE)
		decode = false;
	const char *at = res->head;
	for (size_t i = 0; decode && i < res->header_count; i++) {
		size_t len = strlen(at);
		const char *value = at + len + 1;
		size_t value_len = strlen(value);
		if (koru__char_equal(at, len, "content-encoding")) {
			int rc = koru__decode_add(&res->decoder, value, value_len);
			if (rc < 0)
				return fail(res, rc);
		}
		at = value + value_len + 1;
	}
	int rc = settle(res);
	return rc < 0 ? fail(res, rc) : 0;
}

static size_t take_piece(struct koru_http_response *res, char *to, size_t len)
{
	size_t count = res->piece.len < len ? res->piece.len : len;
	if (count == 0)
		return 0;
	memcpy(to, res->piece.ptr, count);
	res->piece.ptr += count;
	res->piece.len -= count;
	return count;
}

/* The body as it comes. */
static ssize_t read_plain(struct koru_http_response *res, char *to, size_t len)
{
	while (res->piece.len == 0 && !res->message_over) {
		/* A large read past the buffer saves the copy; a small one would be a system
		 * call for every few bytes. */
		uint64_t left = koru__h1_body_left(&res->h1);
		struct koru__buf *buf = &res->conn->buf;
		if (koru__buf_len(buf) == 0 && left > 0 && (len >= buf->size || len >= left)) {
			ssize_t count = koru__wire_read_body(res->conn, &res->h1, to, len);
			if (count != 0)
				return count;
		}
		int rc = next_piece(res, false);
		if (rc < 0)
			return rc;
	}
	return (ssize_t)take_piece(res, to, len);
}

/* The body with its encoding undone. */
static ssize_t read_decoded(struct koru_http_response *res, char *to, size_t len)
{
	while (!res->decoder_over) {
		if (res->piece.len == 0 && !res->message_over) {
			int rc = next_piece(res, false);
			if (rc < 0)
				return rc;
		}
		struct koru__decode_io io = { res->piece.ptr, res->piece.len, to, len };
		int rc = koru__decode_run(res->decoder, &io, res->message_over);
		if (rc < 0)
			return rc;
		res->piece = (struct koru_text){ io.in, io.in_len };
		res->decoder_over = rc == 1;
		if (io.out_len < len)
			return (ssize_t)(len - io.out_len);
	}
	koru__decode_free(res->decoder); /* its window may be large */
	res->decoder = NULL;
	return 0;
}

ssize_t koru__body_read(struct koru_http_response *res, void *buf, size_t len)
{
	if (res->error)
		return res->error;
	if (len == 0)
		return 0;
	ssize_t count = res->decoder ? read_decoded(res, buf, len) : read_plain(res, buf, len);
	if (count < 0)
		return fail(res, (int)count);
	res->body_read += (uint64_t)count;
	if (res->body_read > res->body_max)
		return fail(res, -KORU_EBODY);
	/* What is wrong behind these bytes is the next read's to say. */
	int rc = settle(res);
	if (rc < 0)
		(void)fail(res, rc);
	return count;
}

ssize_t koru_http_read(struct koru_http_response *res, void *buf, size_t len)
{
	if (res->collected)
		return -EINVAL;
	if (!koru__task_self())
		return -EPERM;
	return koru__body_read(res, buf, len);
}

/* Makes the room for the collected body larger, up to one byte more than is allowed: only
 * reading it shows that there is too much. */
static int grow(struct koru_http_response *res, size_t size)
{
	uint64_t most = res->body_max < SIZE_MAX / 2 ? res->body_max + 1 : SIZE_MAX / 2;
	if (size > most)
		size = (size_t)most;
	koru__assert(size > res->body_len);
	char *body = koru__realloc(res->body, size + 1, 1); /* and the zero behind it */
	if (!body)
		return -ENOMEM;
	res->body = body;
	res->body_size = size;
	return 0;
}

/* How much room to begin with: what is promised, within reason. */
static size_t first_size(const struct koru_http_response *res)
{
	if (res->decoder || !res->h1.has_length)
		return COLLECT_FIRST;
	return res->h1.length < COLLECT_TRUST_MAX ? (size_t)res->h1.length : COLLECT_TRUST_MAX;
}

int koru__body_collect(struct koru_http_response *res)
{
	res->collected = true;
	if (res->message_over && !res->decoder && res->piece.len == 0)
		return 0;
	if (!res->decoder && res->h1.has_length && res->h1.length > res->body_max)
		return fail(res, -KORU_EBODY);
	int rc = grow(res, first_size(res));
	while (rc == 0) {
		if (res->body_len == res->body_size)
			rc = grow(res, res->body_size * 2);
		if (rc < 0)
			break;
		ssize_t count = koru__body_read(res, res->body + res->body_len,
		                                res->body_size - res->body_len);
		if (count < 0)
			rc = (int)count;
		if (count <= 0)
			break;
		res->body_len += (size_t)count;
		/* A body of known length fills its room, and asks for no more. */
		if (res->message_over && !res->decoder && res->piece.len == 0)
			break;
	}
	if (rc < 0)
		return fail(res, rc);
	res->body[res->body_len] = '\0';
	return 0;
}

void koru__body_skip(struct koru_http_response *res)
{
	while (res->conn) {
		enum koru__h1_event event;
		int rc = koru__wire_next_here(res->conn, &res->h1, &event);
		if (rc == 0 && event == KORU__H1_END) {
			message_over(res);
		} else if (rc < 0 || event == KORU__H1_MORE) {
			koru__pool_drop(res->conn);
			res->conn = NULL;
		}
	}
}
