/* SPDX-License-Identifier: MIT
 *
 * The pieces that URLs, references, request lines and Host headers are made of.
 */
#ifndef KORU_HTTP_URL_PARTS_H
#define KORU_HTTP_URL_PARTS_H

#include <koru/url.h>

#define KORU__URL_HOST_MAX 255 /* RFC 1035 2.3.4 */

/* Take text apart into the fields of `url`; NULL, or why it is refused. The scheme must be
 * there already for the authority: it decides the port. */
const char *koru__url_authority(struct koru_text text, struct koru_url *url);
const char *koru__url_rest(struct koru_text text, struct koru_url *url);

/* Whether `text` begins with any scheme and a colon. */
bool koru__url_has_scheme(const char *text, size_t len);

/* Text being written; `full` is set by what did not fit, and stays. */
struct koru__url_out {
	char *buf;
	size_t size;
	size_t len;
	bool full;
};

void koru__url_put(struct koru__url_out *out, const char *s, size_t len);

void koru__url_put_port(struct koru__url_out *out, uint16_t port);

/* host [ ":" port ], as in Host. */
void koru__url_print_authority(const struct koru_url *url, struct koru__url_out *out);

/* path [ "?" query ], as in a request line. */
void koru__url_print_target(const struct koru_url *url, struct koru__url_out *out);

#endif
