/* SPDX-License-Identifier: MIT
 * fork inside a task: the child is a plain thread, and the parent goes on undisturbed. koru/run.h.
 */
#include "support/cmocka.h"
#include "support/core.h"
#include "support/pair.h"

#include "koru/koru.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(expr)                                                                                \
	do {                                                                                       \
		if (!(expr))                                                                       \
			return __LINE__ & 127;                                                     \
	} while (0)

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int sleeps(void *arg)
{
	(void)arg;
	return koru_sleep(KORU_MILLISECOND);
}

static int gives_one(struct koru_gen *gen, void *arg)
{
	return koru_gen_yield(gen, arg, NULL);
}

static int main_of_its_own(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, sleeps, arg);
	int rc = koru_scope_close(&s);
	return rc < 0 ? rc : 23;
}

/* In the child. Returns 0, or the line that failed. */
static int be_child(struct koru_scope *scope, struct koru_gen *gen, struct koru_port *port, int fd)
{
	struct koru_scope s;
	struct koru_defer d;
	void *value;
	char byte;
	CHECK(koru_task_name() == NULL);
	CHECK(!koru_cancelled());
	CHECK(koru_go(scope, nothing, NULL) == -EPERM);
	CHECK(koru_go(NULL, nothing, NULL) == -EPERM);
	CHECK(koru_scope_cancel(scope) == -EPERM);
	CHECK(koru_defer(scope, &d, nothing, NULL) == -EPERM);
	CHECK(koru_scope_alloc(scope, 8) == NULL);
	CHECK(koru_scope_close(scope) == -EPERM);
	CHECK(koru_scope_open(&s, NULL) == -EPERM);
	CHECK(koru_gen_next(gen, &value) == -EPERM);
	CHECK(koru_gen_close(gen) == -EPERM);
	CHECK(koru_post(port, nothing, NULL) == -ESHUTDOWN);
	/* What waits does so as on any thread. */
	CHECK(koru_yield() == 0);
	CHECK(koru_sleep(KORU_MILLISECOND) == 0);
	CHECK(koru_write(fd, "x", 1) == 1);
	CHECK(koru_read(fd, &byte, 1) == 1 && byte == 'y');
	CHECK(koru_run(main_of_its_own, NULL, NULL) == 23);
	return 0;
}

static int main_forks(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_gen gen;
	struct koru_port *port;
	struct pair pair;
	void *value;
	char byte;
	pair_open(&pair, PAIR_SOCKET);
	koru_gen_open(&gen, gives_one, &s);
	assert_int_equal(koru_gen_next(&gen, &value), 1);
	koru_scope_open(&s, NULL);
	koru_go(&s, sleeps, NULL); /* something in the poller, and something queued */
	koru_sleep(0);
	koru_go(&s, nothing, NULL);
	assert_int_equal(koru_port_new(&port), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(be_child(&s, &gen, port, pair.in));
	assert_true(pid > 0);
	close(pair.in); /* the child's: if that ends early, we are told */
	assert_int_equal(koru_read(pair.out, &byte, 1), 1);
	assert_int_equal(koru_write(pair.out, "y", 1), 1);
	assert_int_equal(koru_scope_close(&s), 0);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(koru_gen_close(&gen), 0);
	close(pair.out);
	koru_port_unref(port);
	return koru_sleep(KORU_MILLISECOND);
}

static void test_a_forked_child_has_no_loop(void **state)
{
	(void)state;
	assert_int_equal(run(main_forks, NULL), 0);
}

/* Forks and does not care who it is. */
static int returns_twice(void *arg)
{
	if (fork() != 0)
		_exit(wait((int *)arg) < 0);
	return 0;
}

static int main_forks_badly(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, returns_twice, arg);
	return koru_scope_close(&s);
}

static int runs_it(void *arg)
{
	(void)arg;
	int status = 0;
	return koru_run(main_forks_badly, &status, NULL);
}

static void test_a_task_that_returns_in_a_forked_child_is_fatal(void **state)
{
	(void)state;
	struct child child;
	in_child(&child, runs_it, NULL);
	assert_non_null(strstr(child.said, "'returns_twice' returned in a process forked by it"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_forked_child_has_no_loop),
		cmocka_unit_test(test_a_task_that_returns_in_a_forked_child_is_fatal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
