/* SPDX-License-Identifier: MIT
 * Contexts: an SSL_CTX for each set of files, kept by the loop, so that certificates are read
 * once. See tls.h. */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/macro.h"
#include "koru/error.h"
#include "net/tls.h"
#include "sched/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The loop's contexts, the least recently used first. */
struct contexts {
	struct koru__list recent;
	int count;
};

static struct koru__tls_context *context_of(struct koru__list *node)
{
	return koru__container_of(node, struct koru__tls_context, recent);
}

static void forget(struct contexts *all, struct koru__tls_context *c)
{
	koru__list_remove(&c->recent);
	all->count--;
	koru__tls_context_unref(c);
}

static void contexts_done(void *value)
{
	struct contexts *all = value;
	while (!koru__list_empty(&all->recent))
		forget(all, context_of(all->recent.next));
	koru__free(all);
}

static struct koru__loop_local contexts_key = { .done = contexts_done };

static int contexts_get(struct contexts **ret_all)
{
	struct contexts *all = koru__loop_local_get(&contexts_key);
	if (!all) {
		all = koru__zalloc(1, sizeof(*all));
		if (!all)
			return -ENOMEM;
		koru__list_init(&all->recent);
		int rc = koru__loop_local_set(&contexts_key, all);
		if (rc < 0) {
			koru__free(all);
			return rc;
		}
	}
	*ret_all = all;
	return 0;
}

/* True for a directory in which OpenSSL finds certificates by the hash of their names:
 * "002c0b4f.0". */
static bool is_hashed(const char *path)
{
	bool found = false;
	DIR *dir = opendir(path);
	if (!dir)
		return false;
	for (struct dirent *e; !found && (e = readdir(dir));)
		found = strspn(e->d_name, "0123456789abcdef") == 8 && e->d_name[8] == '.';
	closedir(dir);
	return found;
}

/* The system's certificates. Reading the bundle takes milliseconds and a megabyte; from the
 * directory only those are read that a connection needs. */
static int trust_system(SSL_CTX *ctx)
{
	if (!secure_getenv(X509_get_default_cert_file_env()) &&
	    !secure_getenv(X509_get_default_cert_dir_env()) &&
	    is_hashed(X509_get_default_cert_dir()))
		return SSL_CTX_set_default_verify_dir(ctx);
	return SSL_CTX_set_default_verify_paths(ctx);
}

static int readable(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	(void)close(fd);
	return 0;
}

/* What a failure to use one of the files means. Empties the error queue. */
static int file_error(const char *path, char *ret_detail, size_t detail_size)
{
	int error = readable(path);
	unsigned long first = ERR_peek_error();
	const char *reason = first ? ERR_reason_error_string(first) : NULL;
	for (unsigned long e; (e = ERR_get_error());) {
		if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
			error = -ENOMEM;
		else if (error == 0 && ERR_GET_LIB(e) == ERR_LIB_X509 &&
		         ERR_GET_REASON(e) == X509_R_KEY_VALUES_MISMATCH)
			error = -EINVAL;
	}
	if (error == 0)
		error = -EBADMSG;
	snprintf(ret_detail, detail_size, "%.160s: %s", path,
	         error == -EBADMSG || error == -EINVAL ? reason : koru_strerror(error));
	return error;
}

/* A password is never asked for: the library has no terminal. */
static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int load(struct koru__tls_context *c, char *ret_detail, size_t detail_size)
{
	const char *key = c->key_file ? c->key_file : c->cert_file;
	if (c->ca_file && SSL_CTX_load_verify_file(c->ctx, c->ca_file) != 1)
		return file_error(c->ca_file, ret_detail, detail_size);
	if (c->cert_file && SSL_CTX_use_certificate_chain_file(c->ctx, c->cert_file) != 1)
		return file_error(c->cert_file, ret_detail, detail_size);
	if (key && SSL_CTX_use_PrivateKey_file(c->ctx, key, SSL_FILETYPE_PEM) != 1)
		return file_error(key, ret_detail, detail_size);
	return 0;
}

