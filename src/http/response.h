/* SPDX-License-Identifier: MIT
 *
 * An answer: its head in one block, and its body, collected or still on its way.
 */
#ifndef KORU_HTTP_RESPONSE_H
#define KORU_HTTP_RESPONSE_H

#include "http/decode.h"
#include "http/wire.h"

#include <koru/http.h>

struct koru_http_response {
	struct koru__conn *conn; /* what the rest of it comes from; NULL: all is here */
	struct koru__h1 h1;
	int status;
	int error;              /* of the body: what every further read returns; or 0 */
	const char *why;        /* more about `error`; static, or NULL */
	int64_t content_length; /* -1: none */

	char *head; /* "name\0value\0name\0value\0…" */
	uint32_t head_len;
	uint32_t head_size;
	uint32_t header_count;

	struct koru__decoder *decoder; /* NULL: the body comes as it is */
	struct koru_text piece;        /* body bytes in conn's buffer that nobody took yet */
	bool message_over;             /* no more pieces will come */
	bool decoder_over;             /* nor anything out of the decoder */
	bool collected;
	uint64_t body_max; /* bytes out of koru__body_read; UINT64_MAX: any */
	uint64_t body_read;

	char *body; /* collected, zero-terminated; NULL: empty */
	size_t body_len;
	size_t body_size;

	char url[]; /* without user and fragment */
};

/* An empty one for the answer to a request with `method`; NULL: no memory. */
struct koru_http_response *koru__response_new(const struct koru_url *url, const char *method);

/* Adds a header; 0 or -ENOMEM. */
int koru__response_add(struct koru_http_response *res, struct koru_text name,
                       struct koru_text value);

/* Forgets the headers (of an interim answer). */
void koru__response_forget(struct koru_http_response *res);

/* When the head is there: prepares for reading the body, decoded if `decode`. Takes what ends
 * at once. Returns 0, -KORU_EENCODING, -ENOMEM, or what ended the message badly. */
int koru__body_begin(struct koru_http_response *res, bool decode, uint64_t body_max);

/* koru_http_read, also for a response that is being collected. */
ssize_t koru__body_read(struct koru_http_response *res, void *buf, size_t len);

/* Reads the whole body into memory. Returns 0 or an error. May suspend. */
int koru__body_collect(struct koru_http_response *res);

/* Passes over the body as far as it is in the buffer already, so that the connection of a
 * redirect can be kept; closes the connection otherwise. Never suspends. */
void koru__body_skip(struct koru_http_response *res);

#endif
