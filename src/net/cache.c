/* SPDX-License-Identifier: MIT
 * The table of answers. See cache.h. */
#include "net/cache.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/macro.h"

#include <string.h>

static_assert((KORU__DNS_BUCKETS & (KORU__DNS_BUCKETS - 1)) == 0, "a mask picks the bucket");

/* ASCII alone: RFC 4343 section 3. Never the locale's. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* FNV-1a. The table is bounded, so that a name chosen to collide costs at most a walk over
 * all of it. */
static uint32_t hash_of(const char *name, int family)
{
	uint32_t hash = UINT32_C(2166136261) ^ (uint32_t)family;
	for (; *name; name++)
		hash = (hash ^ (uint8_t)lower(*name)) * UINT32_C(16777619);
	return hash;
}

static bool same_name(const char *kept, const char *name)
{
	while (*kept && *kept == lower(*name)) {
		kept++;
		name++;
	}
	return *kept == lower(*name);
}

static struct koru__dns_entry **bucket_of(struct koru__dns_cache *cache, uint32_t hash)
{
	return &cache->buckets[hash & (KORU__DNS_BUCKETS - 1)];
}

void koru__dns_cache_init(struct koru__dns_cache *cache, int max)
{
	memset(cache->buckets, 0, sizeof(cache->buckets));
	koru__list_init(&cache->recent);
	cache->count = 0;
	cache->max = max;
}

void koru__dns_cache_done(struct koru__dns_cache *cache)
{
	while (!koru__list_empty(&cache->recent))
		koru__dns_cache_drop(cache, koru__container_of(cache->recent.next,
		                                               struct koru__dns_entry, recent));
}

struct koru__dns_entry *koru__dns_cache_find(struct koru__dns_cache *cache, const char *name,
                                             int family, int64_t now)
{
	uint32_t hash = hash_of(name, family);
	struct koru__dns_entry *entry = *bucket_of(cache, hash);
	while (entry &&
	       !(entry->hash == hash && entry->family == family && same_name(entry->name, name)))
		entry = entry->next;
	if (!entry)
		return NULL;
	if (entry->state == KORU__DNS_DONE && entry->expires <= now) {
		koru__dns_cache_drop(cache, entry);
		return NULL;
	}
	koru__list_remove(&entry->recent);
	koru__list_push_back(&cache->recent, &entry->recent);
	return entry;
}

/* Makes room for one more. Entries that somebody waits for stay, however many they are:
 * there are no more of those than tasks. */
static void evict(struct koru__dns_cache *cache)
{
	struct koru__list *node = cache->recent.next;
	while (cache->count >= cache->max && node != &cache->recent) {
		struct koru__dns_entry *entry =
		        koru__container_of(node, struct koru__dns_entry, recent);
		node = node->next;
		if (entry->state == KORU__DNS_DONE)
			koru__dns_cache_drop(cache, entry);
	}
}

struct koru__dns_entry *koru__dns_cache_add(struct koru__dns_cache *cache, const char *name,
                                            int family)
{
	size_t len = strlen(name);
	struct koru__dns_entry *entry = koru__zalloc(1, sizeof(*entry) + len + 1);
	if (!entry)
		return NULL;
	evict(cache);
	for (size_t i = 0; i < len; i++)
		entry->name[i] = lower(name[i]);
	entry->hash = hash_of(name, family);
	entry->family = family;
	entry->state = KORU__DNS_QUEUED;
	entry->refs = 1;
	entry->cached = true;
	koru__list_init(&entry->queue);
	koru__list_init(&entry->watches);
	koru__list_push_back(&cache->recent, &entry->recent);
	entry->next = *bucket_of(cache, entry->hash);
	*bucket_of(cache, entry->hash) = entry;
	cache->count++;
	return entry;
}

void koru__dns_cache_drop(struct koru__dns_cache *cache, struct koru__dns_entry *entry)
{
	if (!entry->cached)
		return;
	struct koru__dns_entry **link = bucket_of(cache, entry->hash);
	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	koru__list_remove(&entry->recent);
	entry->cached = false;
	cache->count--;
	koru__dns_entry_unref(entry);
}

void koru__dns_entry_ref(struct koru__dns_entry *entry)
{
	koru__assert(entry->refs > 0);
	entry->refs++;
}

void koru__dns_entry_unref(struct koru__dns_entry *entry)
{
	koru__assert(entry->refs > 0);
	if (--entry->refs > 0)
		return;
	koru__assert(koru__list_empty(&entry->watches) && koru__list_empty(&entry->queue));
	koru__free(entry->addrs);
	koru__free(entry);
}
