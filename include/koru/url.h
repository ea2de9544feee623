/* SPDX-License-Identifier: MIT
 *
 * URLs of the schemes http and https: taken apart, resolved and printed as RFC 3986 says,
 * without mercy for what only looks like one. Nothing here touches the network, allocates
 * or suspends; any thread may call it.
 */
#ifndef KORU_URL_H
#define KORU_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest URL that is looked at, in bytes (RFC 9110 4.1 asks for at least 8000). */
#define KORU_URL_LEN_MAX 8192

/* A piece of somebody else's text; not terminated. */
struct koru_text {
	const char *ptr;
	size_t len;
};

/* A URL taken apart. The pieces point into the text it was parsed from, so they live as
 * long as that does; nothing in them is decoded. The fragment is checked and dropped. */
struct koru_url {
	bool https;            /* the scheme: https, else http */
	bool has_user;         /* there was an "@": user is what stood before it */
	bool host_is_ipv6;     /* host is the inside of the brackets */
	bool has_query;        /* there was a "?": query is what stood after it */
	uint16_t port;         /* as written, else 80 or 443 */
	struct koru_text user; /* "name:password" */
	struct koru_text host; /* never empty */
	struct koru_text path; /* begins with "/", or is empty */
	struct koru_text query;
};

/* Takes `len` bytes of `text` apart. `ret_why` may be NULL.
 * Returns 0, or -KORU_EURL and then *ret_why says what is wrong, in words: "the port is
 * not a number from 1 to 65535". The sentence is static. */
int koru_url_parse(const char *text, size_t len, struct koru_url *ret, const char **ret_why);

/* Resolves the reference `ref` (what stands in a Location header) against `base` as
 * RFC 3986 5.2 says, dot segments removed, and writes the URL that comes out to `buf`,
 * which has room for `size` bytes; *ret is that URL, taken apart. `base` must not lie in
 * `buf`.
 * Returns its length, or
 *   -KORU_EURL  the reference is malformed, leads to another scheme, or its result is
 *               longer than KORU_URL_LEN_MAX; *ret_why as above,
 *   -ENOBUFS    `buf` is too small; KORU_URL_LEN_MAX + 1 always suffices. */
int koru_url_resolve(const struct koru_url *base, const char *ref, size_t len, char *buf,
                     size_t size, struct koru_url *ret, const char **ret_why);

/* Writes `url` to `buf` with a zero behind it: scheme and host in lower case, the port only
 * where it is not the scheme's own, "/" for an empty path, no user, no fragment.
 * Returns its length, or -ENOBUFS. */
int koru_url_print(const struct koru_url *url, char *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
