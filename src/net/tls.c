/* SPDX-License-Identifier: MIT
 * TLS streams: bytes through an established connection, and its end. See tls.h. */
#include "net/tls.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "koru/error.h"
#include "koru/io.h"
#include "koru/scope.h"
#include "koru/task.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>

enum {
	RECORD_MAX = 16384, /* RFC 8446 section 5.1 */
	AT_ONCE_MAX = 64,   /* calls that did not wait before a task gives way */
};

static struct koru__tls *tls_of(const struct koru_stream *s)
{
	return s->state;
}

int koru__tls_outcome(struct koru__tls *t, int ret)
{
	switch (SSL_get_error(t->ssl, ret)) {
	case SSL_ERROR_WANT_READ: return 1;
	case SSL_ERROR_ZERO_RETURN: return 0;
	default: break;
	}
	int error = koru__tls_error(t);
	t->failed = error;
	(void)koru__tls_push(t); /* the alert that tells the peer */
	return error;
}

/* Waits for `events`, and counts as a call that waited. */
static int wait_for(struct koru__tls *t, short events)
{
	struct pollfd p = { .fd = t->fd, .events = events };
	t->at_once = 0;
	int rc = koru_poll(&p, 1, -1);
	return rc < 0 ? rc : 0;
}

int koru__tls_flush(struct koru__tls *t)
{
	int rc;
	while ((rc = koru__tls_push(t)) == -EAGAIN) {
		t->writing = true;
		rc = wait_for(t, POLLOUT);
		t->writing = false;
		if (rc < 0)
			return rc;
	}
	return rc;
}

int koru__tls_wait(struct koru__tls *t)
{
	int rc = koru__tls_push(t);
	/* A task that waits for room to write sends the rest by itself. */
	bool both = rc == -EAGAIN && !t->writing;
	return wait_for(t, both ? POLLIN | POLLOUT : POLLIN);
}

/* Lets other tasks run when calls have not had to wait for long. */
static int give_way(struct koru__tls *t)
{
	if (++t->at_once < AT_ONCE_MAX)
		return 0;
	t->at_once = 0;
	return koru_yield();
}

static ssize_t tls_read(struct koru_stream *s, void *buf, size_t len)
{
	struct koru__tls *t = tls_of(s);
	int rc = t->failed ? t->failed : give_way(t);
	while (rc >= 0) {
		size_t n;
		ERR_clear_error();
		int ret = SSL_read_ex(t->ssl, buf, len, &n);
		if (ret == 1)
			return (ssize_t)n;
		rc = koru__tls_outcome(t, ret);
		if (rc <= 0)
			return rc;
		rc = koru__tls_wait(t);
	}
	return rc;
}

/* What OpenSSL has taken is sent, now or by whoever flushes next, so that a cancellation behind
 * that point does not undo the call. */
static ssize_t tls_write_some(struct koru_stream *s, const void *buf, size_t len)
{
	struct koru__tls *t = tls_of(s);
	size_t n;
	/* After close_notify nothing may follow; after a cut OpenSSL lets nothing follow. */
	if (t->failed == -KORU_EEOF || SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN)
		return -EPIPE;
	int rc = t->failed ? t->failed : give_way(t);
	if (rc == 0)
		rc = koru__tls_flush(t);
	if (rc < 0)
		return rc;
	ERR_clear_error();
	int ret = SSL_write_ex(t->ssl, buf, len < RECORD_MAX ? len : RECORD_MAX, &n);
	if (ret != 1) {
		rc = koru__tls_outcome(t, ret);
		koru__assert(rc < 0); /* no renegotiation: writing never has to read */
		return rc;
	}
	rc = koru__tls_flush(t);
	return rc < 0 && rc != -ECANCELED ? rc : (ssize_t)n;
}

static int tls_flush(struct koru_stream *s)
{
	return koru__tls_flush(tls_of(s));
}

static int tls_shutdown(struct koru_stream *s)
{
	struct koru__tls *t = tls_of(s);
	int rc = t->failed ? t->failed : koru__tls_flush(t);
	if (rc < 0)
		return rc;
	ERR_clear_error();
	int ret = SSL_shutdown(t->ssl); /* 0: sent, but not received yet */
	if (ret < 0) {
		rc = koru__tls_outcome(t, ret);
		if (rc < 0)
			return rc;
	}
	rc = koru__tls_flush(t);
	return rc < 0 ? rc : koru_shutdown(t->fd, SHUT_WR);
}

static bool tls_idle(struct koru_stream *s)
{
	struct koru__tls *t = tls_of(s);
	char byte;
	size_t n;
	if (t->failed)
		return false;
	/* Readable does not mean data: after the handshake a server sends tickets. */
	ERR_clear_error();
	int ret = SSL_peek_ex(t->ssl, &byte, 1, &n);
	return ret != 1 && koru__tls_outcome(t, ret) == 1;
}

static const char *tls_error_detail(const struct koru_stream *s)
{
	const struct koru__tls *t = tls_of(s);
	return t->detail ? t->detail : "";
}

void koru__tls_free(struct koru__tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	if (t->context)
		koru__tls_context_unref(t->context);
	koru__free(t->out);
	koru__free(t->session_key);
	koru__free(t->alpn);
	koru__free(t->detail);
	koru__free(t);
}

static void tls_done(struct koru_stream *s)
{
	struct koru__tls *t = tls_of(s);
	/* RFC 8446 section 6.1: say so before closing, if that needs no waiting. Part of a record
	 * on the way must not be followed by anything else. */
	if (t->established && !t->failed && koru__tls_push(t) == 0) {
		ERR_clear_error();
		(void)SSL_shutdown(t->ssl);
	}
	koru__tls_free(t);
	ERR_clear_error();
}

const struct koru__stream_ops koru__stream_tls = {
	.read = tls_read,
	.write_some = tls_write_some,
	.flush = tls_flush,
	.shutdown = tls_shutdown,
	.idle = tls_idle,
	.error_detail = tls_error_detail,
	.done = tls_done,
};
