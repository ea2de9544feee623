/* SPDX-License-Identifier: MIT
 * Handing out connections. See pool.h. */
#include "http/pool.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/macro.h"
#include "http/char.h"

#include <errno.h>
#include <string.h>

/* What a waiter is woken with. */
enum { HANDED_SLOT = 1, HANDED_CONN = 2 };

void koru__pool_init(struct koru__pool *pool)
{
	*pool = (struct koru__pool){ 0 };
	koru__list_init(&pool->kept);
	for (size_t i = 0; i < KORU__POOL_BUCKETS; i++)
		koru__list_init(&pool->buckets[i]);
}

/* FNV-1a over what makes an origin. */
static uint32_t hash_of(const struct koru_url *url)
{
	uint32_t hash = 2166136261u ^ url->port ^ (uint32_t)url->https << 16;
	for (size_t i = 0; i < url->host.len; i++)
		hash = (hash ^ (unsigned char)koru__char_lower(url->host.ptr[i])) * 16777619u;
	return hash;
}

static struct koru__origin *find_origin(struct koru__pool *pool, const struct koru_url *url,
                                        uint32_t hash)
{
	struct koru__list *bucket = &pool->buckets[hash % KORU__POOL_BUCKETS];
	for (struct koru__list *node = bucket->next; node != bucket; node = node->next) {
		struct koru__origin *origin =
		        koru__container_of(node, struct koru__origin, in_bucket);
		if (origin->hash == hash && origin->port == url->port &&
		    origin->https == url->https && strlen(origin->host) == url->host.len &&
		    koru__char_same(origin->host, url->host.ptr, url->host.len))
			return origin;
	}
	return NULL;
}

static struct koru__origin *origin_of(struct koru__pool *pool, const struct koru_url *url,
                                      const struct koru__proxy *proxy)
{
	uint32_t hash = hash_of(url);
	struct koru__origin *origin = find_origin(pool, url, hash);
	if (origin)
		return origin;
	origin = koru__alloc(sizeof(*origin) + url->host.len + 1);
	if (!origin)
		return NULL;
	*origin = (struct koru__origin){
		.pool = pool,
		.proxy = proxy,
		.hash = hash,
		.port = url->port,
		.https = url->https,
	};
	for (size_t i = 0; i < url->host.len; i++)
		origin->host[i] = koru__char_lower(url->host.ptr[i]);
	origin->host[url->host.len] = '\0';
	koru__list_init(&origin->kept);
	koru__list_init(&origin->handed);
	koru__waitq_init(&origin->waiters);
	koru__list_init(&origin->in_bucket);
	koru__list_push_back(&pool->buckets[hash % KORU__POOL_BUCKETS], &origin->in_bucket);
	return origin;
}

static void release_origin(struct koru__origin *origin)
{
	if (origin->slots > 0 || origin->waiting > 0)
		return;
	koru__list_remove(&origin->in_bucket);
	koru__free(origin);
}

/* A slot is free again: it goes to the first who waits, or back to the origin. */
static void free_slot(struct koru__origin *origin)
{
	if (koru__waitq_wake_one(&origin->waiters, HANDED_SLOT))
		return;
	origin->slots--;
	release_origin(origin);
}

static void unlink_kept(struct koru__conn *conn)
{
	koru__list_remove(&conn->in_origin);
	koru__list_remove(&conn->in_pool);
	conn->origin->pool->kept_count--;
}

/* Closes the stream; the slot stays. */
static void hang_up(struct koru__conn *conn)
{
	koru_stream_close(conn->stream);
	conn->stream = NULL;
	conn->used_before = false;
	koru__buf_close(&conn->buf, &conn->origin->pool->spares);
}

/* Frees a connection and, with it, its slot. */
static void close_conn(struct koru__conn *conn)
{
	struct koru__origin *origin = conn->origin;
	hang_up(conn);
	koru__free(conn);
	free_slot(origin);
}

/* Closes what has been kept too long, or is too much. */
static void prune(struct koru__pool *pool)
{
	if (koru__list_empty(&pool->kept))
		return;
	int64_t oldest = koru__clock_now() - pool->kept_timeout;
	while (!koru__list_empty(&pool->kept)) {
		struct koru__conn *conn =
		        koru__container_of(pool->kept.next, struct koru__conn, in_pool);
		if (conn->kept_since > oldest && pool->kept_count <= pool->kept_max)
			break;
		unlink_kept(conn);
		close_conn(conn);
	}
}

