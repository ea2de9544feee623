/* SPDX-License-Identifier: MIT
 *
 * Ctrl-C and its relatives as something a task reads, instead of something that interrupts
 * whatever runs: the first asks the command to stop, the second ends the process.
 */
#ifndef TOOL_SIGNALS_H
#define TOOL_SIGNALS_H

#include <signal.h>

#define SIGNALS_STATUS 130 /* the exit status after an interruption: 128 + SIGINT */

struct signals {
	int fd;
	int received; /* the number of the first one; 0 while there was none */
	/* Called at the first and at the second signal; the second returns to no one. */
	void (*on_first)(void *arg);
	void (*on_second)(void *arg);
	void *arg;
};

/* Blocks SIGINT, SIGTERM and SIGHUP for the process and opens a descriptor they can be read
 * from; those that were ignored (a background job, nohup) stay so. Before koru_run, so
 * that every thread inherits it. Returns 0 or a negative errno. */
int signals_open(struct signals *signals);

void signals_done(struct signals *signals);

/* Reads them: a detached task. */
int signals_run(void *signals);

#endif
