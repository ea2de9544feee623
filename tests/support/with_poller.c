/* SPDX-License-Identifier: MIT
 *
 * Runs the command behind it, unless the poller that KORU_POLLER asks for is not to be had
 * on this machine: then it exits with 77, which ctest reports as a skipped test. */
#include <koru/run.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_SKIPPED 77

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: with_poller COMMAND [ARGUMENT...]\n");
		return EXIT_FAILURE;
	}
	if (koru_run(nothing, NULL, NULL) == -ENOSYS) {
		printf("skipped: this machine has no poller \"%s\"\n", getenv("KORU_POLLER"));
		return EXIT_SKIPPED;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return EXIT_FAILURE;
}
