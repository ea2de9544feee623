/* SPDX-License-Identifier: MIT
 *
 * One name, all of its addresses: the two lookups of resolver.h joined, for those who have
 * nothing to do meanwhile.
 */
#ifndef KORU_NET_LOOKUP_H
#define KORU_NET_LOOKUP_H

#include "net/cache.h"

/* Finds the addresses of `node`, a name or a numeric address, of `family` (0: both), best
 * first. *ret_addrs, to be freed with koru__free, has as many as the call returns, at least
 * one. May suspend. Only in a task.
 * Returns the count, or -KORU_EHOST, -KORU_ENAME, -KORU_EDNS, -ENOMEM, -ECANCELED. */
int koru__lookup(const char *node, int family, struct koru__dns_addr **ret_addrs);

#endif
