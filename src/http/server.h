/* SPDX-License-Identifier: MIT
 *
 * A server just large enough for `koru serve` and the tests: HTTP/1.1 with keep-alive on
 * one loop, a task a connection, answers from memory. No TLS, no routing, no streaming;
 * request bodies are read and thrown away.
 */
#ifndef KORU_HTTP_SERVER_H
#define KORU_HTTP_SERVER_H

#include <koru/http.h>
#include <koru/url.h>

/* What came. The pieces are valid until the handler returns. */
struct koru__http_ask {
	struct koru_text method;
	struct koru_text target; /* as in the request line: "/path?query" */
};

/* What goes back; all zero but `status` is an empty answer. Everything pointed to must stay
 * until the next request of the same connection, or for ever: static data, or something
 * behind `arg`. Content-Length, Date and Connection are the server's. */
struct koru__http_reply {
	int status;
	const char *type; /* Content-Type; NULL: none */
	const struct koru_http_header *headers;
	size_t header_count;
	const void *body;
	size_t body_len;
	bool close; /* end the connection after this answer */
};

/* Answers one request; runs in the connection's task and may suspend. A negative result
 * ends that connection without an answer. *reply is all zero at the start. */
typedef int koru__http_handler(void *arg, const struct koru__http_ask *ask,
                               struct koru__http_reply *reply);

struct koru__http_server_opts {
	unsigned connections_max; /* more wait in the listen queue; 0: 10000 */
	int64_t idle_timeout;     /* of a connection between requests and of one that sends its
	                           * request too slowly; 0: 60 s */
	int64_t answer_timeout;   /* from the end of a request to the end of its answer, which
	                           * is given also when the server is stopped; 0: 60 s */
};

/* Accepts on `listen_fd` (which stays the caller's) and answers until the scope is
 * cancelled; then the requests that have come are answered and every connection is closed.
 * Only in a task; suspends.
 * Returns -ECANCELED, or what koru_accept failed with for good. */
int koru__http_serve(int listen_fd, koru__http_handler *handler, void *arg,
                     const struct koru__http_server_opts *opts);

#endif
