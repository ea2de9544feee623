/* SPDX-License-Identifier: MIT
 *
 * The client: its pool of connections and what its requests have in common.
 */
#ifndef KORU_HTTP_CLIENT_H
#define KORU_HTTP_CLIENT_H

#include "http/pool.h"
#include "http/proxy.h"
#include "http/request.h"
#include "http/response.h"

struct koru__loop;

struct koru_http_client {
	struct koru__pool pool;
	struct koru__proxies proxies;
	struct koru__loop *loop; /* that of the first request; NULL before it */
	char *user_agent;        /* NULL: none is sent */
	char *ca_file;
};

/* koru_http_client_new, with words about its failure. */
int koru__client_new(const struct koru_http_client_opts *opts, struct koru_http_client **ret,
                     const char **ret_why);

/* `client`, or the running loop's own where that is NULL. Only in a task. Returns 0, -EPERM
 * (another loop's), or as koru_http_client_new. */
int koru__client_find(struct koru_http_client *client, struct koru_http_client **ret,
                      const char **ret_why);

/* Sends a request and reads the head of its answer into `res`, which then holds the
 * connection (exchange.c). On failure the connection is closed. May suspend. */
int koru__exchange(struct koru_http_client *client, const struct koru__request *req,
                   struct koru_http_response *res, struct koru_stream_detail *detail);

/* Whether the answer is a redirect that can be followed; then *ret_to is its Location. */
bool koru__redirect_is(const struct koru_http_response *res, const char **ret_to);

/* Turns `req` into the request that `to` asks for; `origin` is that of the first request.
 * *url_text, to be freed, is what req->url points into; it is replaced.
 * Returns 0, -KORU_EURL and then *ret_why says why, or -ENOMEM. */
int koru__redirect_follow(struct koru__request *req, const struct koru_url *origin, int status,
                          const char *to, char **url_text, const char **ret_why);

#endif
