/* SPDX-License-Identifier: MIT
 * Both families of a name at once. See lookup.h. */
#include "net/lookup.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "koru/dns.h"
#include "koru/error.h"
#include "koru/scope.h"
#include "net/resolver.h"
#include "sched/waitq.h"

#include <errno.h>
#include <string.h>

/* Merges two ranked lists into `out`; of equals, those of `a` come first. */
static void merge(struct koru__dns_addr *out, const struct koru__dns_addr *a, int a_count,
                  const struct koru__dns_addr *b, int b_count)
{
	while (a_count > 0 || b_count > 0) {
		bool from_a = b_count <= 0 || (a_count > 0 && a->rank >= b->rank);
		*out++ = from_a ? *a++ : *b++;
		from_a ? a_count-- : b_count--;
	}
}

static int numeric(const union koru__addr *addr, int family, struct koru__dns_addr **ret_addrs)
{
	if (family != AF_UNSPEC && family != addr->sa.sa_family)
		return -KORU_ENAME;
	struct koru__dns_addr *list = koru__alloc(sizeof(*list));
	if (!list)
		return -ENOMEM;
	*list = (struct koru__dns_addr){ .addr = *addr, .rank = UINT32_MAX };
	*ret_addrs = list;
	return 1;
}

/* Joins what one or two lookups found. */
static int join(const struct koru__dns_watch *watches, int watch_count,
                struct koru__dns_addr **ret_addrs)
{
	const struct koru__dns_addr *found[2] = { NULL, NULL };
	int counts[2] = { 0, 0 };
	int results[2] = { 0, 0 };
	for (int i = 0; i < watch_count; i++) {
		results[i] = koru__dns_result(&watches[i], &found[i]);
		counts[i] = results[i] > 0 ? results[i] : 0;
	}
	int count = counts[0] + counts[1];
	if (count == 0)
		return watch_count == 1 ? results[0] : koru__dns_worse(results[0], results[1]);
	koru__assert(count <= 2 * KORU_DNS_ADDRS_MAX);
	struct koru__dns_addr *list = koru__alloc((size_t)count * sizeof(*list));
	if (!list)
		return -ENOMEM;
	merge(list, found[0], counts[0], found[1], counts[1]);
	*ret_addrs = list;
	return count;
}

int koru__lookup(const char *node, int family, struct koru__dns_addr **ret_addrs)
{
	union koru__addr addr;
	struct koru__waitq wake;
	struct koru__dns_watch watches[2];
	int count = family == AF_UNSPEC ? 2 : 1;
	if (koru_cancelled())
		return -ECANCELED;
	if (koru__addr_parse(&addr, node))
		return numeric(&addr, family, ret_addrs);

	koru__waitq_init(&wake);
	koru__dns_begin(&watches[0], node, family == AF_INET ? AF_INET : AF_INET6, &wake);
	if (count == 2)
		koru__dns_begin(&watches[1], node, AF_INET, &wake);
	int rc = 0;
	while (rc >= 0 && !(koru__dns_done(&watches[0]) && koru__dns_done(&watches[count - 1])))
		rc = koru__waitq_wait(&wake);
	if (rc >= 0)
		rc = join(watches, count, ret_addrs);
	for (int i = 0; i < count; i++)
		koru__dns_end(&watches[i]);
	return rc;
}
