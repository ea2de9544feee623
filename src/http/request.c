/* SPDX-License-Identifier: MIT
 * See request.h. */
#include "http/request.h"

#include "base/macro.h"
#include "http/char.h"
#include "http/decode.h"
#include "http/h1_rules.h"
#include "http/proxy.h"
#include "http/url_parts.h"

#include <errno.h>
#include <string.h>

static bool name_is(const char *name, const char *lower)
{
	return koru__char_equal(name, strlen(name), lower);
}

static bool name_in(const char *name, const char *const list[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (name_is(name, list[i]))
			return true;
	return false;
}

/* What frames the message or rules the connection. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {
		"connection", "content-length", "transfer-encoding", "keep-alive", "upgrade", "te",
		"trailer",    "expect",         "proxy-connection",
	};
	return name_in(name, ours, koru__array_len(ours));
}

/* What must not be told to another origin than the one it was meant for. */
static bool is_credential(const char *name)
{
	static const char *const credentials[] = {
		"authorization",
		"cookie",
		"cookie2",
		"proxy-authorization",
	};
	return name_in(name, credentials, koru__array_len(credentials));
}

static bool is_about_body(const char *name)
{
	return strlen(name) > 8 && koru__char_same(name, "content-", 8);
}

static bool is_token(const char *text)
{
	size_t len = strlen(text);
	return len > 0 && koru__char_span(text, len, KORU__C_TOKEN) == len;
}

static const char *check_header(const struct koru_http_header *header)
{
	if (!header->name || !is_token(header->name))
		return "a header name with an invalid character";
	if (is_ours(header->name))
		return "a header that is not the caller's to set";
	const char *value = header->value;
	size_t len = value ? strlen(value) : 0;
	if (!value || koru__char_span(value, len, KORU__C_FIELD) < len)
		return "a header value with a control character";
	struct koru_text host, port;
	if (name_is(header->name, "host") &&
	    !koru__h1_authority((struct koru_text){ value, len }, &host, &port))
		return "a malformed Host header";
	return NULL;
}

int koru__request_check(const char *method, const struct koru_http_opts *opts, const char **ret_why)
{
	const char *why = NULL;
	if (!is_token(method) || strcmp(method, "CONNECT") == 0)
		why = "a malformed method";
	if ((opts->header_count && !opts->headers) || (opts->body_len && !opts->body))
		why = "a count without what it counts";
	if (opts->header_count > KORU_HTTP_HEADER_COUNT_MAX)
		why = "too many headers";
	for (size_t i = 0; i < opts->header_count && !why; i++)
		why = check_header(&opts->headers[i]);
	if (why)
		*ret_why = why;
	return why ? -EINVAL : 0;
}

bool koru__request_idempotent(const struct koru__request *req)
{
	static const char *const idempotent[] = {
		"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"
	};
	for (size_t i = 0; i < koru__array_len(idempotent); i++)
		if (strcmp(req->method, idempotent[i]) == 0)
			return true;
	return false;
}

size_t koru__request_body_len(const struct koru__request *req)
{
	return req->bodiless ? 0 : req->opts->body_len;
}

/* Writes with the printers of URLs, which know no growing buffer. */
static void put_printed(struct koru__buf *buf, const struct koru_url *url,
                        void (*print)(const struct koru_url *, struct koru__url_out *))
{
	size_t most = 16 + url->host.len + url->path.len + url->query.len;
	koru__buf_reserve(buf, most);
	if (buf->error)
		return;
	struct koru__url_out out = { .buf = buf->data + buf->end, .size = most };
	print(url, &out);
	if (out.full)
		buf->error = -EMSGSIZE; /* cannot be */
	else
		buf->end += (uint32_t)out.len;
}

static void put_header(struct koru__buf *buf, const char *name, const char *value)
{
	koru__buf_puts(buf, name);
	koru__buf_put(buf, ": ", 2);
	koru__buf_puts(buf, value);
	koru__buf_put(buf, "\r\n", 2);
}

/* request-line (RFC 9112 3): through a proxy the target is the whole URL (3.2.2), but for
 * https, whose proxy has become a tunnel. */
static void put_request_line(struct koru__buf *buf, const struct koru__request *req)
{
	koru__buf_puts(buf, req->method);
	koru__buf_put(buf, " ", 1);
	if (req->proxy && !req->url.https) {
		koru__buf_put(buf, "http://", 7);
		put_printed(buf, &req->url, koru__url_print_authority);
	}
	put_printed(buf, &req->url, koru__url_print_target);
	koru__buf_put(buf, " HTTP/1.1\r\n", 11);
}

/* The caller's headers; a bit for each of those that replace one of koru's own. */
enum { ACCEPT = 1, ACCEPT_ENCODING = 2, USER_AGENT = 4, AUTHORIZATION = 8 };

static int put_callers(struct koru__buf *buf, const struct koru__request *req)
{
	static const struct {
		const char *name;
		int bit;
	} replace[] = {
		{ "accept", ACCEPT },         { "accept-encoding", ACCEPT_ENCODING },
		{ "range", ACCEPT_ENCODING }, /* a part of an encoded body cannot be decoded */
		{ "user-agent", USER_AGENT }, { "authorization", AUTHORIZATION },
	};
	int seen = 0;
	for (size_t i = 0; i < req->opts->header_count; i++) {
		const struct koru_http_header *header = &req->opts->headers[i];
		if (req->foreign && (is_credential(header->name) || name_is(header->name, "host")))
			continue;
		if (req->bodiless && is_about_body(header->name))
			continue;
		for (size_t r = 0; r < koru__array_len(replace); r++)
			if (name_is(header->name, replace[r].name))
				seen |= replace[r].bit;
		put_header(buf, header->name, header->value);
	}
	return seen;
}

static void put_length(struct koru__buf *buf, const struct koru__request *req)
{
	size_t len = koru__request_body_len(req);
	/* RFC 9110 8.6: methods that expect a body say so even when there is none. */
	bool expected = strcmp(req->method, "POST") == 0 || strcmp(req->method, "PUT") == 0 ||
	                strcmp(req->method, "PATCH") == 0;
	char text[20];
	if (len == 0 && !expected)
		return;
	koru__buf_puts(buf, "Content-Length: ");
	koru__buf_put(buf, text, koru__char_decimal(text, len));
	koru__buf_put(buf, "\r\n", 2);
}

int koru__request_write(const struct koru__request *req, struct koru__buf *buf)
{
	put_request_line(buf, req);
	/* RFC 9110 7.2: Host comes first. */
	bool own_host = false;
	for (size_t i = 0; i < req->opts->header_count && !req->foreign; i++)
		own_host = own_host || name_is(req->opts->headers[i].name, "host");
	if (!own_host) {
		koru__buf_put(buf, "Host: ", 6);
		put_printed(buf, &req->url, koru__url_print_authority);
		koru__buf_put(buf, "\r\n", 2);
	}
	int seen = put_callers(buf, req);
	if (req->user_agent && !(seen & USER_AGENT))
		put_header(buf, "User-Agent", req->user_agent);
	if (!(seen & ACCEPT))
		put_header(buf, "Accept", "*/*");
	if (!req->opts->raw && !(seen & ACCEPT_ENCODING))
		put_header(buf, "Accept-Encoding", KORU__DECODE_ACCEPT);
	if (req->authorization && !req->foreign && !(seen & AUTHORIZATION))
		put_header(buf, "Authorization", req->authorization);
	if (req->proxy && !req->url.https && req->proxy->authorization)
		put_header(buf, "Proxy-Authorization", req->proxy->authorization);
	put_length(buf, req);
	koru__buf_put(buf, "\r\n", 2);
	return buf->error;
}
