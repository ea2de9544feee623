/* SPDX-License-Identifier: MIT
 *
 * The resolver of a loop, for the files of this floor: a lookup that can be watched beside
 * other things, which happy eyeballs needs. One lookup is for one family; asking for both
 * is two. Numeric addresses are not its business.
 */
#ifndef KORU_NET_RESOLVER_H
#define KORU_NET_RESOLVER_H

#include "net/cache.h"

struct koru__waitq;

/* An interest in one lookup, in its owner's storage from begin to end. */
struct koru__dns_watch {
	struct koru__list link;        /* in the entry's watches until it is done */
	struct koru__dns_entry *entry; /* NULL: begin failed, or end was called */
	struct koru__waitq *wake;      /* all of it is woken, with 0, when the entry is done */
	int error;                     /* why begin failed */
};

/* Begins to look for the addresses of `family` of `name`. Where the answer is known the
 * watch is done at once; otherwise `wake` is told later. Every begin is followed by an end,
 * also where it failed: the failure is then the result. Only in a task; never suspends. */
void koru__dns_begin(struct koru__dns_watch *watch, const char *name, int family,
                     struct koru__waitq *wake);

bool koru__dns_done(const struct koru__dns_watch *watch);

/* How many addresses were found, and where they are until koru__dns_end; or the error:
 * -KORU_EHOST, -KORU_ENAME, -KORU_EDNS, -ENOMEM, or -ECANCELED when the loop is about to
 * end. Only when done. */
int koru__dns_result(const struct koru__dns_watch *watch, const struct koru__dns_addr **ret_addrs);

/* Loses interest, done or not; the others who watch the same lookup notice nothing. */
void koru__dns_end(struct koru__dns_watch *watch);

/* Of the results of two lookups that both failed, the one that says more about the name. */
int koru__dns_worse(int a, int b);

#endif
