/* SPDX-License-Identifier: MIT
 * c-ares on koru's poller. See ares.h.
 *
 * ares_library_init is not called: it does nothing on Unix but to set c-ares' allocator,
 * which belongs to the program. */
#include "net/ares.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/clock.h"
#include "koru/error.h"
#include "koru/io.h"
#include "koru/time.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define CONF_PATH        "/etc/resolv.conf"
#define CONF_INTERVAL_NS (5 * KORU_SECOND)

int koru__ares_error(int status)
{
	switch (status) {
	case ARES_ENOTFOUND:
	case ARES_EBADNAME: /* a label over 63 bytes and the like: no such name can be */
		return -KORU_EHOST;
	case ARES_ENODATA: return -KORU_ENAME;
	case ARES_ENOMEM: return -ENOMEM;
	case ARES_ECANCELLED:
	case ARES_EDESTRUCTION: return -ECANCELED;
	default: return -KORU_EDNS;
	}
}

/* c-ares tells what it wants to hear of a socket; neither means that it closes it. */
static void want(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct koru__ares *a = arg;
	nfds_t i = 0;
	while (i < a->nfds && a->fds[i].fd != fd)
		i++;
	short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
	if (i == a->nfds && events) {
		if (a->nfds == KORU__ARES_SOCKETS_MAX)
			return; /* more servers than that: this one seems silent */
		a->nfds++;
	} else if (i < a->nfds && !events) {
		a->fds[i] = a->fds[--a->nfds];
	}
	if (events)
		a->fds[i] = (struct pollfd){ .fd = fd, .events = events };
}

int koru__ares_init(struct koru__ares *a, const char *servers, int timeout_ms, int tries)
{
	memset(a, 0, sizeof(*a));
	a->timeout_ms = timeout_ms;
	a->tries = tries;
	if (!servers)
		return 0;
	a->servers = koru__strndup(servers, strlen(servers));
	return a->servers ? 0 : -ENOMEM;
}

static void channel_destroy(struct koru__ares *a)
{
	if (a->channel)
		ares_destroy(a->channel);
	a->channel = NULL;
	koru__assert(a->nfds == 0); /* c-ares has closed them and said so */
}

void koru__ares_done(struct koru__ares *a)
{
	channel_destroy(a);
	koru__free(a->servers);
	a->servers = NULL;
}

static int channel_make(struct koru__ares *a)
{
	ares_channel channel;
	struct ares_options opts = {
		.timeout = a->timeout_ms,
		.tries = a->tries,
		.lookups = (char[]){ "b" }, /* the hosts file is hosts.c's */
		.sock_state_cb = want,
		.sock_state_cb_data = a,
	};
	int status = ares_init_options(&channel, &opts,
	                               ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
	                                       ARES_OPT_SOCK_STATE_CB);
	if (status != ARES_SUCCESS)
		return koru__ares_error(status);
	if (a->servers) {
		status = ares_set_servers_ports_csv(channel, a->servers);
		if (status != ARES_SUCCESS) {
			ares_destroy(channel);
			return status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
		}
	}
	a->channel = channel;
	return 0;
}

/* True when /etc/resolv.conf is not what it was at the last look; true at the first. */
static bool conf_changed(struct koru__ares *a)
{
	struct stat st = { 0 };
	int64_t now = koru__clock_now();
	if (a->channel && now < koru__clock_add(a->conf_checked, CONF_INTERVAL_NS))
		return false;
	a->conf_checked = now;
	(void)stat(CONF_PATH, &st); /* a missing file is one that is all zeros */
	bool same = st.st_ino == a->conf_ino && st.st_size == a->conf_size &&
	            st.st_mtim.tv_sec == a->conf_mtime.tv_sec &&
	            st.st_mtim.tv_nsec == a->conf_mtime.tv_nsec;
	a->conf_ino = st.st_ino;
	a->conf_size = st.st_size;
	a->conf_mtime = st.st_mtim;
	return !same;
}

int koru__ares_ready(struct koru__ares *a, bool idle)
{
	if (idle && !a->servers && conf_changed(a))
		channel_destroy(a);
	return a->channel ? 0 : channel_make(a);
}

/* How long c-ares can wait, in whole milliseconds, rounded up so that it is over then. */
static int timeout_ms(ares_channel channel)
{
	struct timeval tv;
	if (!ares_timeout(channel, NULL, &tv))
		return -1;
	int64_t ms = (int64_t)tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000;
	return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

int koru__ares_round(struct koru__ares *a, struct koru_scope **ret_round)
{
	struct koru_scope round;
	struct pollfd fds[KORU__ARES_SOCKETS_MAX]; /* a->fds changes while c-ares works */
	nfds_t nfds = a->nfds;
	memcpy(fds, a->fds, nfds * sizeof(fds[0]));
	int rc = koru_scope_open(&round, &(struct koru_scope_opts){ .name = "a wait for DNS" });
	if (rc < 0)
		return rc;
	*ret_round = &round;
	int ready = koru_poll(fds, nfds, timeout_ms(a->channel));
	*ret_round = NULL;
	(void)koru_scope_close(&round);
	if (ready == -ECANCELED)
		return koru_cancelled() ? -ECANCELED : 0;
	if (ready < 0)
		return ready;
	for (nfds_t i = 0; i < nfds; i++) {
		short got = fds[i].revents;
		if (got)
			ares_process_fd(a->channel, got & ~POLLOUT ? fds[i].fd : ARES_SOCKET_BAD,
			                got & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
	}
	if (ready == 0)
		ares_process_fd(a->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	return 0;
}
