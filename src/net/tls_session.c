/* SPDX-License-Identifier: MIT
 * Sessions: what lets a second connection to a host skip most of the handshake. Kept by
 * context, since a session stands for a certificate that was verified with its files; and by
 * host, port and whether it was verified at all. See tls.h. */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/macro.h"
#include "net/tls.h"

#include <string.h>

/* How many of one key: servers hand out two or so with each connection. */
enum { SESSIONS_PER_KEY = 4 };

struct kept {
	struct koru__list recent;
	SSL_SESSION *session; /* referenced */
	char key[];
};

static struct kept *kept_of(struct koru__list *node)
{
	return koru__container_of(node, struct kept, recent);
}

static void drop(struct koru__tls_context *c, struct kept *k)
{
	koru__list_remove(&k->recent);
	c->sessions_count--;
	SSL_SESSION_free(k->session);
	koru__free(k);
}

void koru__tls_sessions_done(struct koru__tls_context *context)
{
	while (!koru__list_empty(&context->sessions))
		drop(context, kept_of(context->sessions.next));
	koru__assert(context->sessions_count == 0);
}

/* Keeps few of each key and few in all: the oldest go. */
static void make_room(struct koru__tls_context *c, const char *key)
{
	int same = 0;
	struct koru__list *node = c->sessions.prev;
	while (node != &c->sessions) {
		struct kept *k = kept_of(node);
		node = node->prev;
		if (strcmp(k->key, key) == 0 && ++same >= SESSIONS_PER_KEY)
			drop(c, k);
	}
	while (c->sessions_count >= KORU_TLS_SESSIONS_MAX)
		drop(c, kept_of(c->sessions.next));
}

/* OpenSSL has a session that could be resumed. Returns 1 when its reference is ours now. */
static int on_new(SSL *ssl, SSL_SESSION *session)
{
	struct koru__tls *t = SSL_get_app_data(ssl);
	if (!t || !t->session_key)
		return 0;
	size_t size = strlen(t->session_key) + 1;
	struct kept *k = koru__alloc(sizeof(*k) + size);
	if (!k)
		return 0;
	make_room(t->context, t->session_key);
	k->session = session;
	memcpy(k->key, t->session_key, size);
	koru__list_push_back(&t->context->sessions, &k->recent);
	t->context->sessions_count++;
	return 1;
}

void koru__tls_session_setup(SSL_CTX *ctx)
{
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_new);
}

void koru__tls_session_resume(struct koru__tls *t)
{
	struct koru__list *list = &t->context->sessions;
	struct koru__list *node = list->prev;
	while (node != list && strcmp(kept_of(node)->key, t->session_key) != 0)
		node = node->prev;
	if (node == list)
		return;
	struct kept *k = kept_of(node);
	/* Failing only means a full handshake. */
	(void)SSL_set_session(t->ssl, k->session);
	/* RFC 8446 appendix C.4: a ticket used twice lets observers tell that two connections
	 * are of one client. */
	if (SSL_SESSION_get_protocol_version(k->session) >= TLS1_3_VERSION ||
	    !SSL_SESSION_is_resumable(k->session))
		drop(t->context, k);
}
