/* SPDX-License-Identifier: MIT
 * What the tests of the core share. See core.h. */
#include "support/core.h"

#include "support/cmocka.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int run_with(koru_fn *main_fn, void *arg, const struct koru_run_opts *opts)
{
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	int rc = koru_run(main_fn, arg, opts);
	unsetenv("CMOCKA_TEST_ABORT");
	return rc;
}

int run(koru_fn *main_fn, void *arg)
{
	return run_with(main_fn, arg, NULL);
}

void in_both_places(int (*body)(void *arg), void *arg)
{
	int fds = count_fds();
	assert_int_equal(run(body, arg), 0);
	assert_int_equal(body(arg), 0);
	assert_int_equal(count_fds(), fds);
}

static _Noreturn void be_child(int out, int (*body)(void *arg), void *arg)
{
	const int faults[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		signal(faults[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	int code = body(arg);
	fflush(NULL);
	_exit(code);
}

void in_child(struct child *ret_child, int (*body)(void *arg), void *arg)
{
	int fds[2];
	fflush(NULL);
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		be_child(fds[1], body, arg);
	close(fds[1]);
	size_t len = 0;
	for (;;) {
		char chunk[512];
		ssize_t n = read(fds[0], chunk, sizeof(chunk));
		if (n <= 0)
			break;
		size_t room = sizeof(ret_child->said) - 1 - len;
		size_t take = (size_t)n < room ? (size_t)n : room;
		memcpy(ret_child->said + len, chunk, take);
		len += take;
	}
	ret_child->said[len] = '\0';
	close(fds[0]);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ret_child->exited = WIFEXITED(status);
	ret_child->code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	int count = -1; /* not the directory's own */
	for (struct dirent *e; (e = readdir(dir));)
		count += e->d_name[0] != '.';
	closedir(dir);
	return count;
}

int count_mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	assert_non_null(f);
	int count = 0;
	for (int c; (c = getc(f)) != EOF;)
		count += c == '\n';
	fclose(f);
	return count;
}

size_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	assert_non_null(f);
	unsigned long total, pages;
	assert_int_equal(fscanf(f, "%lu %lu", &total, &pages), 2);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

bool is_plain_build(void)
{
#ifdef TESTS_PLAIN
	return true;
#else
	return false;
#endif
}

bool is_emulated(void)
{
#ifdef TESTS_EMULATED
	return true;
#else
	return false;
#endif
}

void trace_add(struct trace *trace, int item)
{
	assert_true(trace->len < (int)(sizeof(trace->items) / sizeof(trace->items[0])));
	trace->items[trace->len++] = item;
}

void trace_expect(const struct trace *trace, int len, const int *items)
{
	bool same =
	        trace->len == len && memcmp(trace->items, items, (size_t)len * sizeof(int)) == 0;
	if (same)
		return;
	print_message("happened:");
	for (int i = 0; i < trace->len; i++)
		print_message(" %d", trace->items[i]);
	print_message("\nexpected:");
	for (int i = 0; i < len; i++)
		print_message(" %d", items[i]);
	print_message("\n");
	fail();
}
