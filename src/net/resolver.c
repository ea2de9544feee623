/* SPDX-License-Identifier: MIT
 * The resolver of a loop: what is asked, who waits for it, and how long answers hold. See
 * resolver.h; the table is in cache.c, the protocol in ares.c.
 *
 * Only the driver, a detached task that lives while there are queries, touches c-ares: its
 * sockets are opened and closed by the task that polls them. A lookup queues its entry and
 * cuts the driver's wait short.
 *
 * A query whose watchers have all left goes on, and its answer is kept: whoever gave up
 * often asks again. */
#include "net/resolver.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/macro.h"
#include "koru/dns.h"
#include "koru/error.h"
#include "koru/task.h"
#include "koru/time.h"
#include "net/ares.h"
#include "net/hosts.h"
#include "sched/local.h"
#include "sched/waitq.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOSTS_PATH     "/etc/hosts"
#define HOSTS_TTL_NS   KORU_SECOND /* what the hosts file says is kept this long */
#define NAME_MAX_LEN   254         /* RFC 1035 section 2.3.4, and a dot at the end */
#define TIMEOUT_MS_MAX 60000
#define TRIES_MAX      10

struct resolver {
	struct koru__ares ares;
	struct koru__dns_cache cache;
	struct koru__list queue;  /* entries to ask for, in their order; each is referenced */
	int inflight;             /* entries that c-ares is at; each is referenced */
	bool driving;             /* the driver is there, or about to start */
	struct koru_scope *round; /* the driver's wait, when it is in one */
	int failure;              /* why the driver gives up on what c-ares is at */
	int64_t ttl_max;
	int64_t ttl_negative;
	char *hosts_path;
};

/* What a query needs while c-ares has it. */
struct query {
	struct resolver *resolver;
	struct koru__dns_entry *entry;
};

/* The first of the queue, whose reference is the caller's now. */
static struct koru__dns_entry *queue_pop(struct resolver *r)
{
	struct koru__list *node = koru__list_pop_front(&r->queue);
	return node ? koru__container_of(node, struct koru__dns_entry, queue) : NULL;
}

static void resolver_free(void *value)
{
	struct resolver *r = value;
	if (!r)
		return;
	/* A driver for which no stack was found never ran, and what it was to ask is still there;
	 * that has failed the root scope, so nobody waits for it. */
	koru__assert(r->inflight == 0);
	for (struct koru__dns_entry *entry; (entry = queue_pop(r));)
		koru__dns_entry_unref(entry);
	koru__ares_done(&r->ares);
	koru__dns_cache_done(&r->cache);
	koru__free(r->hosts_path);
	koru__free(r);
}

static struct koru__loop_local resolver_key = { .done = resolver_free };

/* `value` where the caller gave one, else the default. */
static int64_t or_default(int64_t value, int64_t otherwise)
{
	return value ? value : otherwise;
}

static int resolver_new(const struct koru_dns_opts *opts, struct resolver **ret_resolver)
{
	int64_t timeout = or_default(opts->timeout, 2 * KORU_SECOND);
	int64_t tries = or_default(opts->tries, 3);
	int64_t cache_max = or_default(opts->cache_max, KORU_DNS_CACHE_MAX);
	if (timeout < 0 || timeout > TIMEOUT_MS_MAX * KORU_MILLISECOND || tries < 1 ||
	    tries > TRIES_MAX || cache_max < 1 || cache_max > KORU_DNS_CACHE_MAX)
		return -EINVAL;
	int64_t timeout_ms = timeout > KORU_MILLISECOND ? timeout / KORU_MILLISECOND : 1;
	const char *hosts = opts->hosts_file ? opts->hosts_file : HOSTS_PATH;
	struct resolver *r = koru__zalloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	koru__dns_cache_init(&r->cache, (int)cache_max);
	koru__list_init(&r->queue);
	r->ttl_max = or_default(opts->ttl_max, KORU_HOUR);
	r->ttl_negative = or_default(opts->ttl_negative, 5 * KORU_SECOND);
	r->hosts_path = koru__strndup(hosts, strlen(hosts));
	int rc = r->hosts_path ? 0 : -ENOMEM;
	if (rc == 0)
		rc = koru__ares_init(&r->ares,
		                     opts->servers ? opts->servers : getenv("KORU_DNS_SERVERS"),
		                     (int)timeout_ms, (int)tries);
	if (rc == 0 && opts->servers) /* malformed ones are better refused now than later */
		rc = koru__ares_ready(&r->ares, true);
	if (rc == 0)
		rc = koru__loop_local_set(&resolver_key, r);
	if (rc < 0) {
		resolver_free(r);
		return rc;
	}
	*ret_resolver = r;
	return 0;
}

int koru_dns_setup(const struct koru_dns_opts *opts)
{
	struct resolver *r;
	if (!koru_task_name())
		return -EPERM;
	if (koru__loop_local_get(&resolver_key))
		return -EBUSY;
	return resolver_new(opts ? opts : &(struct koru_dns_opts){ 0 }, &r);
}

