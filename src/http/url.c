/* SPDX-License-Identifier: MIT
 * Taking a URL apart and printing it (RFC 3986 3). References are in url_resolve.c. */
#include "koru/url.h"

#include "http/char.h"
#include "http/url_parts.h"
#include "koru/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static int refuse(const char **ret_why, const char *why)
{
	if (ret_why)
		*ret_why = why;
	return -KORU_EURL;
}

static struct koru_text cut(const char *from, const char *to)
{
	return (struct koru_text){ from, (size_t)(to - from) };
}

/* The first of the bytes in `set` between `s` and `end`, or `end`. */
static const char *find_any(const char *s, const char *end, const char *set)
{
	while (s < end && !(*s != '\0' && strchr(set, *s)))
		s++;
	return s;
}

/* Whether `text` consists of `classes`, of pct-encoded ("%" HEXDIG HEXDIG) and of `more`. */
static const char *check(struct koru_text text, int classes, char more, const char *why)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (koru__char_is(c, classes) || (more && c == more))
			continue;
		if (c != '%')
			return (unsigned char)c > 0x7e || (unsigned char)c < 0x21
			               ? "a character that must be percent-encoded"
			               : why;
		if (text.len - i < 3 || !koru__char_is(text.ptr[i + 1], KORU__C_HEX) ||
		    !koru__char_is(text.ptr[i + 2], KORU__C_HEX))
			return "a % without two hexadecimal digits behind it";
		i += 2;
	}
	return NULL;
}

static const char *check_ipv6(struct koru_text host)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;
	if (memchr(host.ptr, '%', host.len))
		return "an IPv6 zone, which only means something on this machine";
	if (host.len >= sizeof(copy) || memchr(host.ptr, '\0', host.len))
		return "the brackets hold no IPv6 address";
	memcpy(copy, host.ptr, host.len);
	copy[host.len] = '\0';
	return inet_pton(AF_INET6, copy, &address) == 1 ? NULL
	                                                : "the brackets hold no IPv6 address";
}

/* RFC 3986 3.2.2 allows percent-encoding in a name; no host is called that way, and what
 * is decoded by one and not by another is a hole. */
static const char *check_name(struct koru_text host)
{
	if (host.len == 0)
		return "no host";
	if (host.len > KORU__URL_HOST_MAX)
		return "the host is too long";
	for (size_t i = 0; i < host.len; i++)
		if (!koru__char_is(host.ptr[i], KORU__C_NAME))
			return "a character in the host that must not stand there";
	return NULL;
}

