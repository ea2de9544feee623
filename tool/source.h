/* SPDX-License-Identifier: MIT
 *
 * Where URLs come from: the command line, then a file or standard input with one a line.
 * What can be read without waiting is read ahead, so that their number is known early;
 * waited for is only the next URL, so that those of a slow pipe start as they arrive.
 */
#ifndef TOOL_SOURCE_H
#define TOOL_SOURCE_H

#include "job.h"
#include "lines.h"

#include <stdbool.h>
#include <stdint.h>

#define SOURCE_AHEAD_MAX 65536 /* URLs read ahead */

struct source {
	char *const *words; /* URLs of the command line still to come, ends with NULL */
	int fd;             /* of the file; -1: none, or read to its end */
	bool fd_is_own;
	bool regular;        /* a file on a disk: never waits long */
	struct lines *lines; /* NULL without a file */
	struct job_queue ahead;
	uint64_t known; /* URLs seen so far, the bad ones included */
	bool finished;  /* there are no others */
	int error;      /* why reading broke off: negative; 0 while all is well */
};

/* Opens `path` ("-": standard input; NULL: no file) behind the words, which stay the
 * caller's. Returns 0 or a negative errno. Blocks for the file system. */
int source_open(struct source *source, char *const *words, const char *path);
void source_done(struct source *source);

/* The next URL; *ret_job is then the caller's. May suspend. Only in a task.
 * Returns 1; 0 when there are no more; or
 *   -ENOMEM,
 *   -ECANCELED,
 *   -EIO, -EISDIR, …  the file cannot be read on; told once, and then there are no more. */
int source_next(struct source *source, struct job **ret_job);

/* The next URL of those at hand, without reading any; NULL when there is none, or no memory
 * for it. Never suspends. */
struct job *source_take(struct source *source);

#endif