/* The latest used of the kept connections that is still alive; NULL when there is none. */
static struct koru__conn *take_kept(struct koru__origin *origin)
{
	while (!koru__list_empty(&origin->kept)) {
		struct koru__conn *conn =
		        koru__container_of(origin->kept.next, struct koru__conn, in_origin);
		unlink_kept(conn);
		if (koru_stream_idle(conn->stream))
			return conn;
		/* Not close_conn: the slot is about to be needed, and the origin too. */
		hang_up(conn);
		koru__free(conn);
		origin->slots--;
	}
	return NULL;
}

/* Gets hold of a slot, perhaps with a connection in it: *ret_conn is NULL without. */
static int take_slot(struct koru__origin *origin, struct koru__conn **ret_conn)
{
	*ret_conn = take_kept(origin);
	if (*ret_conn)
		return 0;
	if (origin->slots < origin->pool->per_host_max) {
		origin->slots++;
		return 0;
	}
	origin->waiting++;
	int rc = koru__waitq_wait(&origin->waiters);
	origin->waiting--;
	if (rc < 0)
		return rc;
	if (rc == HANDED_CONN) {
		struct koru__list *node = koru__list_pop_front(&origin->handed);
		koru__assert(node);
		*ret_conn = koru__container_of(node, struct koru__conn, in_origin);
		if (!koru_stream_idle((*ret_conn)->stream))
			hang_up(*ret_conn);
	}
	return 0;
}

static struct koru__conn *conn_new(struct koru__origin *origin)
{
	struct koru__conn *conn = koru__zalloc(1, sizeof(*conn));
	if (!conn)
		return NULL;
	koru__list_init(&conn->in_origin);
	koru__list_init(&conn->in_pool);
	conn->origin = origin;
	return conn;
}

/* Makes the connection that was got hold of ready for a request. */
static int prepare(struct koru__conn *conn, struct koru_stream_detail *detail)
{
	int rc = koru__buf_open(&conn->buf, &conn->origin->pool->spares);
	if (rc < 0 || conn->stream)
		return rc;
	return koru__conn_dial(conn, detail);
}

int koru__pool_get(struct koru__pool *pool, const struct koru_url *url,
                   const struct koru__proxy *proxy, struct koru_stream_detail *detail,
                   struct koru__conn **ret_conn)
{
	prune(pool);
	struct koru__origin *origin = origin_of(pool, url, proxy);
	if (!origin)
		return -ENOMEM;
	struct koru__conn *conn;
	int rc = take_slot(origin, &conn);
	if (rc < 0) {
		release_origin(origin);
		return rc;
	}
	if (!conn)
		conn = conn_new(origin);
	if (!conn) {
		free_slot(origin);
		return -ENOMEM;
	}
	pool->in_use++;
	rc = prepare(conn, detail);
	if (rc < 0) {
		koru__pool_drop(conn);
		return rc;
	}
	*ret_conn = conn;
	return 0;
}

int koru__pool_renew(struct koru__conn *conn, struct koru_stream_detail *detail)
{
	hang_up(conn);
	return prepare(conn, detail);
}

void koru__pool_drop(struct koru__conn *conn)
{
	conn->origin->pool->in_use--;
	close_conn(conn);
}

void koru__pool_keep(struct koru__conn *conn)
{
	struct koru__origin *origin = conn->origin;
	struct koru__pool *pool = origin->pool;
	koru__assert(conn->stream && koru__buf_len(&conn->buf) == 0);
	pool->in_use--;
	conn->used_before = true;
	koru__buf_close(&conn->buf, &pool->spares);
	if (koru__waitq_wake_one(&origin->waiters, HANDED_CONN)) {
		koru__list_push_back(&origin->handed, &conn->in_origin);
		return;
	}
	conn->kept_since = koru__clock_now();
	koru__list_push_back(origin->kept.next, &conn->in_origin); /* to the front */
	koru__list_push_back(&pool->kept, &conn->in_pool);
	pool->kept_count++;
	prune(pool);
}

void koru__pool_done(struct koru__pool *pool)
{
	if (pool->in_use > 0)
		koru__die("koru: an HTTP client was freed, or its loop has ended, while a response "
		          "read from it; koru_http_response_free comes first\n");
	while (!koru__list_empty(&pool->kept)) {
		struct koru__conn *conn =
		        koru__container_of(pool->kept.next, struct koru__conn, in_pool);
		unlink_kept(conn);
		close_conn(conn);
	}
	koru__buf_spares_done(&pool->spares);
	for (size_t i = 0; i < KORU__POOL_BUCKETS; i++)
		koru__assert(koru__list_empty(&pool->buckets[i]));
}
