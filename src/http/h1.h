/* SPDX-License-Identifier: MIT
 *
 * The parser of HTTP/1.1 messages (RFC 9112): bytes in, events out. It does no I/O, asks
 * for no memory and copies nothing.
 *
 * The caller holds the bytes. It shows the parser what has arrived and not been used yet,
 * and takes one event after the other:
 *
 *     for (;;) {
 *             size_t used;
 *             enum koru__h1_event event = koru__h1_next(&h1, buf, len, &used);
 *             ... look at the event; its pieces point into buf ...
 *             buf += used, len -= used;
 *             if (event == KORU__H1_MORE)
 *                     ... read more behind what is left; at the end of the stream, ask
 *                         koru__h1_eof ...
 *     }
 *
 * What is left after KORU__H1_MORE must be shown again, at the beginning of the next call:
 * it is an unfinished line, never longer than limits->line_bytes_max + 1. How the input is
 * cut into calls changes nothing but the cut of the body into KORU__H1_DATA.
 *
 * What is not exactly as the RFC has it is an error: two parsers that read the same bytes
 * differently are how requests are smuggled. The exceptions, each of which can be read in
 * one way only: an empty line before a request (RFC 9112 2.2), a status line that ends
 * after its number, and equal Content-Lengths in an answer (RFC 9110 8.6).
 */
#ifndef KORU_HTTP_H1_H
#define KORU_HTTP_H1_H

#include <koru/url.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a message was refused: name, the status a server answers with, text. */
#define KORU__H1_ERROR_MAP(X)                                                                      \
	X(BARE_LF, 400, "a line that ends with LF alone")                                          \
	X(BARE_CR, 400, "CR inside a line")                                                        \
	X(NUL, 400, "a zero byte in the header")                                                   \
	X(START_LONG, 414, "the first line is too long")                                           \
	X(METHOD, 400, "a malformed method")                                                       \
	X(TARGET, 400, "a malformed request target")                                               \
	X(VERSION, 505, "a malformed or unknown HTTP version")                                     \
	X(STATUS, 400, "a malformed status line")                                                  \
	X(REASON, 400, "a control character in the status line")                                   \
	X(FIELD_LONG, 431, "a header line is too long")                                            \
	X(HEAD_LARGE, 431, "the header is too large")                                              \
	X(HEADER_COUNT, 431, "too many header lines")                                              \
	X(FOLD, 400, "a folded or indented header line")                                           \
	X(NO_COLON, 400, "a header line without a colon")                                          \
	X(NAME_EMPTY, 400, "a header without a name")                                              \
	X(NAME_SPACE, 400, "white space between a header's name and its colon")                    \
	X(NAME_CHAR, 400, "a header name with an invalid character")                               \
	X(VALUE_CHAR, 400, "a header value with a control character")                              \
	X(HOST_MISSING, 400, "no Host header")                                                     \
	X(HOST_TWICE, 400, "more than one Host header")                                            \
	X(HOST_VALUE, 400, "a malformed Host header")                                              \
	X(LENGTH_VALUE, 400, "a malformed Content-Length")                                         \
	X(LENGTH_LARGE, 400, "a Content-Length that no number can hold")                           \
	X(LENGTH_DIFFERS, 400, "Content-Lengths that differ")                                      \
	X(LENGTH_TWICE, 400, "more than one Content-Length")                                       \
	X(LENGTH_AND_CODING, 400, "both Content-Length and Transfer-Encoding")                     \
	X(CODING_VALUE, 400, "a malformed Transfer-Encoding")                                      \
	X(CODING_UNKNOWN, 501, "a transfer coding other than chunked")                             \
	X(CODING_ORDER, 400, "chunked is not the last transfer coding")                            \
	X(CODING_TWICE, 400, "chunked twice")                                                      \
	X(CODING_VERSION, 400, "Transfer-Encoding in an HTTP/1.0 message")                         \
	X(INTERIM_COUNT, 400, "too many interim answers")                                          \
	X(UPGRADE, 400, "a change of protocol that was not asked for")                             \
	X(CHUNK_SIZE, 400, "a malformed chunk size")                                               \
	X(CHUNK_LARGE, 400, "a chunk size that no number can hold")                                \
	X(CHUNK_LINE_LONG, 400, "a chunk's first line is too long")                                \
	X(CHUNK_EXT, 400, "a malformed chunk extension")                                           \
	X(CHUNK_EXT_LARGE, 400, "too many bytes of chunk extensions")                              \
	X(CHUNK_END, 400, "a chunk that does not end where its size says")                         \
	X(TRAILER_LARGE, 431, "the trailer is too large")                                          \
	X(TRAILER_FIELD, 400, "a header that must not stand in a trailer")                         \
	X(EOF_START, 400, "the connection was closed before the message began")                    \
	X(EOF_HEAD, 400, "the connection was closed within the header")                            \
	X(EOF_BODY, 400, "the connection was closed within the body")

