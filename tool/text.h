/* SPDX-License-Identifier: MIT
 *
 * Numbers and foreign text in the form that people read. Pure: each writes into the
 * caller's buffer, always ends it with a zero and cuts what does not fit.
 */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_NUMBER_SIZE 32 /* a buffer that any of the numbers below fits into */

/* 1234567 -> "1,234,567" */
void text_count(char *buf, size_t size, uint64_t n);

/* 1234567 -> "1.2 MB", in steps of 1,000; below that "999 bytes" */
void text_bytes(char *buf, size_t size, uint64_t n);

/* How long something took: "213 ms", "1.52 s", "3 min 7 s", "2 h 5 min" */
void text_duration(char *buf, size_t size, int64_t ns);

/* A running clock: "0:07", "12:34", "1:02:03" */
void text_clock(char *buf, size_t size, int64_t ns);

/* A duration as it is written in an option: "30s", "1.5s", "100ms", "2m" */
void text_option_duration(char *buf, size_t size, int64_t ns);

/* `len` bytes that came from outside, made fit for a terminal and for JSON: control
 * characters and what is not UTF-8 turn into \xNN; what is too long ends in "...". `size`
 * must be at least 8. */
void text_clean(char *buf, size_t size, const char *src, size_t len);

/* The length of the UTF-8 character that begins at `src`, of which `len` bytes are there;
 * 0 when none does: a stray, missing or overlong byte, a surrogate (RFC 3629, section 3). */
size_t text_utf8_len(const char *src, size_t len);

#endif
