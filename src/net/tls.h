/* SPDX-License-Identifier: MIT
 *
 * TLS, for its own files: tls.c carries the bytes, handshake.c begins, tls_bio.c is OpenSSL's way
 * to the descriptor, tls_context.c and tls_session.c hold what connections share, tls_error.c
 * words the failures.
 *
 * Two rules hold throughout. OpenSSL is never suspended inside: its functions are called, try,
 * and return; waiting is done between the calls. So one task may read while another writes, and
 * the error queue, which belongs to the thread, is cleared before each call and read right
 * after it. And what OpenSSL wants to send is always taken from it: what the kernel does not
 * take now is kept in `out`, and flushed by whoever waits next.
 */
#ifndef KORU_NET_TLS_H
#define KORU_NET_TLS_H

#include "base/list.h"
#include "koru/tls.h"
#include "net/stream.h"

#include <openssl/ssl.h>

/* What the connections of a loop share that use the same files. */
struct koru__tls_context {
	struct koru__list recent; /* in the loop's list, by last use; else in none */
	unsigned refs;            /* the list's and each connection's */
	SSL_CTX *ctx;
	BIO_METHOD *method; /* of every connection's BIO */
	bool server;
	char *ca_file, *cert_file, *key_file; /* as in koru_tls_opts; NULL: none */
	struct koru__list sessions;           /* the least recently used first */
	int sessions_count;
};

/* The state of a stream that carries TLS. */
struct koru__tls {
	SSL *ssl;
	struct koru__tls_context *context; /* referenced */
	int fd;
	int io_error;       /* what recv or send last failed with; 0: nothing */
	int failed;         /* the connection cannot go on, and what that was; 0: it can */
	bool at_end;        /* recv said 0 */
	bool established;   /* the handshake is over */
	bool writing;       /* a task waits for room to write */
	unsigned at_once;   /* calls in a row that did not have to wait */
	unsigned char *out; /* taken from OpenSSL and not yet sent: out_len bytes */
	size_t out_start;   /*   from here */
	size_t out_len;
	size_t out_size;
	char *session_key;          /* "host:port"; NULL: sessions are not kept */
	char *alpn;                 /* what was agreed on; NULL: nothing */
	const char *host;           /* client, in the handshake: whom it wants to talk to */
	const unsigned char *offer; /* server, in the handshake: the protocols it speaks, */
	unsigned offer_len;         /*   in wire format */
	char *detail;               /* about `failed`; NULL: nothing is known */
};

/* tls.c: the operations of a TLS stream, and its end. */
extern const struct koru__stream_ops koru__stream_tls;
void koru__tls_free(struct koru__tls *t);

/* Looks at what an OpenSSL call returned. Returns 1: it may go on after koru__tls_wait; 0: the
 * peer has ended its side; or an error, which is also kept in t->failed. */
int koru__tls_outcome(struct koru__tls *t, int ret);

/* Waits until the descriptor is readable, meanwhile sending what is in `out`. May suspend.
 * Returns 0, -ECANCELED, or an error of the socket. */
int koru__tls_wait(struct koru__tls *t);

/* Sends what is in `out`, to the last byte. May suspend. Returns 0, -ECANCELED, or an error of
 * the socket. */
int koru__tls_flush(struct koru__tls *t);

/* tls_bio.c: the kind of BIO that reads and writes a descriptor, NULL without memory; and one
 * of it for t->ssl on t->fd. Returns 0 or -ENOMEM. */
BIO_METHOD *koru__tls_bio_method(void);
int koru__tls_attach(struct koru__tls *t);

/* Sends what the kernel takes of `out` now. Returns 0, -EAGAIN when something is left, or an
 * error of the socket. */
int koru__tls_push(struct koru__tls *t);

/* tls_context.c: the context for these files, referenced, made if need be. Only in a task; never
 * suspends. Returns 0, or what koru_stream_start_tls says about files, or -ENOMEM; then
 * `ret_detail`, of `detail_size` bytes, may hold more. */
int koru__tls_context_get(const struct koru_tls_opts *opts, bool server,
                          struct koru__tls_context **ret_context, char *ret_detail,
                          size_t detail_size);
void koru__tls_context_unref(struct koru__tls_context *context);

/* tls_session.c: keeps sessions for a later connection with the same key, and uses one. */
void koru__tls_session_setup(SSL_CTX *ctx);
void koru__tls_session_resume(struct koru__tls *t);
void koru__tls_sessions_done(struct koru__tls_context *context);

/* tls_error.c: the code for what OpenSSL's error queue and the verification say, just after a
 * call failed; the sentence goes to t->detail. */
int koru__tls_error(struct koru__tls *t);

/* Keeps a copy of `text` as the detail; without memory there is none. */
void koru__tls_set_detail(struct koru__tls *t, const char *text);

#endif
