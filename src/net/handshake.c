/* SPDX-License-Identifier: MIT
 * The beginning of TLS on a stream, as client and as server. See koru/tls.h and tls.h. */
#include "base/alloc.h"
#include "base/assert.h"
#include "koru/error.h"
#include "koru/run.h"
#include "koru/scope.h"
#include "net/addr.h"
#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define HOST_LEN_MAX 253 /* RFC 1035 section 2.3.4 */

struct start {
	struct koru_stream *stream;
	const char *host; /* NULL: as server */
	const struct koru_tls_opts *opts;
};

/* "h2,http/1.1" as RFC 7301 section 3.1 sends it: each name behind its length. Returns the
 * length in all, or -EINVAL. */
static int alpn_wire(const char *names, unsigned char ret_wire[KORU_TLS_ALPN_MAX + 1])
{
	size_t len = strlen(names);
	size_t head = 0; /* where the length of the current name goes */
	if (len == 0 || len > KORU_TLS_ALPN_MAX)
		return -EINVAL;
	memcpy(ret_wire + 1, names, len);
	for (size_t i = 1; i <= len + 1; i++) {
		if (i <= len && ret_wire[i] != ',')
			continue;
		if (i == head + 1)
			return -EINVAL; /* an empty name */
		ret_wire[head] = (unsigned char)(i - head - 1);
		head = i;
	}
	return (int)len + 1;
}

/* Which peer this is: the name to verify, and to say in the SNI extension (RFC 6066 section 3:
 * names only, without the root's dot). */
static int set_host(SSL *ssl, const char *host, bool verify)
{
	union koru__addr addr;
	char name[HOST_LEN_MAX + 1];
	size_t len = strlen(host);
	if (koru__addr_parse(&addr, host)) {
		koru__addr_format(&addr, false, name); /* the one spelling of it */
		*strchrnul(name, '%') = '\0';          /* a zone says nothing about the peer */
		if (verify && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) != 1)
			return -ENOMEM;
		return 0;
	}
	if (len > 1 && host[len - 1] == '.')
		len--;
	memcpy(name, host, len);
	name[len] = '\0';
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (verify && SSL_set1_host(ssl, name) != 1)
		return -ENOMEM;
	return SSL_set_tlsext_host_name(ssl, name) == 1 ? 0 : -ENOMEM;
}

static int session_key(struct koru__tls *t, const struct start *start)
{
	char peer[KORU_SOCKET_NAME_MAX] = "";
	char key[HOST_LEN_MAX + KORU_SOCKET_NAME_MAX + sizeof(" unverified")];
	(void)koru_socket_peer(t->fd, peer, sizeof(peer));
	const char *colon = strrchr(peer, ':'); /* which of its addresses does not matter */
	int len = snprintf(key, sizeof(key), "%s%s%s", start->host, colon ? colon : "",
	                   start->opts->insecure_no_verify ? " unverified" : "");
	koru__assert(len > 0 && len < (int)sizeof(key));
	t->session_key = koru__strndup(key, (size_t)len);
	return t->session_key ? 0 : -ENOMEM;
}

