/* SPDX-License-Identifier: MIT
 * The limit on what is asked of one host. See hosts.h. */
#include "hosts.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define FIRST_SIZE 64

struct host {
	struct host *chain;
	struct job_queue waiting;
	uint64_t hash;
	unsigned active; /* jobs that run; the host is forgotten when it reaches 0 */
	size_t len;
	char name[]; /* as in the URL, port included; not terminated */
};

void hosts_init(struct hosts *hosts, unsigned limit)
{
	koru__assert(limit > 0);
	*hosts = (struct hosts){ .limit = limit };
}

void hosts_done(struct hosts *hosts)
{
	for (size_t i = 0; i < hosts->size; i++) {
		struct host *host = hosts->table[i];
		while (host) {
			struct host *next = host->chain;
			job_queue_done(&host->waiting);
			koru__free(host);
			host = next;
		}
	}
	koru__free(hosts->table);
	hosts_init(hosts, hosts->limit);
}

/* The host and port in a URL, without user and password. */
static const char *host_of(const char *url, size_t *ret_len)
{
	const char *start = strstr(url, "://");
	start = start ? start + 3 : url;
	size_t len = strcspn(start, "/?#");
	const char *at = memrchr(start, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - start);
		start = at + 1;
	}
	*ret_len = len;
	return start;
}

/* FNV-1a over the name in lower case. */
static uint64_t hash_of(const char *name, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		hash = (hash ^ (unsigned char)c) * UINT64_C(0x100000001b3);
	}
	return hash;
}

static size_t slot_of(uint64_t hash, size_t size)
{
	return (size_t)(hash ^ hash >> 32) & (size - 1);
}

/* Doubles the table when it holds a host a slot. */
static int grow(struct hosts *hosts)
{
	if (hosts->count < hosts->size)
		return 0;
	size_t size = hosts->size ? hosts->size * 2 : FIRST_SIZE;
	struct host **table = koru__zalloc(size, sizeof(struct host *));
	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < hosts->size; i++) {
		struct host *host = hosts->table[i];
		while (host) {
			struct host *next = host->chain;
			size_t slot = slot_of(host->hash, size);
			host->chain = table[slot];
			table[slot] = host;
			host = next;
		}
	}
	koru__free(hosts->table);
	hosts->table = table;
	hosts->size = size;
	return 0;
}

static struct host *find(const struct hosts *hosts, uint64_t hash, const char *name, size_t len)
{
	if (hosts->size == 0)
		return NULL;
	struct host *host = hosts->table[slot_of(hash, hosts->size)];
	while (host &&
	       !(host->hash == hash && host->len == len && strncasecmp(host->name, name, len) == 0))
		host = host->chain;
	return host;
}

static struct host *add(struct hosts *hosts, uint64_t hash, const char *name, size_t len)
{
	if (grow(hosts) < 0)
		return NULL;
	struct host *host = koru__alloc(sizeof(*host) + len);
	if (!host)
		return NULL;
	memset(host, 0, sizeof(*host));
	host->hash = hash;
	host->len = len;
	memcpy(host->name, name, len);
	size_t slot = slot_of(hash, hosts->size);
	host->chain = hosts->table[slot];
	hosts->table[slot] = host;
	hosts->count++;
	return host;
}

static void forget(struct hosts *hosts, struct host *host)
{
	struct host **link = &hosts->table[slot_of(host->hash, hosts->size)];
	while (*link != host)
		link = &(*link)->chain;
	*link = host->chain;
	hosts->count--;
	koru__free(host);
}

int hosts_enter(struct hosts *hosts, struct job *job)
{
	size_t len;
	const char *name = host_of(job->url, &len);
	uint64_t hash = hash_of(name, len);
	struct host *host = find(hosts, hash, name, len);
	if (!host)
		host = add(hosts, hash, name, len);
	if (!host)
		return -ENOMEM;

	job->host = host;
	if (host->active < hosts->limit) {
		host->active++;
		return 1;
	}
	job_push(&host->waiting, job);
	hosts->waiting++;
	return 0;
}

struct job *hosts_leave(struct hosts *hosts, struct job *job)
{
	struct host *host = job->host;
	koru__assert(host && host->active > 0);
	job->host = NULL;
	struct job *next = job_pop(&host->waiting);
	if (next) {
		hosts->waiting--; /* it takes the place of the one that left */
		return next;
	}
	if (--host->active == 0)
		forget(hosts, host);
	return NULL;
}

struct job *hosts_take(struct hosts *hosts)
{
	for (size_t i = 0; i < hosts->size && hosts->waiting > 0; i++)
		for (struct host *host = hosts->table[i]; host; host = host->chain) {
			struct job *job = job_pop(&host->waiting);
			if (job) {
				hosts->waiting--;
				return job;
			}
		}
	return NULL;
}
