/* SPDX-License-Identifier: MIT
 *
 * Names: from "example.org" to addresses, while only the calling task waits.
 *
 * Each loop has one resolver, made by its first lookup. It asks the servers of
 * /etc/resolv.conf through c-ares, reads /etc/hosts, and keeps answers for as long as
 * their TTL allows. Tasks that look for one name at the same time share one query, and a
 * task that is cancelled leaves the others undisturbed. No thread is used.
 *
 * A numeric address needs no resolver; nor do "localhost" and names under it, which are
 * the loopback addresses (RFC 6761 section 6.3).
 *
 * A changed /etc/resolv.conf is noticed by the first lookup that finds no query under way,
 * at most once every five seconds. /etc/hosts is read when a name is looked for, and what
 * it says of that name is kept for a second.
 */
#ifndef KORU_DNS_H
#define KORU_DNS_H

#include <netdb.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Limits of each loop's resolver. */
#define KORU_DNS_CACHE_MAX    512 /* names kept, the least recently used leaves first */
#define KORU_DNS_INFLIGHT_MAX 64  /* queries under way; others wait their turn */
#define KORU_DNS_ADDRS_MAX    32  /* addresses taken from one answer */

/* getaddrinfo(3), for numeric services ("443") and the well known names in
 * /etc/services. Addresses of both families come in the order of RFC 6724.
 *
 * Of `hints`, ai_family, ai_socktype, ai_protocol and the flags AI_PASSIVE,
 * AI_NUMERICHOST, AI_NUMERICSERV, AI_CANONNAME (which answers with the node's own name) and
 * AI_ADDRCONFIG (which leaves out addresses without a route when there are others) are
 * obeyed; other flags are -EINVAL. Free the result with koru_freeaddrinfo.
 *
 * May suspend. From any thread: outside a task the call runs a loop of its own, which
 * keeps no cache.
 * Returns 0, or
 *   -KORU_EHOST  there is no such name,
 *   -KORU_ENAME  the name has no address of the family asked for,
 *   -KORU_EDNS   no server could be asked, or none gave a usable answer,
 *   -EINVAL      neither node nor service, an unknown service, family, socket type or
 *                flag, or a node that is not numeric under AI_NUMERICHOST,
 *   -ENOMEM, -ECANCELED. */
int koru_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                     struct addrinfo **ret_res);

/* Frees what koru_getaddrinfo returned; NULL does nothing. Any thread, never suspends. */
void koru_freeaddrinfo(struct addrinfo *res);

struct koru_dns_opts {
	const char *servers;    /* "127.0.0.1:5353,[::1]:53"; the port may be left out. NULL: the
	                         * environment variable KORU_DNS_SERVERS in the same form, else
	                         * /etc/resolv.conf */
	const char *hosts_file; /* NULL: /etc/hosts */
	int64_t timeout;        /* nanoseconds for a first try; later tries wait longer. 0: two
	                         * seconds; under a millisecond is one millisecond */
	int tries;              /* of each server; 0: three */
	int64_t ttl_max;        /* nanoseconds an answer is kept at most; 0: one hour; negative:
	                         * nothing is kept */
	int64_t ttl_negative;   /* nanoseconds "there is none" is kept; 0: five seconds; negative:
	                         * it is not kept */
	int cache_max;          /* names kept; 0: KORU_DNS_CACHE_MAX, which is also the most */
};

/* Sets up the resolver of the running loop, before its first lookup. The strings are
 * copied. Never suspends. Only in a task.
 * Returns 0, or -EINVAL (malformed servers, a value out of range), -EBUSY (the resolver
 * stands already), -EPERM (outside a task), -ENOMEM. */
int koru_dns_setup(const struct koru_dns_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
