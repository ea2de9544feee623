/* SPDX-License-Identifier: MIT
 * Fuzz target: a name and lines of a hosts file. The first line of the input is the name. An
 * address that a line gives must survive being printed and read again. */
#include "net/hosts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
	if (!truth)
		abort();
}

static void check(const union koru__addr *addr)
{
	char text[KORU__ADDR_TEXT_MAX];
	union koru__addr again;
	must(addr->sa.sa_family == AF_INET || addr->sa.sa_family == AF_INET6);
	koru__addr_format(addr, false, text);
	must(koru__addr_parse(&again, text));
	must(memcmp(addr, &again, koru__addr_len(addr)) == 0);
	(void)koru__addr_rank(addr, &again);
	koru__addr_format(addr, true, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	char *rest = text;
	const char *name = strsep(&rest, "\n");
	for (const char *line; (line = strsep(&rest, "\n"));) {
		union koru__addr addr;
		if (koru__hosts_match(line, name, &addr))
			check(&addr);
	}
	free(text);
	return 0;
}
