/* SPDX-License-Identifier: MIT
 * Happy eyeballs, RFC 8305. See race.h.
 *
 * One task looks on: it takes the answers of both lookups as they come, starts an attempt
 * now and then, and ends it all at the first connection. Each attempt is a task in a scope,
 * so that ending means cancelling the scope. Where there is one address and nothing to wait
 * for, the caller connects by itself.
 *
 *     time  lookups          attempts
 *     0     AAAA, A asked
 *     20    A answered       (AAAA has until 70)
 *     70                     A 1
 *     90    AAAA answered
 *     320                    A 1   AAAA 1
 *     360                          AAAA 1 connected: A 1 is cancelled
 */
#include "net/race.h"

#include "base/assert.h"
#include "base/clock.h"
#include "koru/dns.h"
#include "koru/error.h"
#include "koru/io.h"
#include "koru/scope.h"
#include "koru/stream.h"
#include "koru/task.h"
#include "net/resolver.h"
#include "sched/waitq.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define RESOLUTION_DELAY_NS (50 * KORU_MILLISECOND) /* section 3 */

enum { SIX, FOUR, FAMILIES };

struct attempt {
	union koru__addr addr;
	int result; /* 0 until it ended, then a descriptor or why there is none */
	struct race *race;
};

struct race {
	const struct koru__race_opts *opts;
	struct koru__waitq wake; /* something happened: an answer, or an attempt ended */
	struct koru__dns_watch lookups[FAMILIES];
	bool wanted[FAMILIES]; /* it is looked for */
	int next[FAMILIES];    /* the first address of it not yet tried */
	int last_family;       /* of the last attempt; FAMILIES before the first */
	int64_t waited_since;  /* the first answer came, and was not enough; 0 before */
	int64_t started;       /* the last attempt */
	int running;
	int connected; /* the first connection, -1 before */
	bool over;     /* connections that come now are not wanted */
	int count;
	struct attempt attempts[2 * KORU_DNS_ADDRS_MAX];
};

static bool answered(const struct race *r, int family)
{
	return !r->wanted[family] || koru__dns_done(&r->lookups[family]);
}

/* The addresses of `family` that are known and not yet tried. */
static int untried(const struct race *r, int family, const struct koru__dns_addr **ret_next)
{
	const struct koru__dns_addr *addrs = NULL;
	if (!r->wanted[family] || !koru__dns_done(&r->lookups[family]))
		return 0;
	int found = koru__dns_result(&r->lookups[family], &addrs);
	if (found <= r->next[family])
		return 0;
	*ret_next = addrs + r->next[family];
	return found - r->next[family];
}

/* Section 4: the family of the best address goes first, then they take turns. */
static const struct koru__dns_addr *take_next(struct race *r)
{
	const struct koru__dns_addr *next[FAMILIES];
	int six = untried(r, SIX, &next[SIX]);
	int four = untried(r, FOUR, &next[FOUR]);
	int family = six ? SIX : FOUR;
	if (six == 0 && four == 0)
		return NULL;
	if (six && four)
		family = r->last_family == FAMILIES
		                 ? (next[SIX]->rank >= next[FOUR]->rank ? SIX : FOUR)
		                 : !r->last_family;
	r->last_family = family;
	r->next[family]++;
	return next[family];
}

static bool any_untried(const struct race *r)
{
	const struct koru__dns_addr *next;
	return untried(r, SIX, &next) + untried(r, FOUR, &next) > 0;
}

static int connect_to(const union koru__addr *addr, uint16_t port)
{
	union koru__addr to = *addr;
	koru__addr_set_port(&to, port);
	int fd = koru_socket(to.sa.sa_family, SOCK_STREAM, 0);
	if (fd < 0)
		return fd;
	int rc = koru_connect(fd, &to.sa, koru__addr_len(&to));
	if (rc == 0)
		return fd;
	(void)koru_close(fd);
	return rc;
}

