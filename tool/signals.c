/* SPDX-License-Identifier: MIT
 * Signals read by a task. See signals.h. */
#include "signals.h"

#include "koru/io.h"

#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(struct signals *signals)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct sigaction old;
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
			continue;
		sigaddset(&set, numbers[i]);
	}
	signals->received = 0;
	signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->fd < 0)
		return -errno;
	int rc = sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
	if (rc < 0)
		signals_done(signals);
	return rc;
}

void signals_done(struct signals *signals)
{
	if (signals->fd >= 0)
		(void)close(signals->fd);
	signals->fd = -1;
}

int signals_run(void *arg)
{
	struct signals *signals = arg;
	for (;;) {
		struct signalfd_siginfo info;
		ssize_t n = koru_read(signals->fd, &info, sizeof(info));
		if (n != (ssize_t)sizeof(info))
			return 0; /* cancelled: the main task has ended */
		if (signals->received != 0) {
			if (signals->on_second)
				signals->on_second(signals->arg);
			_exit(SIGNALS_STATUS);
		}
		signals->received = (int)info.ssi_signo;
		if (signals->on_first)
			signals->on_first(signals->arg);
	}
}
