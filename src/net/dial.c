/* SPDX-License-Identifier: MIT
 * koru_stream_dial: a connection (race.c), a stream (stream.c) and TLS (handshake.c) in one
 * call. */
#include "koru/dns.h"
#include "koru/io.h"
#include "koru/run.h"
#include "koru/scope.h"
#include "koru/stream.h"
#include "koru/time.h"
#include "koru/tls.h"
#include "net/race.h"

#include <errno.h>
#include <stdio.h>

/* RFC 8305 section 8. */
#define ATTEMPT_DELAY_NS     (250 * KORU_MILLISECOND)
#define ATTEMPT_DELAY_MIN_NS (10 * KORU_MILLISECOND)
#define ATTEMPT_DELAY_MAX_NS (2 * KORU_SECOND)

struct dial {
	struct koru__race_opts race;
	const struct koru_tls_opts *tls;
	struct koru_stream **ret_stream;
};

static int start_tls(const struct dial *d, struct koru_stream *s)
{
	int rc = koru_stream_start_tls(s, d->race.host, d->tls);
	if (rc < 0 && d->race.ret_detail)
		snprintf(d->race.ret_detail->text, sizeof(d->race.ret_detail->text), "%s",
		         koru_stream_error_detail(s));
	return rc;
}

static int dial_run(void *arg)
{
	const struct dial *d = arg;
	struct koru_stream *s;
	if (koru_cancelled())
		return -ECANCELED;
	int fd = koru__race(&d->race);
	if (fd < 0)
		return fd;
	int rc = koru_stream_from_fd(fd, &s);
	if (rc < 0) {
		(void)koru_close(fd);
		return rc;
	}
	rc = d->tls ? start_tls(d, s) : 0;
	if (rc < 0) {
		koru_stream_close(s);
		return rc;
	}
	*d->ret_stream = s;
	return 0;
}

int koru_stream_dial(const char *host, uint16_t port, const struct koru_dial_opts *opts,
                     struct koru_stream **ret_stream)
{
	static const struct koru_dial_opts defaults;
	if (!opts)
		opts = &defaults;
	if (opts->ret_detail)
		opts->ret_detail->text[0] = '\0';
	int64_t delay = opts->attempt_delay ? opts->attempt_delay : ATTEMPT_DELAY_NS;
	if (!host || !*host || port == 0)
		return -EINVAL;
	if (opts->family != AF_UNSPEC && opts->family != AF_INET && opts->family != AF_INET6)
		return -EINVAL;
	if (delay < ATTEMPT_DELAY_MIN_NS || delay > ATTEMPT_DELAY_MAX_NS)
		return -EINVAL;
	struct dial d = {
		.race = { .host = host,
		          .port = port,
		          .family = opts->family,
		          .attempt_delay = delay,
		          .ret_detail = opts->ret_detail },
		.tls = opts->tls,
		.ret_stream = ret_stream,
	};
	/* The resolver and the TLS contexts are a loop's. */
	return koru_poller_name() ? dial_run(&d) : koru_run(dial_run, &d, NULL);
}
