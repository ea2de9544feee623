/* SPDX-License-Identifier: MIT
 * Resolving a reference against a base (RFC 3986 5.2), which is what following a redirect
 * is. See koru/url.h. */
#include "http/char.h"
#include "http/url_parts.h"
#include "koru/error.h"

#include <errno.h>
#include <string.h>

static int refuse(const char **ret_why, const char *why)
{
	if (ret_why)
		*ret_why = why;
	return -KORU_EURL;
}

static bool begins(const char *s, size_t len, const char *with)
{
	size_t n = strlen(with);
	return len >= n && memcmp(s, with, n) == 0;
}

/* remove_dot_segments (RFC 3986 5.2.4), in place; `path` begins with "/". Returns the new
 * length. */
static size_t remove_dots(char *path, size_t len)
{
	size_t in = 0;
	size_t out = 0;
	while (in < len) {
		const char *rest = path + in;
		size_t left = len - in;
		if (begins(rest, left, "/./")) {
			in += 2;
		} else if (left == 2 && begins(rest, left, "/.")) {
			path[out++] = '/';
			break;
		} else if (begins(rest, left, "/../") || (left == 3 && begins(rest, left, "/.."))) {
			while (out > 0 && path[--out] != '/')
				;
			in += 3;
			if (left == 3) {
				path[out++] = '/';
				break;
			}
		} else {
			do
				path[out++] = path[in++];
			while (in < len && path[in] != '/');
		}
	}
	return out;
}

/* The path of the result before dot segments go (RFC 3986 5.2.2, 5.2.3). */
static void put_path(struct koru__url_out *out, const struct koru_url *base,
                     const struct koru_url *ref)
{
	if (ref->path.len > 0 && ref->path.ptr[0] == '/') {
		koru__url_put(out, ref->path.ptr, ref->path.len);
		return;
	}
	const char *slash = base->path.len ? memrchr(base->path.ptr, '/', base->path.len) : NULL;
	if (slash)
		koru__url_put(out, base->path.ptr, (size_t)(slash - base->path.ptr) + 1);
	else
		koru__url_put(out, "/", 1);
	koru__url_put(out, ref->path.ptr, ref->path.len);
}

/* Takes a reference without a scheme apart; *ret_own_authority says whether it names a
 * host. */
static const char *parse_relative(const struct koru_url *base, const char *ref, size_t len,
                                  struct koru_url *ret, bool *ret_own_authority)
{
	*ret = (struct koru_url){ .https = base->https };
	*ret_own_authority = begins(ref, len, "//");
	if (*ret_own_authority) {
		size_t end = 2;
		while (end < len && !strchr("/?#", ref[end]))
			end++;
		const char *why = koru__url_authority((struct koru_text){ ref + 2, end - 2 }, ret);
		if (why)
			return why;
		ref += end;
		len -= end;
	} else {
		ret->host = base->host;
		ret->host_is_ipv6 = base->host_is_ipv6;
		ret->port = base->port;
	}
	return koru__url_rest((struct koru_text){ ref, len }, ret);
}

/* Writes scheme, user and authority. */
static void put_origin(struct koru__url_out *out, const struct koru_url *url)
{
	koru__url_put(out, "https://", url->https ? 5 : 4);
	koru__url_put(out, "://", 3);
	if (url->has_user) {
		koru__url_put(out, url->user.ptr, url->user.len);
		koru__url_put(out, "@", 1);
	}
	koru__url_print_authority(url, out);
}

int koru_url_resolve(const struct koru_url *base, const char *ref, size_t len, char *buf,
                     size_t size, struct koru_url *ret, const char **ret_why)
{
	struct koru_url parts;
	bool own = true;
	if (len > KORU_URL_LEN_MAX)
		return refuse(ret_why, "the URL is too long");
	if (koru__url_has_scheme(ref, len)) {
		int rc = koru_url_parse(ref, len, &parts, ret_why);
		if (rc < 0)
			return rc;
	} else {
		const char *why = parse_relative(base, ref, len, &parts, &own);
		if (why)
			return refuse(ret_why, why);
	}
	struct koru__url_out out = { .buf = buf, .size = size, .full = size == 0 };
	put_origin(&out, &parts);
	size_t start = out.len;
	bool same_path = !own && parts.path.len == 0;
	if (same_path)
		koru__url_put(&out, base->path.ptr, base->path.len);
	else if (own)
		koru__url_put(&out, parts.path.ptr, parts.path.len);
	else
		put_path(&out, base, &parts);
	if (out.full)
		return -ENOBUFS;
	out.len = start + remove_dots(buf + start, out.len - start);
	if (out.len == start)
		koru__url_put(&out, "/", 1);
	const struct koru_url *query = same_path && !parts.has_query ? base : &parts;
	if (query->has_query) {
		koru__url_put(&out, "?", 1);
		koru__url_put(&out, query->query.ptr, query->query.len);
	}
	if (out.full)
		return -ENOBUFS;
	buf[out.len] = '\0';
	int rc = koru_url_parse(buf, out.len, ret, ret_why);
	return rc < 0 ? rc : (int)out.len;
}