static int resolver_get(struct resolver **ret_resolver)
{
	struct resolver *r = koru__loop_local_get(&resolver_key);
	if (!r)
		return resolver_new(&(struct koru_dns_opts){ 0 }, ret_resolver);
	*ret_resolver = r;
	return 0;
}

/* The entry is done: tells those who watch it, and keeps it for `ttl_ns`. Takes over
 * `addrs`. */
static void finish(struct resolver *r, struct koru__dns_entry *entry, int result,
                   struct koru__dns_addr *addrs, int64_t ttl_ns)
{
	koru__assert(entry->state != KORU__DNS_DONE);
	entry->state = KORU__DNS_DONE;
	entry->result = result;
	entry->addrs = addrs;
	entry->expires = koru__clock_add(koru__clock_now(), ttl_ns);
	koru__dns_entry_ref(entry);
	if (ttl_ns <= 0)
		koru__dns_cache_drop(&r->cache, entry);
	for (struct koru__list *node; (node = koru__list_pop_front(&entry->watches));)
		koru__waitq_wake_all(koru__container_of(node, struct koru__dns_watch, link)->wake,
		                     0);
	koru__dns_entry_unref(entry);
}

/* Ranks `count` addresses, best first; those of one rank stay in their order. */
static struct koru__dns_addr *ranked(const union koru__addr *addrs, int count)
{
	struct koru__dns_addr *list = koru__alloc((size_t)count * sizeof(*list));
	for (int i = 0; list && i < count; i++) {
		union koru__addr source;
		bool usable = koru__addr_source(&addrs[i], &source);
		uint32_t rank = koru__addr_rank(&addrs[i], usable ? &source : NULL);
		int at = i;
		for (; at > 0 && list[at - 1].rank < rank; at--)
			list[at] = list[at - 1];
		list[at] = (struct koru__dns_addr){ .addr = addrs[i], .rank = rank };
	}
	return list;
}

static void finish_with(struct resolver *r, struct koru__dns_entry *entry,
                        const union koru__addr *addrs, int count, int64_t ttl_ns)
{
	struct koru__dns_addr *list = ranked(addrs, count);
	if (list)
		finish(r, entry, count, list, ttl_ns);
	else
		finish(r, entry, -ENOMEM, NULL, 0);
}

/* c-ares is done with a query. */
static void answered(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct query *query = arg;
	struct resolver *r = query->resolver;
	struct koru__dns_entry *entry = query->entry;
	union koru__addr addrs[KORU_DNS_ADDRS_MAX];
	int count = 0;
	int64_t ttl = INT32_MAX;
	(void)timeouts;
	koru__free(query);
	r->inflight--;

	for (const struct ares_addrinfo_node *n = info ? info->nodes : NULL; n; n = n->ai_next) {
		if (n->ai_family != entry->family || count == KORU_DNS_ADDRS_MAX)
			continue;
		const union koru__addr *addr = (const void *)n->ai_addr;
		koru__addr_from_bytes(&addrs[count++], entry->family,
		                      entry->family == AF_INET6 ? (const void *)&addr->in6.sin6_addr
		                                                : (const void *)&addr->in.sin_addr);
		ttl = n->ai_ttl < ttl ? n->ai_ttl : ttl;
	}
	/* An answer holds no longer than any record on the way to it. */
	for (const struct ares_addrinfo_cname *c = info ? info->cnames : NULL; c; c = c->next)
		ttl = c->ttl < ttl ? c->ttl : ttl;
	ares_freeaddrinfo(info);

	int error = status == ARES_SUCCESS      ? -KORU_ENAME
	            : status == ARES_ECANCELLED ? r->failure
	                                        : koru__ares_error(status);
	int64_t ttl_ns = ttl > 0 ? ttl * KORU_SECOND : 0; /* RFC 2181 section 8: negative is 0 */
	if (count > 0)
		finish_with(r, entry, addrs, count, ttl_ns < r->ttl_max ? ttl_ns : r->ttl_max);
	else if (error == -KORU_EHOST || error == -KORU_ENAME)
		finish(r, entry, error, NULL, r->ttl_negative);
	else
		finish(r, entry, error, NULL, 0);
	koru__dns_entry_unref(entry);
}

static void ask(struct resolver *r, struct koru__dns_entry *entry)
{
	struct query *query = koru__alloc(sizeof(*query));
	int rc = query ? koru__ares_ready(&r->ares, r->inflight == 0) : -ENOMEM;
	if (rc < 0) {
		koru__free(query);
		finish(r, entry, rc == -ENOMEM ? rc : -KORU_EDNS, NULL, 0);
		koru__dns_entry_unref(entry);
		return;
	}
	*query = (struct query){ .resolver = r, .entry = entry };
	entry->state = KORU__DNS_ASKED;
	r->inflight++;
	/* It may answer at once, inside the call. The order is ours: see rank.c. */
	ares_getaddrinfo(r->ares.channel, entry->name, NULL,
	                 &(struct ares_addrinfo_hints){ .ai_family = entry->family,
	                                                .ai_flags = ARES_AI_NOSORT },
	                 answered, query);
}

