/* SPDX-License-Identifier: MIT
 *
 * Saved files that appear only when they are whole: written under another name in the same
 * directory, then renamed.
 *
 * "Whole" holds against an error, a signal and a crash of this program. Against a power
 * failure it does not: nothing is synced to the disk, since that would cost each file a
 * wait of milliseconds in which the loop stands still; sync(1) afterwards does it for all.
 */
#ifndef TOOL_SAVE_H
#define TOOL_SAVE_H

#include "name.h"

#include <stddef.h>

#define SAVE_TEMP_SIZE 40

struct save_dir {
	const char *path;    /* as given; the caller's */
	int fd;              /* negative: the errno why it cannot be used */
	unsigned long count; /* files begun, to tell their temporary names apart */
	struct names names;
};

struct save {
	struct save_dir *dir; /* NULL: nothing is open */
	int fd;
	char temp[SAVE_TEMP_SIZE];
};

/* Opens the directory and makes it where it is missing (but not those above it). That it
 * cannot be used is kept, and told for each file. Blocks for the file system. */
void save_dir_open(struct save_dir *dir, const char *path);
void save_dir_done(struct save_dir *dir);

/* Creates the temporary file. Returns 0, or the negative errno of the directory or of
 * open(2), and then nothing is open. Blocks for the file system. */
int save_begin(struct save *save, struct save_dir *dir);

/* Appends all `len` bytes. Returns 0, or a negative errno: -ENOSPC, -EDQUOT, -EFBIG, -EIO, …
 * Blocks for the file system. */
int save_write(struct save *save, const void *data, size_t len);

/* Gives the file its name, taking the place of an older file of that name. Returns 0, or a
 * negative errno, and then it is gone as after save_abort. Blocks for the file system. */
int save_commit(struct save *save, const char *name);

/* Removes it; does nothing when nothing is open. */
void save_abort(struct save *save);

#endif