static int attempt_run(void *arg)
{
	struct attempt *a = arg;
	struct race *r = a->race;
	a->result = connect_to(&a->addr, r->opts->port);
	if (a->result >= 0 && (r->connected >= 0 || r->over))
		(void)koru_close(a->result); /* one is enough */
	else if (a->result >= 0)
		r->connected = a->result;
	r->running--;
	koru__waitq_wake_all(&r->wake, 0);
	return 0;
}

static struct attempt *attempt_new(struct race *r, const struct koru__dns_addr *next)
{
	koru__assert(r->count < 2 * KORU_DNS_ADDRS_MAX);
	struct attempt *a = &r->attempts[r->count++];
	*a = (struct attempt){ .addr = next->addr, .race = r };
	return a;
}

/* When the next attempt may start, were there an address for it. */
static int64_t next_start(const struct race *r)
{
	if (r->count > 0) /* section 5: after the delay, or at once when all others failed */
		return r->running > 0 ? koru__clock_add(r->started, r->opts->attempt_delay) : 0;
	/* Section 3: an answer for IPv6 is enough to start with; one for IPv4 gives the other
	 * a little more time. */
	if (answered(r, SIX))
		return 0;
	return koru__clock_add(r->waited_since, RESOLUTION_DELAY_NS);
}

/* Waits for whatever comes first: news, or the time for another attempt. */
static int wait_for_news(struct race *r)
{
	struct koru_scope pause;
	int64_t until = any_untried(r) ? next_start(r) : KORU_FOREVER;
	if (until == KORU_FOREVER)
		return koru__waitq_wait(&r->wake);
	int rc = koru_scope_open(&pause, &(struct koru_scope_opts){ .deadline = until });
	if (rc < 0)
		return rc;
	rc = koru__waitq_wait(&r->wake);
	(void)koru_scope_close(&pause);
	return rc == -ECANCELED && !koru_cancelled() ? 0 : rc; /* the pause was over */
}

/* Starts attempts until one stands, all have failed or the caller is cancelled. Inside
 * `scope`. */
