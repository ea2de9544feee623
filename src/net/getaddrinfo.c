/* SPDX-License-Identifier: MIT
 * koru_getaddrinfo: the POSIX call around lookup.c. Turns its arguments and its result into
 * POSIX's; finds nothing itself. */
#include "koru/dns.h"

#include "base/alloc.h"
#include "base/macro.h"
#include "koru/error.h"
#include "koru/run.h"
#include "net/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN_FLAGS (AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV | AI_CANONNAME | AI_ADDRCONFIG)

/* What a socket type of 0 stands for, in the order of the result. */
static const struct kind {
	int socktype;
	int protocol;
	const char *name; /* for getservbyname */
} kinds[] = {
	{ SOCK_STREAM, IPPROTO_TCP, "tcp" },
	{ SOCK_DGRAM, IPPROTO_UDP, "udp" },
	{ SOCK_RAW, 0, NULL },
};

/* One of the result, with what it points to: freed as one. */
struct result {
	struct addrinfo info;
	union koru__addr addr;
	char name[]; /* the canonical name, in the first alone */
};

static int port_of_number(const char *service)
{
	int port = 0;
	const char *p = service;
	for (; *p >= '0' && *p <= '9' && port <= UINT16_MAX; p++)
		port = port * 10 + (*p - '0');
	return *p || p == service || port > UINT16_MAX ? -EINVAL : port;
}

static int port_of(const char *service, const struct kind *kind, int flags)
{
	char buf[1024];
	struct servent entry, *found;
	if (!service)
		return 0;
	int port = port_of_number(service);
	if (port >= 0 || (flags & AI_NUMERICSERV) || !kind->name)
		return port;
	if (getservbyname_r(service, kind->name, &entry, buf, sizeof(buf), &found) != 0 || !found)
		return -EINVAL;
	return ntohs((uint16_t)found->s_port);
}

static bool wanted(const struct kind *kind, const struct addrinfo *hints)
{
	return (!hints->ai_socktype || hints->ai_socktype == kind->socktype) &&
	       (!hints->ai_protocol || !kind->protocol || hints->ai_protocol == kind->protocol);
}

static struct result *result_new(const union koru__addr *addr, const struct kind *kind, int port,
                                 const char *name)
{
	size_t name_size = name ? strlen(name) + 1 : 0;
	struct result *res = koru__zalloc(1, sizeof(*res) + name_size);
	if (!res)
		return NULL;
	res->addr = *addr;
	koru__addr_set_port(&res->addr, (uint16_t)port);
	res->info.ai_family = addr->sa.sa_family;
	res->info.ai_socktype = kind->socktype;
	res->info.ai_protocol = kind->protocol;
	res->info.ai_addr = &res->addr.sa;
	res->info.ai_addrlen = koru__addr_len(addr);
	if (name) {
		memcpy(res->name, name, name_size);
		res->info.ai_canonname = res->name;
	}
	return res;
}

void koru_freeaddrinfo(struct addrinfo *res)
{
	while (res) {
		struct addrinfo *next = res->ai_next;
		koru__free(koru__container_of(res, struct result, info));
		res = next;
	}
}

struct call {
	const char *node;
	const char *service;
	const struct addrinfo *hints;
	struct addrinfo **ret_res;
};

/* Every address with every kind of socket asked for. */
static int build(const struct call *call, const struct koru__dns_addr *addrs, int count)
{
	const struct addrinfo *hints = call->hints;
	struct addrinfo *first = NULL, **last = &first;
	const char *name = hints->ai_flags & AI_CANONNAME ? call->node : NULL;
	bool routed = (hints->ai_flags & AI_ADDRCONFIG) && addrs[0].rank > 0;
	int ports[koru__array_len(kinds)];
	for (size_t k = 0; k < koru__array_len(kinds); k++)
		ports[k] = wanted(&kinds[k], hints)
		                   ? port_of(call->service, &kinds[k], hints->ai_flags)
		                   : -EINVAL;
	for (int i = 0; i < count; i++) {
		if (routed && addrs[i].rank == 0)
			continue;
		for (size_t k = 0; k < koru__array_len(kinds); k++) {
			if (ports[k] < 0)
				continue;
			struct result *res = result_new(&addrs[i].addr, &kinds[k], ports[k], name);
			if (!res) {
				koru_freeaddrinfo(first);
				return -ENOMEM;
			}
			name = NULL;
			*last = &res->info;
			last = &res->info.ai_next;
		}
	}
	if (!first)
		return -EINVAL; /* no kind of socket, or none that has the service */
	*call->ret_res = first;
	return 0;
}

/* No node: this machine, as a client would reach it or a server would bind to it. */
static int build_local(const struct call *call)
{
	static const int families[] = { AF_INET6, AF_INET };
	static const uint8_t any[16];
	struct koru__dns_addr addrs[2];
	int count = 0;
	for (size_t i = 0; i < koru__array_len(families); i++) {
		if (call->hints->ai_family && call->hints->ai_family != families[i])
			continue;
		union koru__addr *addr = &addrs[count].addr;
		if (call->hints->ai_flags & AI_PASSIVE)
			koru__addr_from_bytes(addr, families[i], any);
		else
			koru__addr_loopback(addr, families[i]);
		addrs[count++].rank = 1;
	}
	return build(call, addrs, count);
}

static int run(void *arg)
{
	const struct call *call = arg;
	struct koru__dns_addr *addrs;
	union koru__addr addr;
	if (!call->node)
		return build_local(call);
	if ((call->hints->ai_flags & AI_NUMERICHOST) && !koru__addr_parse(&addr, call->node))
		return -EINVAL;
	int rc = koru__lookup(call->node, call->hints->ai_family, &addrs);
	if (rc < 0)
		return rc;
	rc = build(call, addrs, rc);
	koru__free(addrs);
	return rc;
}

int koru_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                     struct addrinfo **ret_res)
{
	static const struct addrinfo none;
	struct call call = { node, service, hints ? hints : &none, ret_res };
	int family = call.hints->ai_family;
	if ((!node && !service) || (node && !*node))
		return -EINVAL;
	if (call.hints->ai_flags & ~KNOWN_FLAGS)
		return -EINVAL;
	if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6)
		return -EINVAL;
	/* The resolver is a loop's. */
	return koru_poller_name() ? run(&call) : koru_run(run, &call, NULL);
}
