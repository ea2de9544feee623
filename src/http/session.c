/* SPDX-License-Identifier: MIT
 * Requests of one connection, one after the other. See session.h. */
#include "http/session.h"

#include "base/alloc.h"
#include "http/char.h"
#include "koru/error.h"
#include "koru/io.h"
#include "koru/scope.h"

#include <errno.h>
#include <string.h>

#define BODY_MAX       ((uint64_t)1 << 20) /* of a request */
#define LINGER_TIMEOUT KORU_SECOND
#define LINGER_READS   64

static const struct koru__h1_limits limits = {
	.line_bytes_max = 8 << 10,
	.head_bytes_max = 16 << 10,
	.header_count_max = KORU_HTTP_HEADER_COUNT_MAX,
	.chunk_line_bytes_max = 1 << 10,
	.chunk_ext_bytes_max = 16 << 10,
	.trailer_bytes_max = 8 << 10,
	.interim_count_max = 0,
};

/* The head, a line of the body's framing that is too long, and a byte more. */
#define IN_MAX ((size_t)32 << 10)

struct koru__session *koru__session_new(struct koru__server *server, int fd)
{
	struct koru__session *session = koru__zalloc(1, sizeof(*session));
	if (!session)
		return NULL;
	session->server = server;
	session->fd = fd;
	if (koru__buf_open(&session->in, &server->spares) < 0) {
		koru__free(session);
		return NULL;
	}
	return session;
}

void koru__session_free(struct koru__session *session)
{
	koru__buf_close(&session->in, &session->server->spares);
	koru__free(session);
}

static int send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t count = koru_send(fd, bytes, len, 0);
		if (count < 0)
			return (int)count;
		bytes += count;
		len -= (size_t)count;
	}
	return 0;
}

/* Reads more behind what is there. Returns the count, 0 at the end of the stream. */
static ssize_t fill(struct koru__session *session)
{
	struct koru__buf *in = &session->in;
	int rc = koru__buf_make_room(in, IN_MAX);
	if (rc < 0)
		return rc;
	ssize_t count = koru_recv(session->fd, in->data + in->end, in->size - in->end, 0);
	if (count > 0)
		in->end += (uint32_t)count;
	return count;
}

static void note_request_line(struct koru__session *session)
{
	const char *begin = koru__buf_bytes(&session->in);
	/* An empty line may have come before it. */
	session->in.start += (uint32_t)(session->h1.name.ptr - begin);
	session->head_len -= (size_t)(session->h1.name.ptr - begin);
	session->method_len = session->h1.name.len;
	session->target_at = (size_t)(session->h1.value.ptr - session->h1.name.ptr);
	session->target_len = session->h1.value.len;
}

static int send_continue(struct koru__session *session)
{
	static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
	bool here = koru__buf_len(&session->in) > session->head_len; /* it did not wait */
	if (!session->wants_continue || here || session->h1.minor == 0)
		return 0;
	return send_all(session->fd, interim, strlen(interim));
}

/* Parses the next event. The bytes of the head stay; those behind it go as they are used. */
static enum koru__h1_event next_event(struct koru__session *session, bool in_head)
{
	struct koru__buf *in = &session->in;
	size_t used;
	char *at = in->data + in->start + session->head_len;
	size_t left = koru__buf_len(in) - session->head_len;
	enum koru__h1_event event = koru__h1_next(&session->h1, at, left, &used);
	if (in_head) {
		session->head_len += used;
	} else if (used > 0) {
		memmove(at, at + used, left - used);
		in->end -= (uint32_t)used;
	}
	return event;
}

/* Reads one request to its end. Returns 0; 1 when the stream ended instead; an error, of
 * which h1.error may say more. */
static int read_request(struct koru__session *session)
{
	bool in_head = true;
	session->head_len = 0;
	session->body_len = 0;
	session->wants_continue = false;
	for (;;) {
		enum koru__h1_event event = next_event(session, in_head);
		const struct koru__h1 *h1 = &session->h1;
		ssize_t count = 1;
		switch (event) {
		case KORU__H1_REQUEST: note_request_line(session); break;
		case KORU__H1_HEADER:
			if (koru__char_equal(h1->name.ptr, h1->name.len, "expect"))
				session->wants_continue = koru__char_equal(
				        h1->value.ptr, h1->value.len, "100-continue");
			break;
		case KORU__H1_HEAD:
			in_head = false;
			if (h1->body == KORU__H1_BODY_LENGTH && h1->length > BODY_MAX)
				return -KORU_EBODY;
			if (h1->body != KORU__H1_BODY_NONE)
				count = send_continue(session) < 0 ? -ECONNRESET : 1;
			break;
		case KORU__H1_DATA:
			session->body_len += h1->value.len;
			if (session->body_len > BODY_MAX)
				return -KORU_EBODY;
			break;
		case KORU__H1_END: return 0;
		case KORU__H1_FAILED: return -KORU_EPROTO;
		case KORU__H1_MORE: count = fill(session); break;
		case KORU__H1_STATUS:
		case KORU__H1_TRAILER: break;
		}
		if (count < 0)
			return (int)count;
		if (count == 0)
			return 1;
	}
}

