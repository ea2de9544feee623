/* SPDX-License-Identifier: MIT
 *
 * A server's answer, written into a buffer.
 */
#ifndef KORU_HTTP_REPLY_H
#define KORU_HTTP_REPLY_H

#include "http/buf.h"
#include "http/server.h"

#include <time.h>

/* The Date header of the current second (RFC 9110 6.6.1). */
struct koru__reply_date {
	time_t second;
	char text[32]; /* "Sun, 06 Nov 1994 08:49:37 GMT" */
};

/* Appends the head. `minor` is the request's version, `keep` whether the connection stays;
 * buf->error tells of a failure. */
void koru__reply_write(struct koru__buf *buf, const struct koru__http_reply *reply,
                       struct koru__reply_date *date, int minor, bool keep);

/* Whether a body may follow an answer of that status (RFC 9110 6.4.1). */
bool koru__reply_has_body(int status);

#endif
