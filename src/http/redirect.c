/* SPDX-License-Identifier: MIT
 * Following redirects (RFC 9110 15.4): where to, with which method, and without which
 * headers. See client.h. */
#include "base/alloc.h"
#include "http/char.h"
#include "http/client.h"
#include "koru/error.h"

#include <errno.h>
#include <string.h>

bool koru__redirect_is(const struct koru_http_response *res, const char **ret_to)
{
	switch (res->status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308: break;
	default: return false;
	}
	*ret_to = koru_http_header(res, "location");
	return *ret_to != NULL;
}

static bool same_origin(const struct koru_url *a, const struct koru_url *b)
{
	return a->https == b->https && a->port == b->port && a->host.len == b->host.len &&
	       koru__char_same(a->host.ptr, b->host.ptr, a->host.len);
}

/* Percent-encodes what servers put bare into Location although RFC 3986 forbids it, and which
 * can mean one thing only: blanks and letters beyond ASCII. Returns the length. */
static size_t encode(char *to, const char *from)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;
	for (; *from; from++) {
		unsigned char c = (unsigned char)*from;
		if (c > ' ' && c < 0x7f) {
			to[n++] = (char)c;
			continue;
		}
		to[n++] = '%';
		to[n++] = digits[c >> 4];
		to[n++] = digits[c & 15];
	}
	return n;
}

static int resolve(const struct koru_url *base, const char *to, char **ret_text,
                   struct koru_url *ret, const char **ret_why)
{
	size_t len = strlen(to);
	if (len > KORU_URL_LEN_MAX) {
		*ret_why = "the URL is too long";
		return -KORU_EURL;
	}
	/* The reference, encoded, and behind it room for what it resolves to. */
	size_t size = len * 3 + 32 + base->host.len + base->path.len + base->query.len;
	char *ref = koru__alloc(len * 3 + 1);
	char *text = koru__alloc(size);
	int rc = -ENOMEM;
	if (ref && text)
		rc = koru_url_resolve(base, ref, encode(ref, to), text, size, ret, ret_why);
	koru__free(ref);
	if (rc < 0) {
		koru__free(text);
		return rc;
	}
	*ret_text = text;
	return 0;
}

/* 303 always leads to a GET (15.4.4); 301 and 302 have turned POST into GET for so long that
 * the RFC allows it (15.4.2, 15.4.3); 307 and 308 were made to change nothing. */
static bool becomes_get(int status, const char *method)
{
	if (status == 303)
		return strcmp(method, "HEAD") != 0;
	return (status == 301 || status == 302) && strcmp(method, "POST") == 0;
}

int koru__redirect_follow(struct koru__request *req, const struct koru_url *origin, int status,
                          const char *to, char **url_text, const char **ret_why)
{
	char *text;
	struct koru_url url;
	int rc = resolve(&req->url, to, &text, &url, ret_why);
	if (rc < 0)
		return rc;
	/* RFC 9110 4.2.4: a user in a URL from elsewhere is there to deceive. */
	if (url.has_user) {
		*ret_why = "a redirect to a URL with a user in it";
		koru__free(text);
		return -KORU_EURL;
	}
	koru__free(*url_text);
	*url_text = text;
	req->url = url;
	req->foreign = !same_origin(origin, &url);
	if (becomes_get(status, req->method)) {
		req->method = "GET";
		req->bodiless = true;
	}
	return 0;
}
