/* SPDX-License-Identifier: MIT
 *
 * Names of saved files: from a URL to a name that is safe in any directory and is given
 * once only in a run. Pure: it looks at no directory.
 */
#ifndef TOOL_NAME_H
#define TOOL_NAME_H

#include <stddef.h>
#include <stdint.h>

#define NAME_LEN_MAX   200        /* bytes; file systems take 255 */
#define NAME_COUNT_MAX (4u << 20) /* names of one run */
#define NAME_SIZE      (NAME_LEN_MAX + 1)

/* The name for a URL, alone: host, port and path and query, with an underscore for each
 * '/' and for whatever is not a letter, a digit or one of ".-_=%+,@~". It has no slash, no
 * leading dot or dash, is never empty and has at most NAME_LEN_MAX bytes.
 *     https://www.example.org/a/b.html?x=1  ->  www.example.org_a_b.html_x=1 */
void name_from_url(char buf[NAME_SIZE], const char *url);

/* The names given so far, as a set of hashes: 22 to 43 bytes a name. */
struct names {
	struct name_slot *slots;
	size_t size; /* a power of two; 0 at first */
	size_t count;
};

struct name_slot {
	uint64_t hash; /* 0: free */
	uint32_t next; /* the number to try first when this name is wanted again */
};

void names_init(struct names *names);
void names_done(struct names *names);

/* Makes `buf` a name that was not given before, by putting "-2", "-3", … before its
 * extension where needed, and remembers it.
 * Returns 0, or -ENOMEM, or -ENFILE after NAME_COUNT_MAX names. */
int names_give(struct names *names, char buf[NAME_SIZE]);

#endif
