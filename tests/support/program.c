/* SPDX-License-Identifier: MIT
 * Starting and ending other programs. See program.h. */
#include "support/program.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const search[] = { "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin" };

/* The path of `name`, or false. */
static int find(const char *name, char ret_path[PROGRAM_PATH_MAX])
{
	if (strchr(name, '/')) {
		snprintf(ret_path, PROGRAM_PATH_MAX, "%s", name);
		return access(ret_path, X_OK) == 0;
	}
	for (size_t i = 0; i < sizeof(search) / sizeof(search[0]); i++) {
		snprintf(ret_path, PROGRAM_PATH_MAX, "%s/%s", search[i], name);
		if (access(ret_path, X_OK) == 0)
			return 1;
	}
	return 0;
}

int program_exists(const char *name)
{
	char path[PROGRAM_PATH_MAX];
	return find(name, path);
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		                     .sin_port = htons(port),
		                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

uint16_t program_free_port(void)
{
	struct sockaddr_in addr = loopback(0);
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	close(fd);
	return ntohs(addr.sin_port);
}

/* In the child: becomes the program, with `out_fd` as its output. */
static _Noreturn void become(const char *path, int out_fd, int err_fd, const char *const argv[])
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(out_fd >= 0 ? out_fd : null, STDOUT_FILENO);
	dup2(err_fd >= 0 ? err_fd : null, STDERR_FILENO);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

pid_t program_start(const char *log, const char *const argv[])
{
	char path[PROGRAM_PATH_MAX];
	if (!find(argv[0], path))
		fail_msg("%s is not installed", argv[0]);
	int fd = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		become(path, fd, fd, argv);
	if (fd >= 0)
		close(fd);
	return pid;
}

static void nap_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	nanosleep(&ts, NULL);
}

static int accepts(uint16_t port)
{
	struct sockaddr_in addr = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	int rc = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	close(fd);
	return rc == 0;
}

pid_t program_start_server(const char *log, uint16_t port, const char *const argv[])
{
	pid_t pid = program_start(log, argv);
	for (int i = 0; i < 1000; i++) {
		if (accepts(port))
			return pid;
		int status;
		if (waitpid(pid, &status, WNOHANG) == pid)
			fail_msg("%s ended with status %d instead of listening", argv[0], status);
		nap_ms(10);
	}
	program_stop(pid);
	fail_msg("%s does not listen on port %d", argv[0], port);
	return -1;
}

int program_stop(pid_t pid)
{
	int status = 0;
	kill(pid, SIGTERM);
	for (int i = 0; i < 500; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		nap_ms(10);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return status;
}

int program_run(char *out, size_t out_size, const char *const argv[])
{
	char path[PROGRAM_PATH_MAX];
	int fds[2];
	if (!find(argv[0], path))
		fail_msg("%s is not installed", argv[0]);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		become(path, fds[1], -1, argv);
	close(fds[1]);
	size_t len = 0;
	char chunk[4096];
	ssize_t n;
	while ((n = read(fds[0], chunk, sizeof(chunk))) > 0) {
		size_t room = out ? out_size - 1 - len : 0;
		size_t take = (size_t)n < room ? (size_t)n : room;
		if (out)
			memcpy(out + len, chunk, take);
		len += take;
	}
	if (out)
		out[len] = '\0';
	close(fds[0]);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void program_tmpdir(char ret_path[PROGRAM_PATH_MAX])
{
	const char *base = getenv("TMPDIR");
	snprintf(ret_path, PROGRAM_PATH_MAX, "%s/koru-test-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(ret_path));
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void program_tmpdir_remove(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void program_write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

int program_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	int count = -1; /* not the directory's own */
	for (struct dirent *e; (e = readdir(dir));)
		count += e->d_name[0] != '.';
	closedir(dir);
	return count;
}
