/* SPDX-License-Identifier: MIT
 *
 * One connection of the server, from accept to close.
 */
#ifndef KORU_HTTP_SESSION_H
#define KORU_HTTP_SESSION_H

#include "http/buf.h"
#include "http/h1.h"
#include "http/reply.h"
#include "sched/waitq.h"

struct koru__server {
	koru__http_handler *handler;
	void *arg;
	unsigned live; /* connections */
	unsigned live_max;
	struct koru__waitq room; /* the acceptor, while live is live_max */
	int64_t idle_timeout;
	int64_t answer_timeout;
	struct koru__reply_date date;
	struct koru__buf_spares spares;
};

struct koru__session {
	struct koru__server *server;
	int fd;
	struct koru__h1 h1;
	struct koru__buf in; /* the request: its head stays until it is answered, */
	size_t head_len;     /*   this many bytes of it so far; */
	size_t method_len;   /*   it begins with the method, */
	size_t target_at;    /*   and this is where the target stands */
	size_t target_len;
	uint64_t body_len;   /* of the body, so far */
	bool wants_continue; /* Expect: 100-continue */
};

/* NULL: no memory. */
struct koru__session *koru__session_new(struct koru__server *server, int fd);
void koru__session_free(struct koru__session *session);

/* Answers requests until the connection is to be closed, which is the caller's to do. */
void koru__session_run(struct koru__session *session);

#endif