/* The same within the time that a request may take. */
static int read_request_in_time(struct koru__session *session)
{
	struct koru_scope scope;
	int rc = koru_scope_open(
	        &scope, &(struct koru_scope_opts){ .timeout = session->server->idle_timeout });
	if (rc < 0)
		return rc;
	rc = read_request(session);
	(void)koru_scope_close(&scope);
	return rc;
}

static int send_reply(struct koru__session *session, const struct koru__http_reply *reply,
                      bool keep)
{
	struct koru__server *server = session->server;
	struct koru__buf out = { 0 };
	int rc = koru__buf_open(&out, &server->spares);
	if (rc < 0)
		return rc;
	bool to_head =
	        session->method_len == 4 && memcmp(koru__buf_bytes(&session->in), "HEAD", 4) == 0;
	bool body = !to_head && koru__reply_has_body(reply->status) && reply->body_len > 0;
	koru__reply_write(&out, reply, &server->date, session->h1.minor, keep);
	/* What is short goes in one piece. */
	bool together = body && !out.error && reply->body_len <= out.size - out.end;
	if (together)
		koru__buf_put(&out, reply->body, reply->body_len);
	rc = out.error;
	if (rc == 0)
		rc = send_all(session->fd, koru__buf_bytes(&out), koru__buf_len(&out));
	koru__buf_close(&out, &server->spares);
	if (rc == 0 && body && !together)
		rc = send_all(session->fd, reply->body, reply->body_len);
	return rc;
}

/* Lets the client read the last answer: a socket closed with unread bytes in it is reset, and
 * the answer may be lost with it (RFC 9112 9.6). */
static void linger(struct koru__session *session)
{
	struct koru_scope scope;
	struct koru__buf *in = &session->in;
	if (koru_shutdown(session->fd, SHUT_WR) < 0 ||
	    koru_scope_open(&scope, &(struct koru_scope_opts){ .timeout = LINGER_TIMEOUT }) < 0)
		return;
	for (int i = 0; i < LINGER_READS; i++)
		if (koru_recv(session->fd, in->data, in->size, 0) <= 0)
			break;
	(void)koru_scope_close(&scope);
}

static void refuse(struct koru__session *session, int rc)
{
	struct koru__http_reply reply = { .status = 413 };
	if (rc == -KORU_EPROTO)
		reply.status = koru__h1_error_status((enum koru__h1_error)session->h1.error);
	session->method_len = 0; /* nothing is known of it */
	if (send_reply(session, &reply, false) == 0)
		linger(session);
}

/* Has one request answered. Returns 0 when the connection stays. */
static int answer_now(struct koru__session *session)
{
	const char *head = koru__buf_bytes(&session->in);
	struct koru__http_ask ask = {
		.method = { head, session->method_len },
		.target = { head + session->target_at, session->target_len },
	};
	struct koru__http_reply reply = { 0 };
	int rc = session->server->handler(session->server->arg, &ask, &reply);
	if (rc < 0)
		return rc;
	bool keep = session->h1.keep_alive && !reply.close;
	rc = send_reply(session, &reply, keep);
	if (rc < 0)
		return rc;
	koru__buf_used(&session->in, session->head_len);
	return keep ? 0 : 1;
}

/* The same, to its end even when the server is told to stop meanwhile, within the time that
 * an answer may take. */
static int answer(struct koru__session *session)
{
	struct koru_scope shield;
	int rc = koru_scope_open(
	        &shield, &(struct koru_scope_opts){ .shield = true,
	                                            .timeout = session->server->answer_timeout });
	if (rc < 0)
		return rc;
	rc = answer_now(session);
	(void)koru_scope_close(&shield);
	return rc;
}

void koru__session_run(struct koru__session *session)
{
	koru__h1_request_init(&session->h1, &limits);
	for (;;) {
		int rc = read_request_in_time(session);
		if (rc == -KORU_EPROTO || rc == -KORU_EBODY)
			refuse(session, rc);
		if (rc != 0)
			return;
		rc = answer(session);
		if (rc > 0)
			linger(session);
		if (rc != 0)
			return;
		koru__h1_again(&session->h1, NULL);
	}
}
