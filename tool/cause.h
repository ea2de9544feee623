/* SPDX-License-Identifier: MIT
 *
 * Why a URL did not come: the cause in words for people, and as a name for programs. Pure.
 */
#ifndef TOOL_CAUSE_H
#define TOOL_CAUSE_H

#include <stddef.h>
#include <stdint.h>

#define CAUSE_SIZE 416 /* a buffer that any sentence fits into */

/* Beside koru's own codes: the server answered, but not with what was asked for. In the
 * tool only, so numbered away from the library's. */
#define CAUSE_STATUS  19001 /* an HTTP status other than 2xx */
#define CAUSE_NOT_RUN 19002 /* the command stopped before this URL's turn */

/* The name of a result: "ECONNREFUSED", "EHOST" (for -KORU_EHOST), "ESTATUS". Static. */
const char *cause_code(int result);

/* The sentence for an error of koru_http_open or koru_http_read on `url`. `why` is what
 * the call said beyond its result; NULL when it said nothing. */
void cause_of_request(char buf[CAUSE_SIZE], int error, const char *why, const char *url);

/* The sentence for a status that is not 2xx. `location` is where a redirect would have led
 * that was not to be followed; NULL otherwise. */
void cause_of_status(char buf[CAUSE_SIZE], int status, const char *location);

/* The sentence for a deadline that passed when `bytes` of the body had come. */
void cause_of_deadline(char buf[CAUSE_SIZE], int64_t timeout_ns, uint64_t bytes);

/* "`what`", and how much had come by then. */
void cause_of_stop(char buf[CAUSE_SIZE], const char *what, uint64_t bytes);

/* The sentence for a file that could not be written. */
void cause_of_file(char buf[CAUSE_SIZE], int error, const char *dir, const char *name);

#endif
