/* SPDX-License-Identifier: MIT
 * Causes in words and as names. See cause.h. */
#include "cause.h"

#include "koru/error.h"
#include "koru/url.h"
#include "text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 128 /* any text of koru_strerror */

const char *cause_code(int result)
{
	int code = result < 0 ? -result : result;
	switch (code) {
#define CODE_CASE(name, number, text)                                                              \
	case number: return #name;
		KORU_ERROR_MAP(CODE_CASE)
#undef CODE_CASE
	case CAUSE_STATUS: return "ESTATUS";
	case CAUSE_NOT_RUN: return "ENOTSTARTED";
	default: break;
	}
	const char *name = strerrorname_np(code);
	return name ? name : "EUNKNOWN";
}

const char *cause_status_text(int status)
{
	static const struct {
		short status;
		const char *text;
	} phrases[] = {
		{ 300, "Multiple Choices" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 402, "Payment Required" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 407, "Proxy Authentication Required" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 411, "Length Required" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 416, "Range Not Satisfiable" },
		{ 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" },
		{ 426, "Upgrade Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 451, "Unavailable For Legal Reasons" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
	};
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].text;
	return "";
}

/* koru_strerror's text as the end of a sentence: libc's begin with a capital. */
static void error_text(char buf[TEXT_SIZE], int error)
{
	const char *text = koru_strerror(error);
	(void)snprintf(buf, TEXT_SIZE, "%s", text);
	bool one_word = buf[0] != '\0' && buf[1] >= 'a' && buf[1] <= 'z'; /* not "I/O error" */
	if (one_word && buf[0] >= 'A' && buf[0] <= 'Z')
		buf[0] = (char)(buf[0] - 'A' + 'a');
}

/* Whether an error says something about the other end of a connection, so that the
 * sentence should say which end that is. */
static const char *preposition(int error)
{
	switch (-error) {
	case ECONNREFUSED:
	case ECONNRESET:
	case ECONNABORTED: return "by";
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN: return "for";
	case KORU_EHOST:
	case KORU_ENAME:
	case KORU_EDNS: return ":";
	default: return NULL;
	}
}

void cause_of_request(char buf[CAUSE_SIZE], int error, const char *why, const char *url)
{
	char text[TEXT_SIZE];
	error_text(text, error);
	const char *link = preposition(error);
	struct koru_url parts;
	bool parsed = link && koru_url_parse(url, strlen(url), &parts, NULL) == 0;
	if (why && *why && strcmp(why, koru_strerror(error)) != 0)
		(void)snprintf(buf, CAUSE_SIZE, "%s: %s", text, why);
	else if (parsed && *link == ':')
		(void)snprintf(buf, CAUSE_SIZE, "%s: %.*s", text, (int)parts.host.len,
		               parts.host.ptr);
	else if (parsed)
		(void)snprintf(buf, CAUSE_SIZE, "%s %s %.*s port %u", text, link,
		               (int)parts.host.len, parts.host.ptr, (unsigned)parts.port);
	else
		(void)snprintf(buf, CAUSE_SIZE, "%s", text);
}

void cause_of_status(char buf[CAUSE_SIZE], int status, const char *location)
{
	const char *phrase = cause_status_text(status);
	(void)snprintf(buf, CAUSE_SIZE, "the server answered %d%s%s%s%s", status,
	               *phrase ? " " : "", phrase,
	               location ? ", and no redirect is to be followed to " : "",
	               location ? location : "");
}

void cause_of_deadline(char buf[CAUSE_SIZE], int64_t timeout_ns, uint64_t bytes)
{
	char limit[TEXT_NUMBER_SIZE];
	char count[TEXT_NUMBER_SIZE];
	text_option_duration(limit, sizeof(limit), timeout_ns);
	text_bytes(count, sizeof(count), bytes);
	(void)snprintf(buf, CAUSE_SIZE, "not complete within %s; %s had come (see --timeout)",
	               limit, count);
}

void cause_of_stop(char buf[CAUSE_SIZE], const char *what, uint64_t bytes)
{
	char count[TEXT_NUMBER_SIZE];
	text_bytes(count, sizeof(count), bytes);
	if (bytes > 0)
		(void)snprintf(buf, CAUSE_SIZE, "%s after %s", what, count);
	else
		(void)snprintf(buf, CAUSE_SIZE, "%s", what);
}

void cause_of_file(char buf[CAUSE_SIZE], int error, const char *dir, const char *name)
{
	char text[TEXT_SIZE];
	error_text(text, error);
	(void)snprintf(buf, CAUSE_SIZE, "cannot be saved: %s (%s/%s)", text, dir, name);
}
