/* SPDX-License-Identifier: MIT
 *
 * Happy eyeballs: one TCP connection to a host that may have many addresses, RFC 8305.
 */
#ifndef KORU_NET_RACE_H
#define KORU_NET_RACE_H

#include <stdint.h>

struct koru_stream_detail;

struct koru__race_opts {
	const char *host;
	uint16_t port;
	int family;                            /* 0: both */
	int64_t attempt_delay;                 /* nanoseconds */
	struct koru_stream_detail *ret_detail; /* filled in on failure */
};

/* Returns the connected descriptor, or what koru_stream_dial documents. May suspend. Only in
 * a task. */
int koru__race(const struct koru__race_opts *opts);

#endif
