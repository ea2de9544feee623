/* SPDX-License-Identifier: MIT
 *
 * What this process has used so far, as the kernel counts it.
 */
#ifndef TOOL_METER_H
#define TOOL_METER_H

#include <stdint.h>

struct meter {
	int64_t cpu_ns;      /* user and system time of all threads */
	uint64_t peak_bytes; /* the most memory that was resident at a time */
	unsigned threads;    /* now, those of the kernel's io_uring included */
};

/* Reads them; what cannot be read is 0. Never suspends. */
void meter_read(struct meter *meter);

#endif
