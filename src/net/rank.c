/* SPDX-License-Identifier: MIT
 * The order of destinations, RFC 6724 section 6. Each rule compares one property of a
 * destination and its source, so a destination's properties, most important first, are
 * packed into one number. See addr.h.
 *
 * Rules 3, 4 and 7 (deprecated and home addresses, tunnels) need what only the kernel's
 * routing tables know and are left out; rule 10, keep the order otherwise, is the stable
 * sort of whoever compares ranks. */
#include "net/addr.h"

#include "base/fault.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Section 2.1: the default policy table. The longest prefix comes first. */
static const struct policy {
	uint8_t prefix[16];
	uint8_t bits;
	uint8_t precedence; /* at most 63 */
	uint8_t label;
} policies[] = {
	{ { [15] = 1 }, 128, 50, 0 },                /* ::1, loopback */
	{ { [10] = 0xff, [11] = 0xff }, 96, 35, 4 }, /* ::ffff:0:0, IPv4 */
	{ { 0 }, 96, 1, 3 },                         /* ::/96, IPv4-compatible */
	{ { 0x20, 0x01 }, 32, 5, 5 },                /* 2001::, Teredo */
	{ { 0x20, 0x02 }, 16, 30, 2 },               /* 2002::, 6to4 */
	{ { 0x3f, 0xfe }, 16, 1, 12 },               /* 3ffe::, 6bone */
	{ { 0xfe, 0xc0 }, 10, 1, 11 },               /* fec0::, site-local */
	{ { 0xfc }, 7, 3, 13 },                      /* fc00::, unique local */
	{ { 0 }, 0, 40, 1 },                         /* everything else */
};

/* Section 3.1 and RFC 4291 section 2.7. */
enum scope { SCOPE_LINK = 0x2, SCOPE_SITE = 0x5, SCOPE_GLOBAL = 0xe };

static unsigned common_bits(const uint8_t a[16], const uint8_t b[16])
{
	unsigned i = 0;
	while (i < 16 && a[i] == b[i])
		i++;
	return i == 16 ? 128 : i * 8 + (unsigned)__builtin_clz((unsigned)(a[i] ^ b[i])) - 24;
}

/* Section 3.2: an IPv4 address counts as its IPv4-mapped twin. */
static void mapped(const union koru__addr *addr, uint8_t ret_bytes[16])
{
	if (addr->sa.sa_family == AF_INET6) {
		memcpy(ret_bytes, &addr->in6.sin6_addr, 16);
		return;
	}
	memset(ret_bytes, 0, 10);
	memset(ret_bytes + 10, 0xff, 2);
	memcpy(ret_bytes + 12, &addr->in.sin_addr, 4);
}

static const struct policy *policy_of(const uint8_t bytes[16])
{
	const struct policy *p = policies;
	while (common_bits(bytes, p->prefix) < p->bits)
		p++;
	return p;
}

static unsigned scope_of(const union koru__addr *addr)
{
	const uint8_t *b = addr->in6.sin6_addr.s6_addr;
	if (addr->sa.sa_family == AF_INET) { /* section 3.2 */
		const uint8_t *v4 = (const uint8_t *)&addr->in.sin_addr;
		return v4[0] == 127 || (v4[0] == 169 && v4[1] == 254) ? SCOPE_LINK : SCOPE_GLOBAL;
	}
	if (b[0] == 0xff)
		return b[1] & 0xf;
	if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
		return SCOPE_LINK;
	if (IN6_IS_ADDR_LOOPBACK(&addr->in6.sin6_addr)) /* RFC 4291 section 2.5.3 */
		return SCOPE_LINK;
	if (b[0] == 0xfe && (b[1] & 0xc0) == 0xc0)
		return SCOPE_SITE;
	return SCOPE_GLOBAL;
}

uint32_t koru__addr_rank(const union koru__addr *dest, const union koru__addr *source)
{
	uint8_t d[16], s[16];
	if (!source)
		return 0; /* rule 1: unusable */
	mapped(dest, d);
	mapped(source, s);
	const struct policy *policy = policy_of(d);
	unsigned scope = scope_of(dest);
	uint32_t rank = UINT32_C(1) << 31;
	rank |= (uint32_t)(scope == scope_of(source)) << 30;            /* rule 2 */
	rank |= (uint32_t)(policy->label == policy_of(s)->label) << 29; /* rule 5 */
	rank |= (uint32_t)policy->precedence << 23;                     /* rule 6 */
	rank |= (uint32_t)(15 - scope) << 19;                           /* rule 8 */
	/* Rule 9, the longest matching prefix, within the 64 bits that name a network. It leaves
	 * IPv4 alone, whose mapped addresses all begin alike: there it would undo the round robin
	 * by which servers share their load. */
	unsigned bits = common_bits(d, s);
	rank |= (uint32_t)(bits < 64 ? bits : 64) << 12;
	return rank;
}

bool koru__addr_source(const union koru__addr *dest, union koru__addr *ret_source)
{
	union koru__addr to = *dest;
	union koru__addr from;
	socklen_t len = sizeof(from);
	koru__addr_set_port(&to, 9); /* connect wants one; nothing is sent */
	if (koru__fault(KORU__FAULT_SOCKET))
		return false;
	int fd = socket(dest->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	bool found = connect(fd, &to.sa, koru__addr_len(&to)) == 0 &&
	             getsockname(fd, &from.sa, &len) == 0;
	close(fd);
	if (found)
		*ret_source = from;
	return found;
}
