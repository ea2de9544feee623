/* SPDX-License-Identifier: MIT
 *
 * Messages on a connection: where the pure parser meets the stream.
 */
#ifndef KORU_HTTP_WIRE_H
#define KORU_HTTP_WIRE_H

#include "http/h1.h"
#include "http/pool.h"

/* What the client accepts of an answer. */
extern const struct koru__h1_limits koru__wire_limits;

/* The next event of the message that `h1` reads from the connection, never KORU__H1_MORE nor
 * KORU__H1_FAILED. Its pieces stay valid until the next call. May suspend.
 * Returns 0; -KORU_EEOF (closed before the end of the head), -KORU_ESHORT, -KORU_EPROTO,
 * -KORU_EHEADERS, of which h1->error says more; what reading the stream gave; -ENOMEM. */
int koru__wire_next(struct koru__conn *conn, struct koru__h1 *h1, enum koru__h1_event *ret_event);

/* The same without reading: *ret_event is KORU__H1_MORE where that would be needed. */
int koru__wire_next_here(struct koru__conn *conn, struct koru__h1 *h1,
                         enum koru__h1_event *ret_event);

/* Reads body bytes past the buffer, which is empty, where the parser allows it: up to `len`
 * to `to`. Returns the count, 0 at the end of the stream (*h1 then knows of it), or an
 * error. May suspend. */
ssize_t koru__wire_read_body(struct koru__conn *conn, struct koru__h1 *h1, void *to, size_t len);

/* Writes what the buffer holds and then `len` more bytes; the buffer is empty afterwards.
 * May suspend. */
int koru__wire_send(struct koru__conn *conn, const void *more, size_t len);

/* Why the last of these calls failed, in words: the parser's, the stream's or koru_strerror's.
 */
const char *koru__wire_why(const struct koru__conn *conn, const struct koru__h1 *h1, int rc);

#endif
