/* SPDX-License-Identifier: MIT
 * OpenSSL's way to the descriptor: a BIO that tries and never waits. Reading goes straight into
 * OpenSSL's buffer; writing straight from it, unless the kernel is full. See tls.h. */
#include "base/alloc.h"
#include "base/assert.h"
#include "net/tls.h"
#include "poll/attempt.h"
#include "poll/poller.h"

#include <errno.h>
#include <openssl/bio.h>
#include <string.h>

/* A record is at most 16 KiB and a little; only one is made before `out` is empty again. The
 * rest is for handshake messages. */
enum { OUT_MAX = 256 << 10 };

static int64_t try(struct koru__tls *t, int code, const void *buf, size_t len)
{
	struct koru__op op = {
		.fd = t->fd, .code = (uint8_t)code, .buf = (void *)(uintptr_t)buf, .len = len
	};
	(void)koru__attempt(&op);
	return op.result;
}

static int on_read(BIO *bio, char *buf, size_t len, size_t *ret_len)
{
	struct koru__tls *t = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	int64_t n = try(t, KORU__OP_RECV, buf, len);
	if (n == -EAGAIN)
		BIO_set_retry_read(bio);
	else if (n < 0)
		t->io_error = (int)n;
	else if (n == 0)
		t->at_end = true;
	*ret_len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* Appends to `out`. */
static int keep(struct koru__tls *t, const char *buf, size_t len)
{
	if (t->out_len + len > OUT_MAX)
		return -ENOBUFS;
	if (t->out_start > 0 && t->out_start + t->out_len + len > t->out_size) {
		memmove(t->out, t->out + t->out_start, t->out_len);
		t->out_start = 0;
	}
	if (t->out_len + len > t->out_size) {
		unsigned char *more = koru__realloc(t->out, t->out_len + len, 1);
		if (!more)
			return -ENOMEM;
		t->out = more;
		t->out_size = t->out_len + len;
	}
	memcpy(t->out + t->out_start + t->out_len, buf, len);
	t->out_len += len;
	return 0;
}

static int on_write(BIO *bio, const char *buf, size_t len, size_t *ret_len)
{
	struct koru__tls *t = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	int64_t n = t->out_len > 0 ? 0 : try(t, KORU__OP_SEND, buf, len);
	if (n == -EAGAIN)
		n = 0;
	if (n >= 0 && (size_t)n < len) {
		int rc = keep(t, buf + n, len - (size_t)n);
		n = rc < 0 ? rc : (int64_t)len;
	}
	if (n < 0)
		t->io_error = (int)n;
	*ret_len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static long on_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	const struct koru__tls *t = BIO_get_data(bio);
	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH: return 1; /* nothing waits inside the BIO */
	case BIO_CTRL_EOF: return t->at_end;
	default: return 0;
	}
}

BIO_METHOD *koru__tls_bio_method(void)
{
	/* No index of its own: nobody looks for BIOs by type. */
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "koru");
	if (!method)
		return NULL;
	BIO_meth_set_read_ex(method, on_read);
	BIO_meth_set_write_ex(method, on_write);
	BIO_meth_set_ctrl(method, on_ctrl);
	return method;
}

int koru__tls_attach(struct koru__tls *t)
{
	BIO *bio = BIO_new(t->context->method);
	if (!bio)
		return -ENOMEM;
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	SSL_set_bio(t->ssl, bio, bio); /* owns it from now on */
	return 0;
}

int koru__tls_push(struct koru__tls *t)
{
	while (t->out_len > 0) {
		int64_t n = try(t, KORU__OP_SEND, t->out + t->out_start, t->out_len);
		if (n < 0)
			return (int)n;
		t->out_start += (size_t)n;
		t->out_len -= (size_t)n;
	}
	koru__free(t->out);
	t->out = NULL;
	t->out_start = t->out_size = 0;
	return 0;
}