static int look_on(struct race *r, struct koru_scope *scope)
{
	while (r->connected < 0) {
		bool more = any_untried(r);
		if (r->running == 0 && !more && answered(r, SIX) && answered(r, FOUR))
			return 0;
		int64_t now = koru__clock_now();
		if (more && r->waited_since == 0)
			r->waited_since = now;
		int rc = 0;
		if (more && next_start(r) <= now) {
			r->started = now;
			r->running++;
			rc = koru_go(scope, attempt_run, attempt_new(r, take_next(r)));
			if (rc < 0) {
				r->running--;
				r->attempts[r->count - 1].result = rc;
			}
		} else {
			rc = wait_for_news(r);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int attempts_run(struct race *r)
{
	struct koru_scope scope;
	int rc = koru_scope_open(&scope, &(struct koru_scope_opts){ .name = "connecting" });
	if (rc < 0)
		return rc;
	rc = look_on(r, &scope);
	r->over = true;
	(void)koru_scope_cancel(&scope);
	int closed = koru_scope_close(&scope);
	/* Attempts return 0, so another cause than cancellation is that one of them found no stack,
	 * which also cut look_on short. */
	return rc == -ECANCELED && closed < 0 ? closed : rc;
}

/* How much an error tells. That this machine has no route to an address says little about the
 * host; that it has run out of something explains why nothing else could be tried. */
static int weight(int error)
{
	switch (-error) {
	case 0:
	case ECANCELED: return 0; /* nothing */
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT: return 1;
	default: return 2;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM: return 3;
	}
}

/* The error that tells most; of those that tell as much, that of the first address. */
static int most_telling(const struct race *r)
{
	const struct koru__dns_addr *unused;
	int error = 0;
	for (int i = 0; i < r->count; i++)
		if (weight(r->attempts[i].result) > weight(error))
			error = r->attempts[i].result;
	for (int i = 0; i < FAMILIES; i++)
		if (r->wanted[i] && koru__dns_result(&r->lookups[i], &unused) == -ENOMEM)
			error = -ENOMEM;
	koru__assert(error < 0);
	return error;
}

static int lookup_error(const struct race *r)
{
	const struct koru__dns_addr *unused;
	int six = r->wanted[SIX] ? koru__dns_result(&r->lookups[SIX], &unused) : 0;
	int four = r->wanted[FOUR] ? koru__dns_result(&r->lookups[FOUR], &unused) : 0;
	if (!r->wanted[SIX] || !r->wanted[FOUR])
		return r->wanted[SIX] ? six : four;
	return koru__dns_worse(six, four);
}

/* "[::1]:80: Connection refused; 127.0.0.1:80: no answer yet" */
static void explain(const struct race *r, int error)
{
	struct koru_stream_detail *detail = r->opts->ret_detail;
	size_t at = 0;
	if (!detail)
		return;
	if (r->count == 0)
		snprintf(detail->text, sizeof(detail->text), "%.100s: %s", r->opts->host,
		         koru_strerror(error));
	for (int i = 0; i < r->count && at < sizeof(detail->text); i++) {
		const struct attempt *a = &r->attempts[i];
		char text[KORU__ADDR_TEXT_MAX];
		union koru__addr to = a->addr;
		koru__addr_set_port(&to, r->opts->port);
		koru__addr_format(&to, true, text);
		bool open = a->result == 0 || a->result == -ECANCELED;
		int n = snprintf(detail->text + at, sizeof(detail->text) - at, "%s%s: %s",
		                 i > 0 ? "; " : "", text,
		                 open ? "no answer yet" : koru_strerror(a->result));
		at += n > 0 ? (size_t)n : 0;
	}
}

/* Everything is known, and it is one address: no task is needed for that. */
static int attempt_alone(struct race *r)
{
	struct attempt *a = attempt_new(r, take_next(r));
	a->result = connect_to(&a->addr, r->opts->port);
	if (a->result >= 0)
		r->connected = a->result;
	return a->result < 0 ? a->result : 0;
}

static bool is_single(const struct race *r)
{
	const struct koru__dns_addr *next;
	return answered(r, SIX) && answered(r, FOUR) &&
	       untried(r, SIX, &next) + untried(r, FOUR, &next) == 1;
}

static void begin(struct race *r, int family, int af)
{
	r->wanted[family] = r->opts->family == AF_UNSPEC || r->opts->family == af;
	if (r->wanted[family])
		koru__dns_begin(&r->lookups[family], r->opts->host, af, &r->wake);
}

static void race_init(struct race *r, const struct koru__race_opts *opts)
{
	memset(r, 0, offsetof(struct race, attempts));
	r->opts = opts;
	r->last_family = FAMILIES;
	r->connected = -1;
	koru__waitq_init(&r->wake);
	begin(r, SIX, AF_INET6);
	begin(r, FOUR, AF_INET);
}

static void race_done(struct race *r)
{
	for (int i = 0; i < FAMILIES; i++)
		if (r->wanted[i])
			koru__dns_end(&r->lookups[i]);
}

static int race_by_name(const struct koru__race_opts *opts)
{
	struct race r;
	race_init(&r, opts);
	int rc = is_single(&r) ? attempt_alone(&r) : attempts_run(&r);
	if (r.connected >= 0)
		rc = r.connected;
	else if (rc >= 0)
		rc = r.count > 0 ? most_telling(&r) : lookup_error(&r);
	if (rc < 0)
		explain(&r, rc);
	race_done(&r);
	return rc;
}

int koru__race(const struct koru__race_opts *opts)
{
	union koru__addr addr;
	if (!koru__addr_parse(&addr, opts->host))
		return race_by_name(opts);
	if (opts->family != AF_UNSPEC && opts->family != addr.sa.sa_family)
		return -KORU_ENAME;
	int rc = connect_to(&addr, opts->port);
	if (rc < 0 && opts->ret_detail)
		snprintf(opts->ret_detail->text, sizeof(opts->ret_detail->text),
		         "%.100s port %u: %s", opts->host, (unsigned)opts->port, koru_strerror(rc));
	return rc;
}
