/* SPDX-License-Identifier: MIT
 *
 * The connections of a client: those in use and those kept for the next request, by origin.
 *
 * An origin (scheme, host, port) has at most per_host_max connections. Each takes up a slot
 * from before it is dialled until it is closed; who finds no slot free waits its turn. A
 * connection or slot that becomes free goes straight to the first who waits, so nobody who
 * comes later can take it first.
 */
#ifndef KORU_HTTP_POOL_H
#define KORU_HTTP_POOL_H

#include "base/list.h"
#include "http/buf.h"
#include "http/proxy.h"
#include "sched/waitq.h"

#include <koru/stream.h>
#include <koru/tls.h>

#define KORU__POOL_BUCKETS 64

/* An origin that has a connection or somebody who waits for one. */
struct koru__origin {
	struct koru__list in_bucket;
	struct koru__pool *pool;
	struct koru__list kept;   /* its unused connections, the latest used first */
	struct koru__list handed; /* given to waiters that have not run yet */
	struct koru__waitq waiters;
	unsigned waiting;                /* tasks in `waiters`, and woken ones on their way */
	unsigned slots;                  /* connections, and those being made */
	const struct koru__proxy *proxy; /* what its connections go through; NULL: nothing */
	uint32_t hash;
	uint16_t port;
	bool https;
	char host[]; /* zero-terminated, lower case, without brackets */
};

struct koru__conn {
	struct koru__list in_origin; /* `kept` or `handed`; else in none */
	struct koru__list in_pool;   /* `kept` of the pool; else in none */
	struct koru__origin *origin;
	struct koru_stream *stream; /* NULL: only the slot is held */
	struct koru__buf buf;       /* has data while the connection is in use */
	int64_t kept_since;
	bool used_before; /* has carried a request: it may have died since */
	bool answered;    /* a byte has come since the request was sent */
};

struct koru__pool {
	struct koru__list kept; /* all unused connections, the longest unused first */
	unsigned kept_count;
	unsigned in_use; /* connections handed out */
	unsigned per_host_max;
	unsigned kept_max;
	int64_t kept_timeout;
	struct koru_tls_opts tls; /* for https */
	const char *user_agent;   /* for CONNECT; NULL: none */
	struct koru__buf_spares spares;
	struct koru__list buckets[KORU__POOL_BUCKETS];
};

/* The limits are filled in by the caller. */
void koru__pool_init(struct koru__pool *pool);

/* Closes what is kept. Nothing may be in use. Never suspends. */
void koru__pool_done(struct koru__pool *pool);

/* A connection to the URL's origin, kept or new, with an empty buffer. May suspend.
 * Returns 0 or what connecting gave; -ECANCELED means that no slot was used up. */
int koru__pool_get(struct koru__pool *pool, const struct koru_url *url,
                   const struct koru__proxy *proxy, struct koru_stream_detail *detail,
                   struct koru__conn **ret_conn);

/* Closes the stream of a connection that turned out dead and makes a new one in its slot;
 * the buffer is emptied. On failure the connection can only be dropped. May suspend. */
int koru__pool_renew(struct koru__conn *conn, struct koru_stream_detail *detail);

/* Gives a connection back: to be kept, or to be closed. Never suspend. */
void koru__pool_keep(struct koru__conn *conn);
void koru__pool_drop(struct koru__conn *conn);

/* Dials the connection's origin, through its proxy if it has one (dial.c). May suspend. */
int koru__conn_dial(struct koru__conn *conn, struct koru_stream_detail *detail);

/* Writes a sentence where the caller wants one; `detail` may be NULL. */
void koru__detail(struct koru_stream_detail *detail, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
