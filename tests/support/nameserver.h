/* SPDX-License-Identifier: MIT
 *
 * A name server that answers by a script, for what well-behaved servers do not do: it keeps
 * silent, lies, breaks off and answers late. It runs in a thread of its own on 127.0.0.1, over
 * UDP and TCP on one port.
 */
#ifndef TESTS_SUPPORT_NAMESERVER_H
#define TESTS_SUPPORT_NAMESERVER_H

#include <stdint.h>

enum { NAMESERVER_A = 1, NAMESERVER_AAAA = 28 }; /* RFC 1035, RFC 3596 */

enum nameserver_action {
	NS_ANSWER,    /* `addrs`, with `ttl` */
	NS_NXDOMAIN,  /* there is no such name */
	NS_SERVFAIL,  /* something is wrong here */
	NS_SILENT,    /* no answer at all */
	NS_WRONG_ID,  /* an answer to another question, then nothing */
	NS_TRUNCATED, /* over UDP: "ask again over TCP"; over TCP: `addrs` */
	NS_GARBAGE,   /* bytes that are no answer */
};

struct nameserver_rule {
	const char *name; /* without the last dot; ends the list when NULL */
	int type;         /* 0: both */
	enum nameserver_action action;
	unsigned ttl;         /* seconds */
	int delay_ms;         /* before the answer, which does not hold up others */
	const char *addrs[4]; /* of the type asked for; none: the name has no such address */
	const char *cname;    /* the answer is about this name, to which `name` refers, ... */
	unsigned cname_ttl;   /*   for so long */
};

struct nameserver;

/* Starts it. What no rule is about does not exist (NXDOMAIN). The rules must stay. */
struct nameserver *nameserver_start(const struct nameserver_rule *rules);
void nameserver_stop(struct nameserver *ns);

/* "127.0.0.1:4711", as koru_dns_opts.servers takes it. Valid until the stop. */
const char *nameserver_address(const struct nameserver *ns);

/* How often a name was asked for so far; `type` 0: both together. */
int nameserver_asked(struct nameserver *ns, const char *name, int type);

#endif