/* RFC 7301 section 3.2: the server picks, in its own order, and where nothing fits the
 * handshake fails. */
static int on_alpn(SSL *ssl, const unsigned char **ret_picked, unsigned char *ret_len,
                   const unsigned char *offered, unsigned offered_len, void *arg)
{
	const struct koru__tls *t = SSL_get_app_data(ssl);
	unsigned char *picked;
	(void)arg;
	if (!t->offer)
		return SSL_TLSEXT_ERR_NOACK;
	if (SSL_select_next_proto(&picked, ret_len, t->offer, t->offer_len, offered, offered_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*ret_picked = picked;
	return SSL_TLSEXT_ERR_OK;
}

static int configure(SSL_CTX *ctx, bool server)
{
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return -ENOMEM;
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                              SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ctx, 1); /* one recv for a record, not one for its head first */
	SSL_CTX_set_default_passwd_cb(ctx, no_password);
	if (server) {
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets suffice */
		SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
		return 0;
	}
	koru__tls_session_setup(ctx);
	return trust_system(ctx) == 1 ? 0 : -ENOMEM;
}

static int copy(const char *text, char **ret_copy)
{
	*ret_copy = text ? koru__strndup(text, strlen(text)) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

static int context_new(const struct koru_tls_opts *opts, bool server,
                       struct koru__tls_context **ret_context, char *ret_detail, size_t detail_size)
{
	struct koru__tls_context *c = koru__zalloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->refs = 1;
	c->server = server;
	koru__list_init(&c->recent);
	koru__list_init(&c->sessions);
	ERR_clear_error();
	c->method = koru__tls_bio_method();
	c->ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	int rc = c->method && c->ctx ? 0 : -ENOMEM;
	if (rc == 0)
		rc = copy(opts->ca_file, &c->ca_file);
	if (rc == 0)
		rc = copy(opts->cert_file, &c->cert_file);
	if (rc == 0)
		rc = copy(opts->key_file, &c->key_file);
	if (rc == 0)
		rc = configure(c->ctx, server);
	if (rc == 0)
		rc = load(c, ret_detail, detail_size);
	ERR_clear_error();
	if (rc < 0) {
		koru__tls_context_unref(c);
		return rc;
	}
	*ret_context = c;
	return 0;
}

void koru__tls_context_unref(struct koru__tls_context *c)
{
	koru__assert(c->refs > 0);
	if (--c->refs > 0)
		return;
	koru__tls_sessions_done(c);
	SSL_CTX_free(c->ctx);
	BIO_meth_free(c->method);
	koru__free(c->ca_file);
	koru__free(c->cert_file);
	koru__free(c->key_file);
	koru__free(c);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

int koru__tls_context_get(const struct koru_tls_opts *opts, bool server,
                          struct koru__tls_context **ret_context, char *ret_detail,
                          size_t detail_size)
{
	struct contexts *all;
	struct koru__tls_context *c = NULL;
	int rc = contexts_get(&all);
	if (rc < 0)
		return rc;
	struct koru__list *node = all->recent.next;
	for (; node != &all->recent && !c; node = node->next) {
		struct koru__tls_context *it = context_of(node);
		if (it->server == server && same(it->ca_file, opts->ca_file) &&
		    same(it->cert_file, opts->cert_file) && same(it->key_file, opts->key_file))
			c = it;
	}
	if (!c) {
		rc = context_new(opts, server, &c, ret_detail, detail_size);
		if (rc < 0)
			return rc;
		if (all->count == KORU_TLS_CONTEXTS_MAX)
			forget(all, context_of(all->recent.next));
		all->count++;
	}
	koru__list_remove(&c->recent);
	koru__list_push_back(&all->recent, &c->recent);
	c->refs++;
	*ret_context = c;
	return 0;
}
