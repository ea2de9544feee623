/* SPDX-License-Identifier: MIT
 *
 * A request as it goes out: checked, and written into a connection's buffer.
 */
#ifndef KORU_HTTP_REQUEST_H
#define KORU_HTTP_REQUEST_H

#include "http/buf.h"

#include <koru/http.h>
#include <koru/url.h>

struct koru__proxy;

struct koru__request {
	const char *method;
	struct koru_url url;
	const struct koru_http_opts *opts;
	const char *user_agent;          /* NULL: none is sent */
	const char *authorization;       /* from the URL's user; NULL: none */
	const struct koru__proxy *proxy; /* NULL: straight */
	bool foreign;                    /* redirected to another origin: no credentials */
	bool bodiless;                   /* redirected to a GET: the body stays behind */
};

/* Whether the caller may send that. Returns 0, or -EINVAL and then *ret_why says why not. */
int koru__request_check(const char *method, const struct koru_http_opts *opts,
                        const char **ret_why);

/* Writes the head into the buffer. Returns 0, -EMSGSIZE or -ENOMEM. */
int koru__request_write(const struct koru__request *req, struct koru__buf *buf);

/* What follows the head. */
size_t koru__request_body_len(const struct koru__request *req);

/* Whether sending it twice does no more than sending it once (RFC 9110 9.2.2). */
bool koru__request_idempotent(const struct koru__request *req);

#endif
