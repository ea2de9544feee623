/* SPDX-License-Identifier: MIT
 *
 * The rules for single lines of a message, for h1.c alone: each looks at one whole line
 * without its line end, notes what it found in the parser and answers KORU__H1_OK or why
 * the line is refused.
 */
#ifndef KORU_HTTP_H1_RULES_H
#define KORU_HTTP_H1_RULES_H

#include "http/h1.h"

enum koru__h1_error koru__h1_request_line(struct koru__h1 *h1, const char *line, size_t len);
enum koru__h1_error koru__h1_status_line(struct koru__h1 *h1, const char *line, size_t len);

/* Splits a header line into h1->name and h1->value. */
enum koru__h1_error koru__h1_header_line(struct koru__h1 *h1, const char *line, size_t len);

/* Notes the header in h1->name and h1->value if it decides where the message ends or
 * whether the connection stays. */
enum koru__h1_error koru__h1_note_header(struct koru__h1 *h1);

/* Whether the header in h1->name may stand in a trailer. */
enum koru__h1_error koru__h1_check_trailer(const struct koru__h1 *h1);

/* Decides, at the end of the head, where the body ends. */
enum koru__h1_error koru__h1_frame(struct koru__h1 *h1);

/* Reads a chunk's first line: h1->left becomes its size. */
enum koru__h1_error koru__h1_chunk_line(struct koru__h1 *h1, const char *line, size_t len);

/* Splits uri-host [ ":" port ] (RFC 9110 7.2), which is what Host and CONNECT name. False
 * when it is not that; either part may be empty. */
bool koru__h1_authority(struct koru_text text, struct koru_text *ret_host,
                        struct koru_text *ret_port);

/* What is wrong with a byte that must not stand in a header or status line: its own name
 * for CR and NUL, `otherwise` for the rest. */
enum koru__h1_error koru__h1_bad_byte(char c, enum koru__h1_error otherwise);

#endif