static int setup_client(struct koru__tls *t, const struct start *start, const unsigned char *wire,
                        int wire_len)
{
	bool verify = !start->opts->insecure_no_verify;
	SSL_set_connect_state(t->ssl);
	SSL_set_verify(t->ssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	int rc = set_host(t->ssl, start->host, verify);
	if (rc < 0)
		return rc;
	if (wire_len > 0 && SSL_set_alpn_protos(t->ssl, wire, (unsigned)wire_len) != 0)
		return -ENOMEM;
	if (start->opts->no_session_reuse)
		return 0;
	rc = session_key(t, start);
	if (rc < 0)
		return rc;
	koru__tls_session_resume(t);
	return 0;
}

static int setup(struct koru__tls *t, const struct start *start, const unsigned char *wire,
                 int wire_len)
{
	ERR_clear_error();
	t->ssl = SSL_new(t->context->ctx);
	if (!t->ssl)
		return -ENOMEM;
	SSL_set_app_data(t->ssl, t);
	int rc = koru__tls_attach(t);
	if (rc < 0)
		return rc;
	if (start->opts->allow_truncation)
		SSL_set_options(t->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (start->host)
		return setup_client(t, start, wire, wire_len);
	SSL_set_accept_state(t->ssl);
	t->offer = wire_len > 0 ? wire : NULL;
	t->offer_len = (unsigned)wire_len;
	return 0;
}

static int shake_hands(struct koru__tls *t)
{
	for (;;) {
		ERR_clear_error();
		int ret = SSL_do_handshake(t->ssl);
		if (ret == 1)
			return koru__tls_flush(t);
		int rc = koru__tls_outcome(t, ret);
		if (rc == 0) { /* close_notify already */
			koru__tls_set_detail(t, "the peer closed the connection in the handshake");
			return -KORU_ETLS;
		}
		if (rc > 0)
			rc = koru__tls_wait(t);
		if (rc < 0)
			return rc;
	}
}

static int note_alpn(struct koru__tls *t)
{
	const unsigned char *name;
	unsigned len;
	SSL_get0_alpn_selected(t->ssl, &name, &len);
	if (len == 0)
		return 0;
	t->alpn = koru__strndup((const char *)name, len);
	return t->alpn ? 0 : -ENOMEM;
}

static int negotiate(struct koru__tls *t, const struct start *start)
{
	unsigned char wire[KORU_TLS_ALPN_MAX + 1];
	struct koru_stream_detail detail = { "" };
	int wire_len = start->opts->alpn ? alpn_wire(start->opts->alpn, wire) : 0;
	if (wire_len < 0)
		return wire_len;
	int rc = koru__tls_context_get(start->opts, !start->host, &t->context, detail.text,
	                               sizeof(detail.text));
	if (rc < 0) {
		if (detail.text[0])
			koru__tls_set_detail(t, detail.text);
		return rc;
	}
	t->host = start->host;
	rc = setup(t, start, wire, wire_len);
	if (rc == 0)
		rc = shake_hands(t);
	t->host = NULL;
	t->offer = NULL;
	return rc < 0 ? rc : note_alpn(t);
}

/* From here on the stream is a TLS one, even after a failure, so that it cannot be used as a
 * plain one by mistake and has something to tell. */
static int start_run(void *arg)
{
	const struct start *start = arg;
	struct koru_stream *s = start->stream;
	if (koru_cancelled())
		return -ECANCELED;
	struct koru__tls *t = koru__zalloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->fd = s->fd;
	s->state = t;
	s->ops = &koru__stream_tls;
	int rc = negotiate(t, start);
	if (rc < 0)
		t->failed = rc == -ECANCELED ? -EPIPE : rc;
	else
		t->established = true;
	return rc;
}

static int start_tls(const struct start *start)
{
	if (start->stream->ops != &koru__stream_plain)
		return -EINVAL;
	struct start copy = *start;
	/* Contexts are a loop's. */
	return koru_poller_name() ? start_run(&copy) : koru_run(start_run, &copy, NULL);
}

static const struct koru_tls_opts defaults;

int koru_stream_start_tls(struct koru_stream *s, const char *host, const struct koru_tls_opts *opts)
{
	if (!host || !*host || strlen(host) > HOST_LEN_MAX)
		return -EINVAL;
	return start_tls(&(struct start){ s, host, opts ? opts : &defaults });
}

int koru_stream_accept_tls(struct koru_stream *s, const struct koru_tls_opts *opts)
{
	if (!opts || !opts->cert_file)
		return -EINVAL;
	return start_tls(&(struct start){ s, NULL, opts });
}

static const struct koru__tls *tls_of(const struct koru_stream *s)
{
	const struct koru__tls *t = s->ops == &koru__stream_tls ? s->state : NULL;
	return t && t->established ? t : NULL;
}

const char *koru_stream_alpn(const struct koru_stream *s)
{
	const struct koru__tls *t = tls_of(s);
	return t ? t->alpn : NULL;
}

const char *koru_stream_tls_version(const struct koru_stream *s)
{
	const struct koru__tls *t = tls_of(s);
	return t ? SSL_get_version(t->ssl) : NULL;
}

bool koru_stream_tls_resumed(const struct koru_stream *s)
{
	const struct koru__tls *t = tls_of(s);
	return t && SSL_session_reused(t->ssl);
}
