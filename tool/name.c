/* SPDX-License-Identifier: MIT
 * Names of saved files. See name.h. */
#include "name.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define EXTENSION_LEN_MAX 8 /* ".tar" and ".html" are extensions, ".org_a_page" is not */
#define FIRST_SIZE        256

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_safe(char c)
{
	return is_alnum(c) || (c != '\0' && strchr(".-_=%+,@~", c));
}

void name_from_url(char buf[NAME_SIZE], const char *url)
{
	const char *p = strstr(url, "://");
	p = p ? p + 3 : url;

	/* Credentials do not belong into a file name. */
	size_t authority_len = strcspn(p, "/?#");
	const char *at = memrchr(p, '@', authority_len);
	if (at)
		p = at + 1;

	size_t out = 0;
	for (; *p && *p != '#' && out < NAME_LEN_MAX; p++)
		buf[out++] = is_safe(*p) ? *p : '_';
	while (out > 0 && buf[out - 1] == '_')
		out--;
	if (out == 0)
		buf[out++] = '_';
	if (buf[0] == '.' || buf[0] == '-')
		buf[0] = '_';
	buf[out] = '\0';
}

void names_init(struct names *names)
{
	*names = (struct names){ NULL, 0, 0 };
}

void names_done(struct names *names)
{
	koru__free(names->slots);
	names_init(names);
}

/* FNV-1a (Fowler, Noll, Vo), 64 bits. Two names with one hash would only cost one of them
 * a needless "-2". */
static uint64_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return hash ? hash : 1;
}

/* The slot that holds `hash`, or the free one where it belongs. */
static struct name_slot *find(struct name_slot *slots, size_t size, uint64_t hash)
{
	size_t i = (size_t)(hash ^ hash >> 32) & (size - 1);
	while (slots[i].hash != 0 && slots[i].hash != hash)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

/* Doubles the table once it is three quarters full. */
static int grow(struct names *names)
{
	if (names->count < names->size / 4 * 3)
		return 0;
	size_t size = names->size ? names->size * 2 : FIRST_SIZE;
	struct name_slot *slots = koru__zalloc(size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < names->size; i++)
		if (names->slots[i].hash != 0)
			*find(slots, size, names->slots[i].hash) = names->slots[i];
	koru__free(names->slots);
	names->slots = slots;
	names->size = size;
	return 0;
}

/* Takes `name` if it is free. Returns its slot either way. */
static struct name_slot *take(struct names *names, const char *name, bool *ret_taken)
{
	uint64_t hash = hash_of(name);
	struct name_slot *slot = find(names->slots, names->size, hash);
	*ret_taken = slot->hash == 0;
	if (*ret_taken) {
		*slot = (struct name_slot){ .hash = hash, .next = 2 };
		names->count++;
	}
	return slot;
}

/* Where "-2" goes: before a short extension, else at the end. */
static size_t stem_len(const char *name)
{
	size_t len = strlen(name);
	const char *dot = strrchr(name, '.');
	if (!dot || dot == name)
		return len;
	size_t i = 1;
	while (is_alnum(dot[i]))
		i++;
	return dot[i] == '\0' && i > 1 && i <= EXTENSION_LEN_MAX ? (size_t)(dot - name) : len;
}

int names_give(struct names *names, char buf[NAME_SIZE])
{
	if (names->count >= NAME_COUNT_MAX)
		return -ENFILE;
	int rc = grow(names);
	if (rc < 0)
		return rc;

	bool taken;
	struct name_slot *plain = take(names, buf, &taken);
	if (taken)
		return 0;

	size_t stem = stem_len(buf);
	char extension[EXTENSION_LEN_MAX + 1] = "";
	memcpy(extension, buf + stem, strlen(buf) - stem);
	char name[NAME_SIZE];
	while (!taken) {
		char number[16];
		int number_len = snprintf(number, sizeof(number), "-%u", plain->next++);
		size_t room = NAME_LEN_MAX - (size_t)number_len - strlen(extension);
		(void)snprintf(name, sizeof(name), "%.*s%s%s", (int)(stem < room ? stem : room),
		               buf, number, extension);
		(void)take(names, name, &taken);
	}
	memcpy(buf, name, strlen(name) + 1);
	return 0;
}
