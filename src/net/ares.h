/* SPDX-License-Identifier: MIT
 *
 * c-ares for one loop: its channel, its sockets, and the task that drives both while there
 * are queries. Knows nothing of caches, waiting tasks and the hosts file.
 */
#ifndef KORU_NET_ARES_H
#define KORU_NET_ARES_H

#include "koru/dns.h"
#include "koru/scope.h"

#include <ares.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#define KORU__ARES_SOCKETS_MAX 64

struct koru__ares {
	ares_channel channel; /* NULL until first needed */
	char *servers;        /* as for ares_set_servers_ports_csv; NULL: the system's */
	int timeout_ms;
	int tries;

	struct pollfd fds[KORU__ARES_SOCKETS_MAX]; /* what c-ares wants to hear of */
	nfds_t nfds;

	int64_t conf_checked;       /* when /etc/resolv.conf was last looked at, */
	struct timespec conf_mtime; /*   and what identified it then */
	ino_t conf_ino;
	off_t conf_size;
};

/* Sets it up; nothing is read or opened yet. `servers` may be NULL.
 * Returns 0 or -ENOMEM. */
int koru__ares_init(struct koru__ares *a, const char *servers, int timeout_ms, int tries);

/* Frees all; callbacks of queries still under way are called with ARES_EDESTRUCTION. */
void koru__ares_done(struct koru__ares *a);

/* Makes the channel if there is none, and anew when /etc/resolv.conf has changed, which is
 * looked at when `idle` (no query is under way). Returns 0, or -EINVAL (malformed servers),
 * -ENOMEM, -KORU_EDNS. */
int koru__ares_ready(struct koru__ares *a, bool idle);

/* Waits for the sockets and timeouts of the queries under way, once, and lets c-ares work;
 * callbacks run inside. May suspend; the wait is inside the scope that *ret_round points to
 * meanwhile, so that another task can cut it short by cancelling that (NULL outside).
 * Returns 0, also when cut short; -ECANCELED when the caller's own scope is cancelled, or
 * another error of koru_poll. */
int koru__ares_round(struct koru__ares *a, struct koru_scope **ret_round);

/* The code for an outcome of c-ares that is not ARES_SUCCESS. */
int koru__ares_error(int status);

#endif