enum koru__h1_error {
	KORU__H1_OK = 0,
#define KORU__H1_ERROR_ENUM(name, status, text) KORU__H1_E_##name,
	KORU__H1_ERROR_MAP(KORU__H1_ERROR_ENUM)
#undef KORU__H1_ERROR_ENUM
};

enum koru__h1_event {
	KORU__H1_MORE,    /* nothing more can be said without more bytes */
	KORU__H1_REQUEST, /* the request line: name = method, value = target, minor */
	KORU__H1_STATUS,  /* the status line: status, value = reason (may be empty), minor */
	KORU__H1_HEADER,  /* name, value */
	KORU__H1_HEAD,    /* the head is complete: body, keep_alive and interim are valid */
	KORU__H1_DATA,    /* value = a piece of the body, never empty */
	KORU__H1_TRAILER, /* name, value */
	KORU__H1_END,     /* the message is complete; koru__h1_again starts the next */
	KORU__H1_FAILED,  /* error says why; the connection is of no further use */
};

/* How the end of the body is found (RFC 9112 6.3). */
enum koru__h1_body {
	KORU__H1_BODY_NONE,
	KORU__H1_BODY_LENGTH,
	KORU__H1_BODY_CHUNKED,
	KORU__H1_BODY_CLOSE, /* with the connection; answers only */
};

/* All in bytes, but for the counts. Line ends are not counted in line_bytes_max. */
struct koru__h1_limits {
	uint32_t line_bytes_max;   /* one start line or header line */
	uint32_t head_bytes_max;   /* start line and headers, line ends included */
	uint32_t header_count_max; /* of the head, and again of the trailer */
	uint32_t chunk_line_bytes_max;
	uint32_t chunk_ext_bytes_max; /* extensions of all chunks of one body */
	uint32_t trailer_bytes_max;
	uint32_t interim_count_max; /* 1xx answers before the real one */
};

extern const struct koru__h1_limits koru__h1_limits_default;

struct koru__h1 {
	const struct koru__h1_limits *limits;

	/* What the last event is about; the pieces point into the caller's bytes. */
	struct koru_text name;
	struct koru_text value;
	uint16_t status; /* of an answer: 100 to 999 */
	uint8_t minor;   /* the version is HTTP/1.minor */
	uint8_t error;   /* enum koru__h1_error */

	/* Valid from KORU__H1_HEAD on. */
	uint8_t body;    /* enum koru__h1_body */
	bool keep_alive; /* the connection may carry another message after this one */
	bool interim;    /* a 1xx answer: the real one follows without koru__h1_again */
	bool tunnel;     /* after this head the bytes are no longer HTTP (CONNECT) */
	bool has_length; /* there was a Content-Length: */
	uint64_t length; /*   this one, also where the body is KORU__H1_BODY_NONE */

	/* The parser's own. */
	uint64_t left;       /* bytes to come of the body or of the current chunk */
	uint32_t scanned;    /* bytes of the unfinished line known to hold no LF */
	uint32_t head_bytes; /* used of head_bytes_max, later of trailer_bytes_max */
	uint32_t ext_bytes;
	uint32_t header_count;
	uint32_t interim_count;
	uint8_t state;
	bool is_request;
	bool to_head;        /* the answer is to a HEAD request */
	bool to_connect;     /* the answer is to a CONNECT request */
	bool saw_close;      /* Connection: close */
	bool saw_keep_alive; /* Connection: keep-alive */
	bool saw_host;
	bool saw_coding; /* Transfer-Encoding */
	bool saw_chunked;
	bool saw_empty_line; /* before the request line */
};

/* Begins a connection's first message. `limits` may be NULL and must otherwise stay. For an
 * answer, `method` (NULL: "GET") is that of the request it answers: HEAD and CONNECT
 * change where it ends. */
void koru__h1_request_init(struct koru__h1 *h1, const struct koru__h1_limits *limits);
void koru__h1_response_init(struct koru__h1 *h1, const struct koru__h1_limits *limits,
                            const char *method);

/* After KORU__H1_END: begins the next message of the connection. */
void koru__h1_again(struct koru__h1 *h1, const char *method);

/* The next event in the `len` bytes at `buf`, of which *ret_used are done with. Not to be
 * called after KORU__H1_END. */
enum koru__h1_event koru__h1_next(struct koru__h1 *h1, const char *buf, size_t len,
                                  size_t *ret_used);

/* The stream has ended and `left` bytes were not used: KORU__H1_END where that is how the
 * body ends, else KORU__H1_FAILED with KORU__H1_E_EOF_…. */
enum koru__h1_event koru__h1_eof(struct koru__h1 *h1, size_t left);

/* How many of the next bytes are certain to be body: a caller may read up to so many to
 * wherever it wants them, instead of showing them to koru__h1_next, and then says how many
 * it took. UINT64_MAX when the body ends with the connection, 0 outside a body. */
uint64_t koru__h1_body_left(const struct koru__h1 *h1);
void koru__h1_body_took(struct koru__h1 *h1, uint64_t count);

/* For people, and for a server's answer. */
const char *koru__h1_error_text(enum koru__h1_error error);
int koru__h1_error_status(enum koru__h1_error error);

#endif