/* port = *DIGIT; none, and an empty one, mean the scheme's own (RFC 3986 3.2.3). */
static const char *read_port(struct koru_text text, bool https, uint16_t *ret)
{
	unsigned port = 0;
	*ret = https ? 443 : 80;
	if (text.len == 0)
		return NULL;
	for (size_t i = 0; i < text.len; i++) {
		if (i == 5 || !koru__char_is(text.ptr[i], KORU__C_DIGIT))
			return "the port is not a number from 1 to 65535";
		port = port * 10 + (unsigned)(text.ptr[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return "the port is not a number from 1 to 65535";
	*ret = (uint16_t)port;
	return NULL;
}

/* authority = [ userinfo "@" ] host [ ":" port ] (RFC 3986 3.2) */
const char *koru__url_authority(struct koru_text text, struct koru_url *url)
{
	const char *s = text.ptr;
	const char *end = s + text.len;
	const char *at = memrchr(s, '@', text.len);
	const char *why = NULL;
	url->has_user = at != NULL;
	url->user = cut(s, at ? at : s);
	if (at)
		why = check(url->user, KORU__C_NAME, ':',
		            "a character in the user that must not stand there");
	if (why)
		return why;
	s = at ? at + 1 : s;
	url->host_is_ipv6 = s < end && *s == '[';
	const char *host_end;
	if (url->host_is_ipv6) {
		host_end = memchr(s, ']', (size_t)(end - s));
		if (!host_end)
			return "a [ without a ] in the host";
		url->host = cut(s + 1, host_end++);
		why = check_ipv6(url->host);
	} else {
		host_end = find_any(s, end, ":");
		url->host = cut(s, host_end);
		why = check_name(url->host);
	}
	if (why)
		return why;
	if (host_end < end && *host_end != ':')
		return "something between the host and its port";
	return read_port(cut(host_end < end ? host_end + 1 : end, end), url->https, &url->port);
}

/* [ path ] [ "?" query ] [ "#" fragment ] up to the end. */
const char *koru__url_rest(struct koru_text text, struct koru_url *url)
{
	const char *s = text.ptr;
	const char *end = s + text.len;
	const char *hash = find_any(s, end, "#");
	const char *question = find_any(s, hash, "?");
	url->path = cut(s, question);
	url->has_query = question < hash;
	url->query = cut(url->has_query ? question + 1 : hash, hash);
	const char *why = check(url->path, KORU__C_PATH, '\0',
	                        "a character in the path that must not stand there");
	if (!why)
		why = check(url->query, KORU__C_QUERY, '\0',
		            "a character in the query that must not stand there");
	if (!why && hash < end)
		why = check(cut(hash + 1, end), KORU__C_QUERY, '\0',
		            "a character behind the # that must not stand there");
	return why;
}

bool koru__url_has_scheme(const char *text, size_t len)
{
	/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) */
	size_t i = 0;
	while (i < len && (koru__char_is(text[i], KORU__C_DIGIT) ||
	                   (koru__char_lower(text[i]) >= 'a' && koru__char_lower(text[i]) <= 'z') ||
	                   text[i] == '+' || text[i] == '-' || text[i] == '.'))
		i++;
	return i > 0 && i < len && text[i] == ':' && !koru__char_is(text[0], KORU__C_DIGIT) &&
	       koru__char_lower(text[0]) >= 'a';
}

int koru_url_parse(const char *text, size_t len, struct koru_url *ret, const char **ret_why)
{
	struct koru_url url = { 0 };
	size_t scheme;
	if (len == 0)
		return refuse(ret_why, "an empty URL");
	if (len > KORU_URL_LEN_MAX)
		return refuse(ret_why, "the URL is too long");
	if (len >= 7 && koru__char_same(text, "http://", 7)) {
		scheme = 7;
	} else if (len >= 8 && koru__char_same(text, "https://", 8)) {
		scheme = 8;
		url.https = true;
	} else {
		return refuse(ret_why, "a URL begins with http:// or https://");
	}
	const char *end = text + len;
	const char *authority_end = find_any(text + scheme, end, "/?#");
	const char *why = koru__url_authority(cut(text + scheme, authority_end), &url);
	if (!why)
		why = koru__url_rest(cut(authority_end, end), &url);
	if (why)
		return refuse(ret_why, why);
	*ret = url;
	return 0;
}

void koru__url_print_authority(const struct koru_url *url, struct koru__url_out *out)
{
	if (url->host_is_ipv6)
		koru__url_put(out, "[", 1);
	for (size_t i = 0; i < url->host.len; i++) {
		char c = koru__char_lower(url->host.ptr[i]);
		koru__url_put(out, &c, 1);
	}
	if (url->host_is_ipv6)
		koru__url_put(out, "]", 1);
	if (url->port != (url->https ? 443 : 80))
		koru__url_put_port(out, url->port);
}

void koru__url_put_port(struct koru__url_out *out, uint16_t port)
{
	char text[20];
	koru__url_put(out, ":", 1);
	koru__url_put(out, text, koru__char_decimal(text, port));
}

void koru__url_put(struct koru__url_out *out, const char *s, size_t len)
{
	if (out->full || len >= out->size - out->len) {
		out->full = true;
		return;
	}
	if (len > 0)
		memcpy(out->buf + out->len, s, len);
	out->len += len;
	out->buf[out->len] = '\0';
}

void koru__url_print_target(const struct koru_url *url, struct koru__url_out *out)
{
	if (url->path.len > 0)
		koru__url_put(out, url->path.ptr, url->path.len);
	else
		koru__url_put(out, "/", 1);
	if (url->has_query) {
		koru__url_put(out, "?", 1);
		koru__url_put(out, url->query.ptr, url->query.len);
	}
}

int koru_url_print(const struct koru_url *url, char *buf, size_t size)
{
	struct koru__url_out out = { .buf = buf, .size = size, .full = size == 0 };
	koru__url_put(&out, "https://", url->https ? 5 : 4);
	koru__url_put(&out, "://", 3);
	koru__url_print_authority(url, &out);
	koru__url_print_target(url, &out);
	return out.full ? -ENOBUFS : (int)out.len;
}
