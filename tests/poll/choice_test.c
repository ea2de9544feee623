/* SPDX-License-Identifier: MIT
 * Which poller a loop gets: koru/run.h, KORU_POLLER. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What koru_run got: 1 io_uring, 2 epoll. */
static int main_tells(void *arg)
{
	(void)arg;
	return strcmp(koru_poller_name(), "uring") == 0   ? KORU_POLLER_URING
	       : strcmp(koru_poller_name(), "epoll") == 0 ? KORU_POLLER_EPOLL
	                                                  : -EDOM;
}

static int chosen(enum koru_poller forced, const char *environment)
{
	if (environment)
		setenv("KORU_POLLER", environment, 1);
	else
		unsetenv("KORU_POLLER");
	return run_with(main_tells, NULL, &(struct koru_run_opts){ .poller = forced });
}

static bool have_uring(void)
{
	return chosen(KORU_POLLER_URING, NULL) == KORU_POLLER_URING;
}

static void test_the_environment_chooses(void **state)
{
	(void)state;
	assert_int_equal(chosen(KORU_POLLER_AUTO, "epoll"), KORU_POLLER_EPOLL);
	int best = have_uring() ? KORU_POLLER_URING : KORU_POLLER_EPOLL;
	assert_int_equal(chosen(KORU_POLLER_AUTO, NULL), best);
	assert_int_equal(chosen(KORU_POLLER_AUTO, ""), best);
	assert_int_equal(chosen(KORU_POLLER_AUTO, "uring"),
	                 have_uring() ? KORU_POLLER_URING : -ENOSYS);
	const char *garbage[] = { "Epoll", "epoll ", "iouring", "auto", "0", "2", "kqueue" };
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++)
		assert_int_equal(chosen(KORU_POLLER_AUTO, garbage[i]), -EINVAL);
}

static void test_the_program_chooses(void **state)
{
	(void)state;
	int forced = have_uring() ? KORU_POLLER_URING : -ENOSYS;
	const char *environment[] = { NULL, "uring", "epoll", "garbage" };
	for (int i = 0; i < 4; i++) {
		assert_int_equal(chosen(KORU_POLLER_EPOLL, environment[i]), KORU_POLLER_EPOLL);
		assert_int_equal(chosen(KORU_POLLER_URING, environment[i]), forced);
	}
}

static void with_fault(int error, int forced, int automatic)
{
	for (int i = 0; i < 2; i++) {
		int fds = count_fds();
		koru__fault_arm(KORU__FAULT_URING, 0, 1, error);
		assert_int_equal(chosen(i ? KORU_POLLER_AUTO : KORU_POLLER_URING, NULL),
		                 i ? automatic : forced);
		assert_int_equal(koru__fault_hits(), 1);
		koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
		assert_int_equal(count_fds(), fds);
	}
}

static void test_no_io_uring_here(void **state)
{
	(void)state;
	if (!have_uring())
		skip();
	with_fault(ENOSYS, -ENOSYS, KORU_POLLER_EPOLL);
	with_fault(EPERM, -ENOSYS, KORU_POLLER_EPOLL);
	with_fault(EACCES, -ENOSYS, KORU_POLLER_EPOLL);
	with_fault(EINVAL, -ENOSYS, KORU_POLLER_EPOLL);
	/* An error is an error, not a quiet change of poller. */
	with_fault(EMFILE, -EMFILE, -EMFILE);
	with_fault(ENOMEM, -ENOMEM, -ENOMEM);
}

static void test_no_epoll(void **state)
{
	(void)state;
	int fds = count_fds();
	koru__fault_arm(KORU__FAULT_EPOLL, 0, 1, EMFILE);
	assert_int_equal(chosen(KORU_POLLER_EPOLL, NULL), -EMFILE);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(count_fds(), fds);
}

static int forbid_io_uring(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int child_behind_a_filter(void *arg)
{
	if (forbid_io_uring(*(int *)arg) != 0)
		return 77;
	if (chosen(KORU_POLLER_AUTO, NULL) != KORU_POLLER_EPOLL)
		return 1;
	if (chosen(KORU_POLLER_AUTO, "uring") != -ENOSYS)
		return 2;
	return chosen(KORU_POLLER_URING, NULL) == -ENOSYS ? 0 : 3;
}

static void test_a_seccomp_filter(void **state)
{
	(void)state;
	int errors[] = { EPERM, ENOSYS, EACCES };
	for (int i = 0; i < 3; i++) {
		struct child child;
		in_child(&child, child_behind_a_filter, &errors[i]);
		assert_true(child.exited);
		if (child.code == 77) {
			print_message("skipped: no seccomp filters here\n");
			skip();
		}
		assert_int_equal(child.code, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_environment_chooses),
		cmocka_unit_test(test_the_program_chooses),
		cmocka_unit_test(test_no_io_uring_here),
		cmocka_unit_test(test_no_epoll),
		cmocka_unit_test(test_a_seccomp_filter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
