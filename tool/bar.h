/* SPDX-License-Identifier: MIT
 *
 * The progress bar: one line of text from a few counts. Pure: it neither prints nor reads
 * the clock; stream.c puts the line on the terminal.
 */
#ifndef TOOL_BAR_H
#define TOOL_BAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BAR_WIDTH_MAX 200                  /* columns; wider terminals keep the rest free */
#define BAR_SIZE      (BAR_WIDTH_MAX + 64) /* and room for colours */

/* What the line shows. */
struct bar_counts {
	uint64_t done;    /* URLs that ended, well or not */
	uint64_t failed;  /* of these, not well */
	uint64_t total;   /* URLs known so far */
	bool total_known; /* more will not come */
	uint64_t bytes;
	int64_t elapsed; /* nanoseconds since the start */
};

/* The rate is that of the last seconds, not of the whole run, so that a stall is seen.
 * Zeroed is ready for use. */
struct bar_rate {
	int64_t when;   /* the elapsed time of the last update */
	uint64_t bytes; /* the bytes at that time */
	double per_second;
};

/* Takes the counts of this moment into account. Returns bytes per second. */
uint64_t bar_rate_update(struct bar_rate *rate, uint64_t bytes, int64_t elapsed);

/* Writes the line, at most `width` columns and without an end of line:
 *      370/1,000 [#########---------------]  37%  1.2 MB  340.0 kB/s  2 failed  0:03
 * What does not fit is left out from the right, the bar itself first of all. */
void bar_draw(char buf[BAR_SIZE], const struct bar_counts *counts, uint64_t per_second,
              unsigned width, bool colour);

#endif
