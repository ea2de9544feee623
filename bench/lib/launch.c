/* SPDX-License-Identifier: MIT
 *
 * launch CPU FILE program argument... runs a program pinned to one processor (or to those it
 * may use anyway, for "any") and writes to FILE what the whole process took, as lines
 * "name value unit": wall, cpu (user and system), peak (resident memory). Exits as the
 * program did.
 *
 * It exists because the kernel counts the memory of the process that was there before exec
 * in the peak too: a launcher as small as this does not show.
 */
#include "lib/bench.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void pin(const char *cpu)
{
	if (strcmp(cpu, "any") == 0)
		return;
	char *end;
	long number = strtol(cpu, &end, 10);
	bench_require(*end == '\0' && number >= 0 && number < CPU_SETSIZE, "processor number");
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET((int)number, &set);
	bench_require(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: %s CPU|any FILE program argument...\n", argv[0]);
		return 2;
	}
	pin(argv[1]);
	FILE *report = fopen(argv[2], "we");
	bench_require(report != NULL, argv[2]);

	int64_t started = bench_now();
	pid_t pid = fork();
	bench_require(pid >= 0, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a launcher that is killed takes it along */
		execvp(argv[3], argv + 3);
		fprintf(stderr, "%s: %s\n", argv[3], strerror(errno));
		_exit(127);
	}
	int status;
	struct rusage used;
	while (wait4(pid, &status, 0, &used) < 0)
		bench_require(errno == EINTR, "wait4");
	int64_t ended = bench_now();

	fprintf(report, "wall %.6f s\n", (double)(ended - started) / 1e9);
	fprintf(report, "cpu %.6f s\n", seconds(used.ru_utime) + seconds(used.ru_stime));
	fprintf(report, "peak %.3f MB\n", (double)used.ru_maxrss * 1024 / 1e6);
	bench_require(fclose(report) == 0, argv[2]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