/* Ends everything with `error`. */
static void fail_all(struct resolver *r, int error)
{
	for (struct koru__dns_entry *entry; (entry = queue_pop(r));) {
		finish(r, entry, error, NULL, 0);
		koru__dns_entry_unref(entry);
	}
	r->failure = error;
	if (r->inflight > 0)
		ares_cancel(r->ares.channel);
}

/* The driver. */
static int drive(void *arg)
{
	struct resolver *r = arg;
	int rc = 0;
	while (rc == 0) {
		while (r->inflight < KORU_DNS_INFLIGHT_MAX && !koru__list_empty(&r->queue))
			ask(r, queue_pop(r));
		if (r->inflight > 0)
			rc = koru__ares_round(&r->ares, &r->round);
		else if (koru__list_empty(&r->queue))
			break;
	}
	if (rc < 0)
		fail_all(r, rc);
	koru__assert(r->inflight == 0);
	r->driving = false;
	return 0;
}

/* Puts an entry into the driver's hands. */
static void enqueue(struct resolver *r, struct koru__dns_entry *entry)
{
	koru__dns_entry_ref(entry);
	koru__list_push_back(&r->queue, &entry->queue);
	if (r->round)
		(void)koru_scope_cancel(r->round);
	if (r->driving)
		return;
	r->driving = true;
	int rc = koru_go(NULL, drive, r);
	if (rc < 0) {
		r->driving = false;
		fail_all(r, rc);
	}
}

/* RFC 6761 section 6.3: "localhost" and all names under it. */
static bool is_localhost(const char *name, size_t len)
{
	static const char suffix[] = "localhost";
	size_t suffix_len = sizeof(suffix) - 1;
	if (len < suffix_len || strncasecmp(name + len - suffix_len, suffix, suffix_len) != 0)
		return false;
	return len == suffix_len || name[len - suffix_len - 1] == '.';
}

/* Answers what needs no server. False when a server has to be asked. */
static bool answer_here(struct resolver *r, struct koru__dns_entry *entry)
{
	union koru__addr addrs[KORU_DNS_ADDRS_MAX];
	char name[NAME_MAX_LEN + 1];
	size_t len = strlen(entry->name);
	if (len > 1 && entry->name[len - 1] == '.') /* the root's dot says "not in my domain" */
		len--;
	memcpy(name, entry->name, len);
	name[len] = '\0';
	if (is_localhost(name, len)) {
		koru__addr_loopback(&addrs[0], entry->family);
		finish_with(r, entry, addrs, 1, HOSTS_TTL_NS);
		return true;
	}
	int count = koru__hosts_find(r->hosts_path, name, entry->family, addrs, KORU_DNS_ADDRS_MAX);
	if (count > 0)
		finish_with(r, entry, addrs, count, HOSTS_TTL_NS);
	else if (count == 0)
		finish(r, entry, -KORU_ENAME, NULL, HOSTS_TTL_NS);
	return count >= 0;
}

static int begin(struct koru__dns_watch *watch, const char *name, int family)
{
	struct resolver *r;
	size_t len = strlen(name);
	int rc = resolver_get(&r);
	if (rc < 0)
		return rc;
	if (len > NAME_MAX_LEN)
		return -KORU_EHOST;
	struct koru__dns_entry *entry =
	        koru__dns_cache_find(&r->cache, name, family, koru__clock_now());
	bool asked = entry != NULL;
	if (!entry)
		entry = koru__dns_cache_add(&r->cache, name, family);
	if (!entry)
		return -ENOMEM;
	koru__dns_entry_ref(entry);
	watch->entry = entry;
	if (!asked && !answer_here(r, entry))
		enqueue(r, entry);
	if (entry->state != KORU__DNS_DONE)
		koru__list_push_back(&entry->watches, &watch->link);
	return 0;
}

void koru__dns_begin(struct koru__dns_watch *watch, const char *name, int family,
                     struct koru__waitq *wake)
{
	koru__list_init(&watch->link);
	watch->entry = NULL;
	watch->wake = wake;
	watch->error = begin(watch, name, family);
}

bool koru__dns_done(const struct koru__dns_watch *watch)
{
	return !watch->entry || watch->entry->state == KORU__DNS_DONE;
}

int koru__dns_result(const struct koru__dns_watch *watch, const struct koru__dns_addr **ret_addrs)
{
	koru__assert(koru__dns_done(watch));
	if (!watch->entry)
		return watch->error;
	if (watch->entry->result > 0)
		*ret_addrs = watch->entry->addrs;
	return watch->entry->result;
}

void koru__dns_end(struct koru__dns_watch *watch)
{
	koru__list_remove(&watch->link);
	if (watch->entry)
		koru__dns_entry_unref(watch->entry);
	watch->entry = NULL;
	watch->error = -EINVAL;
}

int koru__dns_worse(int a, int b)
{
	/* Where a server could not be asked, the name may have what was looked for; and a name
	 * that is known with another kind of address exists. */
	static const int order[] = { -ECANCELED, -ENOMEM, -KORU_EDNS, -KORU_ENAME };
	for (size_t i = 0; i < koru__array_len(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a;
}
