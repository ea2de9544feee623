/* SPDX-License-Identifier: MIT
 *
 * Answers of the resolver: kept by name and family for as long as they hold. A table and
 * its entries only; asking, waiting and the clock are resolver.c's.
 *
 * An entry is shared by the table, by the query that fills it, and by those who wait for
 * it or read it; each holds a reference. One that has left the table lives on until the
 * last of them lets go.
 */
#ifndef KORU_NET_CACHE_H
#define KORU_NET_CACHE_H

#include "base/list.h"
#include "net/addr.h"

#define KORU__DNS_BUCKETS 256 /* a power of two */

struct koru__dns_addr {
	union koru__addr addr; /* port 0 */
	uint32_t rank;         /* koru__addr_rank */
};

enum koru__dns_state {
	KORU__DNS_QUEUED, /* in the resolver's queue */
	KORU__DNS_ASKED,  /* c-ares is at it */
	KORU__DNS_DONE,   /* result, addrs and expires are valid, for good */
};

struct koru__dns_entry {
	struct koru__list recent;     /* in the table: by last use; else in none */
	struct koru__dns_entry *next; /* in its bucket */
	struct koru__list queue;      /* in the resolver's queue while QUEUED */
	struct koru__list watches;    /* who is to be told when it is DONE */
	struct koru__dns_addr *addrs; /* best first; NULL when there are none */
	int64_t expires;
	uint32_t hash;
	unsigned refs;
	int result; /* how many addrs, or why there are none */
	int family;
	enum koru__dns_state state;
	bool cached; /* it is in the table */
	char name[]; /* lower case */
};

struct koru__dns_cache {
	struct koru__dns_entry *buckets[KORU__DNS_BUCKETS];
	struct koru__list recent; /* the least recently used first */
	int count;
	int max;
};

void koru__dns_cache_init(struct koru__dns_cache *cache, int max);

/* Lets go of every entry. */
void koru__dns_cache_done(struct koru__dns_cache *cache);

/* The entry for a name (in any case) and family, or NULL. An entry that is DONE and has
 * expired at `now` is dropped. Takes no reference. */
struct koru__dns_entry *koru__dns_cache_find(struct koru__dns_cache *cache, const char *name,
                                             int family, int64_t now);

/* A new QUEUED entry in the table, which must have none for this name and family. When the
 * table is full the least recently used DONE entry leaves. Takes no reference for the
 * caller. NULL: no memory. */
struct koru__dns_entry *koru__dns_cache_add(struct koru__dns_cache *cache, const char *name,
                                            int family);

/* Takes an entry out of the table, if it is in it, and lets go of it. */
void koru__dns_cache_drop(struct koru__dns_cache *cache, struct koru__dns_entry *entry);

void koru__dns_entry_ref(struct koru__dns_entry *entry);
void koru__dns_entry_unref(struct koru__dns_entry *entry);

#endif
