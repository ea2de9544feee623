/* SPDX-License-Identifier: MIT
 * The hosts file. See hosts.h. */
#include "net/hosts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_BYTES 1024 /* longer lines are cut there */

static bool is_end(char c)
{
	return c == '\0' || c == '#' || c == '\n';
}

/* The next word at `*at`, zero length at the end of the line; moves `*at` behind it. */
static size_t next_word(const char **at, const char **ret_word)
{
	const char *p = *at + strspn(*at, " \t\r");
	*ret_word = p;
	while (!is_end(*p) && *p != ' ' && *p != '\t' && *p != '\r')
		p++;
	*at = p;
	return (size_t)(p - *ret_word);
}

bool koru__hosts_match(const char *line, const char *name, union koru__addr *ret_addr)
{
	char text[KORU__ADDR_TEXT_MAX];
	const char *word;
	size_t name_len = strlen(name);
	size_t addr_len = next_word(&line, &word);
	if (addr_len == 0 || addr_len >= sizeof(text))
		return false;
	memcpy(text, word, addr_len);
	text[addr_len] = '\0';
	for (size_t len; (len = next_word(&line, &word)) > 0;)
		if (len == name_len && strncasecmp(word, name, len) == 0)
			return koru__addr_parse(ret_addr, text);
	return false;
}

int koru__hosts_find(const char *path, const char *name, int family, union koru__addr *ret_addrs,
                     int max)
{
	char line[LINE_MAX_BYTES];
	union koru__addr addr;
	bool known = false;
	bool cut = false; /* the last read ended inside a line */
	int count = 0;
	FILE *file = fopen(path, "re");
	if (!file)
		return -ENOENT;
	while (count < max && fgets(line, sizeof(line), file)) {
		bool rest = cut;
		cut = !strchr(line, '\n');
		if (rest || !koru__hosts_match(line, name, &addr))
			continue;
		known = true;
		if (addr.sa.sa_family == family)
			ret_addrs[count++] = addr;
	}
	fclose(file);
	return known ? count : -ENOENT;
}
