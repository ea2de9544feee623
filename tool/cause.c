/* SPDX-License-Identifier: MIT
 * Causes in words and as names. See cause.h. */
#include "cause.h"

#include "koru/error.h"
#include "koru/http.h"
#include "koru/url.h"
#include "text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 128 /* any text of koru_strerror */
#define MORE_SIZE 272 /* any struct koru_stream_detail, or a host and a port */

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

/* koru_strerror's text as the end of a sentence: libc's begin with a capital. */
static void error_text(char buf[TEXT_SIZE], int error)
{
	const char *text = koru_strerror(error);
	(void)snprintf(buf, TEXT_SIZE, "%s", text);
	bool one_word = buf[0] != '\0' && buf[1] >= 'a' && buf[1] <= 'z'; /* not "I/O error" */
	if (one_word && buf[0] >= 'A' && buf[0] <= 'Z')
		buf[0] = (char)(buf[0] - 'A' + 'a');
}

/* What to say where the other end had a part in it: the host and port follow. NULL: what
 * koru_strerror says is enough. */
static const char *about_peer(int error)
{
	switch (-error) {
	case ECONNREFUSED: return "connection refused by";
	case ECONNRESET: return "connection reset by";
	case ECONNABORTED: return "connection aborted by";
	case EPIPE: return "connection closed by";
	case ETIMEDOUT: return "no answer to the connection attempts from";
	case EHOSTUNREACH:
	case ENETUNREACH: return "no route to";
	default: return NULL;
	}
}

/* What is wrong with a certificate, as the end of a sentence; NULL for other errors. */
static const char *about_certificate(int error)
{
	switch (-error) {
	case KORU_ECERTEXPIRED: return "has expired";
	case KORU_ECERTEARLY: return "is not valid yet";
	case KORU_ECERTHOST: return "is for another host";
	case KORU_ECERTSELF: return "is self-signed";
	case KORU_ECERT: return "cannot be trusted";
	default: return NULL;
	}
}

/* "the certificate of example.org: certificate has expired" is the subject, and OpenSSL's
 * words for the verdict. Ours are plainer; of an untrusted one they tell the reason. */
static void explain_certificate(char buf[CAUSE_SIZE], int error, const char *more)
{
	const char *colon = strstr(more, ": ");
	if (!colon)
		(void)snprintf(buf, CAUSE_SIZE, "%s", more);
	else
		(void)snprintf(buf, CAUSE_SIZE, "%.*s %s%s", (int)(colon - more), more,
		               about_certificate(error), error == -KORU_ECERT ? colon : "");
}

/* Copies `why` without the koru_strerror text behind its last colon, which the sentence
 * says in its own words. What is left may be nothing. */
static void strip_error(char buf[MORE_SIZE], const char *why, int error)
{
	const char *text = koru_strerror(error);
	size_t len = strlen(why);
	size_t text_len = strlen(text);
	if (len >= text_len && strcmp(why + len - text_len, text) == 0)
		len -= text_len;
	if (len >= 2 && memcmp(why + len - 2, ": ", 2) == 0)
		len -= 2;
	(void)snprintf(buf, MORE_SIZE, "%.*s", (int)len, why);
}

/* "127.0.0.1 port 80", as far as the URL tells; false when it tells nothing. */
static bool peer_of(char buf[MORE_SIZE], const char *url)
{
	struct koru_url parts;
	if (koru_url_parse(url, strlen(url), &parts, NULL) < 0)
		return false;
	(void)snprintf(buf, MORE_SIZE, "%.*s port %u", (int)parts.host.len, parts.host.ptr,
	               (unsigned)parts.port);
	return true;
}

void cause_of_request(char buf[CAUSE_SIZE], int error, const char *why, const char *url)
{
	char text[TEXT_SIZE];
	char more[MORE_SIZE];
	const char *peer = about_peer(error);
	error_text(text, error);
	strip_error(more, why ? why : "", error);

	/* Several attempts at several addresses are told as they were. */
	bool several = strstr(more, "; ") != NULL;
	if (peer && several)
		(void)snprintf(buf, CAUSE_SIZE, "no connection: %s", why);
	else if (peer && (more[0] != '\0' || peer_of(more, url)))
		(void)snprintf(buf, CAUSE_SIZE, "%s %s", peer, more);
	else if (about_certificate(error) && more[0] != '\0')
		explain_certificate(buf, error, more);
	else if (more[0] != '\0')
		(void)snprintf(buf, CAUSE_SIZE, "%s: %s", text, more);
	else
		(void)snprintf(buf, CAUSE_SIZE, "%s", text);
}

void cause_of_status(char buf[CAUSE_SIZE], int status, const char *location)
{
	const char *phrase = koru_http_reason(status);
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
	(void)snprintf(buf, CAUSE_SIZE, "no complete answer within %s (see --timeout); %s had come",
	               limit, bytes > 0 ? count : "nothing");
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
