/* SPDX-License-Identifier: MIT
 * Socket addresses and their text. See addr.h; the order of RFC 6724 is in rank.c. */
#include "net/addr.h"

#include "base/assert.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

socklen_t koru__addr_len(const union koru__addr *addr)
{
	return addr->sa.sa_family == AF_INET6 ? sizeof(addr->in6) : sizeof(addr->in);
}

void koru__addr_set_port(union koru__addr *addr, uint16_t port)
{
	if (addr->sa.sa_family == AF_INET6)
		addr->in6.sin6_port = htons(port);
	else
		addr->in.sin_port = htons(port);
}

void koru__addr_from_bytes(union koru__addr *ret_addr, int family, const void *bytes)
{
	koru__assert(family == AF_INET || family == AF_INET6);
	memset(ret_addr, 0, sizeof(*ret_addr));
	ret_addr->sa.sa_family = (sa_family_t)family;
	if (family == AF_INET6)
		memcpy(&ret_addr->in6.sin6_addr, bytes, sizeof(ret_addr->in6.sin6_addr));
	else
		memcpy(&ret_addr->in.sin_addr, bytes, sizeof(ret_addr->in.sin_addr));
}

void koru__addr_loopback(union koru__addr *ret_addr, int family)
{
	static const uint8_t v4[4] = { 127, 0, 0, 1 };
	static const uint8_t v6[16] = { [15] = 1 };
	koru__addr_from_bytes(ret_addr, family, family == AF_INET6 ? v6 : v4);
}

/* The index of an interface given by name or number; 0 when there is none. */
static uint32_t parse_zone(const char *text)
{
	uint32_t zone = if_nametoindex(text);
	if (zone > 0)
		return zone;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(zone, 10u, &zone) ||
		    __builtin_add_overflow(zone, (uint32_t)(*text - '0'), &zone))
			return 0;
	return *text ? 0 : zone;
}

/* "fe80::1%eth0" (RFC 4007 section 11). */
static bool parse_in6(union koru__addr *ret_addr, const char *text)
{
	char plain[INET6_ADDRSTRLEN];
	uint8_t bytes[16];
	const char *percent = strchrnul(text, '%');
	size_t len = (size_t)(percent - text);
	if (len >= sizeof(plain))
		return false;
	memcpy(plain, text, len);
	plain[len] = '\0';
	if (inet_pton(AF_INET6, plain, bytes) != 1)
		return false;
	uint32_t zone = *percent ? parse_zone(percent + 1) : 0;
	if (*percent && zone == 0)
		return false;
	koru__addr_from_bytes(ret_addr, AF_INET6, bytes);
	ret_addr->in6.sin6_scope_id = zone;
	return true;
}

bool koru__addr_parse(union koru__addr *ret_addr, const char *text)
{
	uint8_t bytes[4];
	if (inet_pton(AF_INET, text, bytes) != 1)
		return parse_in6(ret_addr, text);
	koru__addr_from_bytes(ret_addr, AF_INET, bytes);
	return true;
}

/* Room for an address without its port. */
#define HOST_MAX (INET6_ADDRSTRLEN + 1 + IF_NAMESIZE)
static_assert(HOST_MAX + sizeof("[]:65535") <= KORU__ADDR_TEXT_MAX, "every address has room");

static void format_in6(const struct sockaddr_in6 *in6, char ret_text[HOST_MAX])
{
	char plain[INET6_ADDRSTRLEN], name[IF_NAMESIZE];
	koru__assert(inet_ntop(AF_INET6, &in6->sin6_addr, plain, sizeof(plain)));
	if (in6->sin6_scope_id == 0)
		snprintf(ret_text, HOST_MAX, "%s", plain);
	else if (if_indextoname(in6->sin6_scope_id, name))
		snprintf(ret_text, HOST_MAX, "%s%%%s", plain, name);
	else
		snprintf(ret_text, HOST_MAX, "%s%%%u", plain, (unsigned)in6->sin6_scope_id);
}

void koru__addr_format(const union koru__addr *addr, bool port, char ret_text[KORU__ADDR_TEXT_MAX])
{
	char host[HOST_MAX];
	bool in6 = addr->sa.sa_family == AF_INET6;
	if (in6)
		format_in6(&addr->in6, host);
	else
		koru__assert(inet_ntop(AF_INET, &addr->in.sin_addr, host, sizeof(host)));
	unsigned number = ntohs(in6 ? addr->in6.sin6_port : addr->in.sin_port);
	if (!port)
		snprintf(ret_text, KORU__ADDR_TEXT_MAX, "%s", host);
	else
		snprintf(ret_text, KORU__ADDR_TEXT_MAX, in6 ? "[%s]:%u" : "%s:%u", host, number);
}
