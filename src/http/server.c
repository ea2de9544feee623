/* SPDX-License-Identifier: MIT
 * Accepting connections and ending in an orderly way. What happens on one connection is in
 * session.c. See server.h. */
#include "http/server.h"

#include "base/alloc.h"
#include "http/session.h"
#include "koru/io.h"
#include "koru/scope.h"
#include "koru/task.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#define CONNECTIONS_MAX  10000
#define IDLE_TIMEOUT     (60 * KORU_SECOND)
#define ANSWER_TIMEOUT   (60 * KORU_SECOND)
#define OUT_OF_MEANS_NAP (10 * KORU_MILLISECOND)

/* Of koru_accept: the connection is gone, or there is no means for it now; others may come. */
static bool passes(int rc)
{
	switch (-rc) {
	case ECONNABORTED:
	case EPROTO:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM: return true;
	default: return false;
	}
}

static int run_session(void *arg)
{
	struct koru__session *session = arg;
	struct koru__server *server = session->server;
	koru__session_run(session);
	(void)koru_close(session->fd);
	koru__session_free(session);
	server->live--;
	(void)koru__waitq_wake_one(&server->room, 0);
	return 0; /* what goes wrong on one connection is not the others' business */
}

static int start_session(struct koru__server *server, struct koru_scope *scope, int fd)
{
	int on = 1;
	struct koru__session *session = koru__session_new(server, fd);
	if (!session) {
		(void)koru_close(fd);
		return 0; /* the client sees it closed, and the server lives on */
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	int rc = koru_go(scope, run_session, session);
	if (rc < 0) {
		(void)koru_close(fd);
		koru__session_free(session);
		return rc;
	}
	server->live++;
	return 0;
}

static int accept_all(struct koru__server *server, struct koru_scope *scope, int listen_fd)
{
	for (;;) {
		int rc = 0;
		while (server->live >= server->live_max && rc >= 0)
			rc = koru__waitq_wait(&server->room);
		if (rc < 0)
			return rc;
		int fd = koru_accept(listen_fd, NULL, NULL);
		if (fd >= 0)
			rc = start_session(server, scope, fd);
		else
			rc = passes(fd) ? koru_sleep(OUT_OF_MEANS_NAP) : fd;
		if (rc < 0)
			return rc;
	}
}

int koru__http_serve(int listen_fd, koru__http_handler *handler, void *arg,
                     const struct koru__http_server_opts *opts)
{
	static const struct koru__http_server_opts none;
	if (!opts)
		opts = &none;
	struct koru__server server = {
		.handler = handler,
		.arg = arg,
		.live_max = opts->connections_max ? opts->connections_max : CONNECTIONS_MAX,
		.idle_timeout = opts->idle_timeout ? opts->idle_timeout : IDLE_TIMEOUT,
		.answer_timeout = opts->answer_timeout ? opts->answer_timeout : ANSWER_TIMEOUT,
	};
	struct koru_scope scope;
	koru__waitq_init(&server.room);
	int rc = koru_scope_open(&scope, NULL);
	if (rc < 0)
		return rc;
	rc = accept_all(&server, &scope, listen_fd);
	(void)koru_scope_cancel(&scope);
	(void)koru_scope_close(&scope);
	koru__buf_spares_done(&server.spares);
	return rc;
}
