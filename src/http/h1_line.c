/* SPDX-License-Identifier: MIT
 * The form of the lines of a head: request line, status line, header line. What headers
 * mean is not looked at here (h1_frame.c). See h1_rules.h. */
#include "base/macro.h"
#include "http/char.h"
#include "http/h1_rules.h"

#include <string.h>

enum koru__h1_error koru__h1_bad_byte(char c, enum koru__h1_error otherwise)
{
	switch (c) {
	case '\r': return KORU__H1_E_BARE_CR;
	case '\0': return KORU__H1_E_NUL;
	default: return otherwise;
	}
}

/* HTTP-version = "HTTP" "/" DIGIT "." DIGIT (RFC 9112 2.3), and the major number is 1. A
 * minor number above 1 is read as 1, which is the highest known here (RFC 9110 2.5). */
static bool read_version(struct koru__h1 *h1, const char *s)
{
	if (memcmp(s, "HTTP/1.", 7) != 0 || !koru__char_is(s[7], KORU__C_DIGIT))
		return false;
	h1->minor = s[7] == '0' ? 0 : 1;
	return true;
}

bool koru__h1_authority(struct koru_text text, struct koru_text *ret_host,
                        struct koru_text *ret_port)
{
	const char *s = text.ptr;
	size_t len = text.len;
	size_t host;
	if (len > 0 && s[0] == '[') { /* IP-literal; only its letters are looked at */
		host = 1;
		while (host < len &&
		       (koru__char_is(s[host], KORU__C_HEX) || s[host] == ':' || s[host] == '.'))
			host++;
		if (host == len || s[host] != ']')
			return false;
		host++;
	} else {
		host = koru__char_span(s, len, KORU__C_NAME);
	}
	*ret_host = (struct koru_text){ s, host };
	*ret_port = (struct koru_text){ s + host, 0 };
	if (host == len)
		return true;
	if (s[host] != ':')
		return false;
	*ret_port = (struct koru_text){ s + host + 1, len - host - 1 };
	return koru__char_span(ret_port->ptr, ret_port->len, KORU__C_DIGIT) == ret_port->len;
}

/* A target in one of the four forms of RFC 9112 3.2, each only where it belongs. Whether
 * the URL in it is sound is for whoever uses it. */
static bool target_fits(struct koru_text method, struct koru_text target)
{
	if (target.len == 0)
		return false;
	bool connect = method.len == 7 && memcmp(method.ptr, "CONNECT", 7) == 0;
	if (connect) { /* authority-form = uri-host ":" port */
		struct koru_text host, port;
		return koru__h1_authority(target, &host, &port) && host.len > 0 && port.len > 0 &&
		       port.len <= 5;
	}
	if (target.ptr[0] == '/')
		return true;
	if (target.len == 1 && target.ptr[0] == '*')
		return method.len == 7 && memcmp(method.ptr, "OPTIONS", 7) == 0;
	return (target.len > 7 && koru__char_same(target.ptr, "http://", 7)) ||
	       (target.len > 8 && koru__char_same(target.ptr, "https://", 8));
}

/* request-line = method SP request-target SP HTTP-version (RFC 9112 3), with single spaces:
 * a more generous reading is allowed and is a way to smuggle. */
enum koru__h1_error koru__h1_request_line(struct koru__h1 *h1, const char *line, size_t len)
{
	size_t method_len = koru__char_span(line, len, KORU__C_TOKEN);
	if (method_len == 0 || method_len == len || line[method_len] != ' ')
		return method_len < len ? koru__h1_bad_byte(line[method_len], KORU__H1_E_METHOD)
		                        : KORU__H1_E_METHOD;
	const char *target = line + method_len + 1;
	size_t rest = len - method_len - 1;
	size_t target_len = koru__char_span(target, rest, KORU__C_TARGET);
	if (target_len == rest) /* HTTP/0.9 had no version */
		return KORU__H1_E_VERSION;
	if (target[target_len] != ' ')
		return koru__h1_bad_byte(target[target_len], KORU__H1_E_TARGET);
	h1->name = (struct koru_text){ line, method_len };
	h1->value = (struct koru_text){ target, target_len };
	if (!target_fits(h1->name, h1->value))
		return KORU__H1_E_TARGET;
	if (rest - target_len - 1 != 8 || !read_version(h1, target + target_len + 1))
		return KORU__H1_E_VERSION;
	return KORU__H1_OK;
}

/* status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 4). The last SP
 * may be missing with the reason. */
enum koru__h1_error koru__h1_status_line(struct koru__h1 *h1, const char *line, size_t len)
{
	if (len < 8 || !read_version(h1, line))
		return KORU__H1_E_VERSION;
	if (len < 12 || line[8] != ' ' || koru__char_span(line + 9, 3, KORU__C_DIGIT) < 3 ||
	    line[9] == '0')
		return KORU__H1_E_STATUS;
	if (len > 12 && line[12] != ' ')
		return koru__h1_bad_byte(line[12], KORU__H1_E_STATUS);
	size_t start = len > 12 ? 13 : 12;
	size_t reason_len = koru__char_span(line + start, len - start, KORU__C_FIELD);
	if (start + reason_len < len)
		return koru__h1_bad_byte(line[start + reason_len], KORU__H1_E_REASON);
	h1->status = (uint16_t)((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
	h1->value = (struct koru_text){ line + start, reason_len };
	return KORU__H1_OK;
}

/* What stands where the colon should follow the name. */
static enum koru__h1_error name_error(const char *line, size_t len, size_t name_len)
{
	char c = name_len < len ? line[name_len] : '\0';
	bool space = name_len < len && (c == ' ' || c == '\t');
	if (name_len == 0 && space) /* RFC 9112 5.2 and 2.2 */
		return KORU__H1_E_FOLD;
	if (name_len == len)
		return KORU__H1_E_NO_COLON;
	if (c == ':')
		return KORU__H1_E_NAME_EMPTY;
	if (space && !memchr(line, ':', len))
		return KORU__H1_E_NO_COLON;
	if (space) /* RFC 9112 5.1 */
		return KORU__H1_E_NAME_SPACE;
	return koru__h1_bad_byte(c, KORU__H1_E_NAME_CHAR);
}

/* field-line = field-name ":" OWS field-value OWS (RFC 9112 5) */
enum koru__h1_error koru__h1_header_line(struct koru__h1 *h1, const char *line, size_t len)
{
	size_t name_len = koru__char_span(line, len, KORU__C_TOKEN);
	if (koru__unlikely(name_len == 0 || name_len == len || line[name_len] != ':'))
		return name_error(line, len, name_len);
	const char *value = line + name_len + 1;
	const char *end = line + len;
	size_t good = koru__char_span(value, (size_t)(end - value), KORU__C_FIELD);
	if (koru__unlikely(value + good < end))
		return koru__h1_bad_byte(value[good], KORU__H1_E_VALUE_CHAR);
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (value < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	h1->name = (struct koru_text){ line, name_len };
	h1->value = (struct koru_text){ value, (size_t)(end - value) };
	return KORU__H1_OK;
}
