/* SPDX-License-Identifier: MIT
 *
 * Which proxy a URL goes through, as the environment or the caller says.
 */
#ifndef KORU_HTTP_PROXY_H
#define KORU_HTTP_PROXY_H

#include <koru/stream.h>
#include <koru/url.h>

/* One proxy; text is NULL where there is none. */
struct koru__proxy {
	char *text; /* what the pieces of url point into */
	char *host;
	char *authorization; /* "Basic …"; NULL: none */
	uint16_t port;
};

struct koru__proxies {
	struct koru__proxy http; /* for URLs of this scheme */
	struct koru__proxy https;
	char *except; /* no_proxy; NULL: nothing is excepted */
};

/* Reads `all` ("" for none; one proxy for everything), or where it is NULL the environment.
 * Returns 0, -ENOMEM, or -KORU_EPROXY and then *ret_why says which setting is malformed. On
 * failure there is nothing to be done with. */
int koru__proxies_init(struct koru__proxies *proxies, const char *all, const char **ret_why);
void koru__proxies_done(struct koru__proxies *proxies);

/* The proxy for a URL, or NULL. */
const struct koru__proxy *koru__proxies_find(const struct koru__proxies *proxies,
                                             const struct koru_url *url);

/* Whether `host` is excepted by a list like "a.example, .b.example, 10.0.0.0/8, *". */
bool koru__proxy_excepts(const char *list, struct koru_text host);

/* "Basic " and what RFC 7617 makes of the "name:password" of a URL, its percent-encoding
 * undone; NULL: no memory. To be freed. */
char *koru__basic_authorization(struct koru_text user);

#endif
