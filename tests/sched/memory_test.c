/* SPDX-License-Identifier: MIT
 * Every allocation of a program fails once, and so does every other thing the environment
 * gives: the program ends with an error that names the cause, and leaks nothing. */
#include "support/cmocka.h"
#include "support/core.h"
#include "support/heap.h"
#include "support/pair.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <unistd.h>

struct link {
	struct pair pair;
	int sum;
};

static int writes(void *arg)
{
	struct link *l = arg;
	for (int i = 0; i < 5; i++) {
		ssize_t n = koru_write(l->pair.in, "ab", 2);
		if (n < 0)
			return (int)n;
		int rc = koru_sleep(i % 2 ? 20 * KORU_MICROSECOND : 0);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int reads(void *arg)
{
	struct link *l = arg;
	while (l->sum < 10) {
		char buf[4];
		struct pollfd fds[10];
		for (int i = 0; i < 10; i++)
			fds[i] = (struct pollfd){ .fd = l->pair.out, .events = POLLIN };
		int rc = koru_poll(fds, 10, -1);
		if (rc < 0)
			return rc;
		ssize_t n = koru_read(l->pair.out, buf, sizeof(buf));
		if (n < 0)
			return (int)n;
		l->sum += (int)n;
	}
	return 0;
}

static int sleeps(void *arg)
{
	return koru_sleep((int64_t)(intptr_t)arg * KORU_MICROSECOND);
}

/* Everything that the core can do, in a second's thousandth. */
static int program(void *arg)
{
	struct link *l = arg;
	struct koru_scope s, t;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MINUTE });
	koru_go(&s, reads, l);
	koru_go_with(&s, writes, l, &(struct koru_task_opts){ .stack_size = 256 << 10 });
	koru_scope_open(&t, NULL);
	/* More than a slab block holds. */
	for (int i = 0; i < 700; i++)
		koru_go(i % 5 ? &t : &s, sleeps, (void *)(intptr_t)(i % 7));
	int rc = koru_scope_close(&t);
	int rc2 = koru_scope_close(&s);
	return rc < 0 && rc != -ECANCELED ? rc : rc2 < 0 ? rc2 : rc;
}

struct plan {
	enum koru__fault_point point;
	int error;
	int result; /* what koru_run says when the fault ends the program */
};

/* Lets the n-th passage fail, for all n, until one run has met none. */
static void fail_each(const struct plan *plan)
{
	unsigned n = 0;
	unsigned hits;
	int fds = count_fds();
	assert_int_equal(memory_in_use(), 0);
	do {
		struct link l = { .sum = 0 };
		pair_open(&l.pair, PAIR_SOCKET);
		koru__fault_arm(plan->point, n, 1, plan->error);
		int rc = run(program, &l);
		hits = koru__fault_hits();
		koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
		pair_close(&l.pair);
		/* Some faults cost nothing but memory or speed. */
		if (rc != 0 && (hits == 0 || rc != plan->result))
			print_message("point %d, passage %u: %d\n", (int)plan->point, n, rc);
		assert_true(rc == 0 || (hits > 0 && rc == plan->result));
		assert_int_equal(count_fds(), fds);
		assert_int_equal(memory_in_use(), 0);
		n++;
		assert_true(n < 20000);
	} while (hits > 0);
	print_message("point %d: %u passages\n", (int)plan->point, n - 1);
	assert_true(n > 1);
}

static void test_memory(void **state)
{
	(void)state;
	fail_each(&(struct plan){ KORU__FAULT_ALLOC, ENOMEM, -ENOMEM });
}

static void test_input_and_output(void **state)
{
	(void)state;
	fail_each(&(struct plan){ KORU__FAULT_IO, EIO, -EIO });
}

static int main_names_poller(void *arg)
{
	*(const char **)arg = koru_poller_name();
	return 0;
}

static void test_poller(void **state)
{
	(void)state;
	const char *name = NULL;
	assert_int_equal(run(main_names_poller, &name), 0);
	if (name[0] == 'e')
		fail_each(&(struct plan){ KORU__FAULT_EPOLL, ENOSPC, -ENOSPC });
	else
		fail_each(&(struct plan){ KORU__FAULT_URING, EMFILE, -EMFILE });
}

static void test_alternate_stack(void **state)
{
	(void)state;
	fail_each(&(struct plan){ KORU__FAULT_SIGALTSTACK, EPERM, -EPERM });
}

/* Stacks come from an arena that outlives the loop; only a process that has none yet needs each. */
static int child_program(void *arg)
{
	const struct plan *plan = arg;
	struct link l = { .sum = 0 };
	pair_open(&l.pair, PAIR_SOCKET);
	koru__fault_arm(plan->point, 0, 100000, plan->error);
	int rc = run(program, &l);
	return koru__fault_hits() > 0 && rc == plan->result ? 0 : 1;
}

static int child_program_later(void *arg)
{
	const struct plan *plan = arg;
	struct link l = { .sum = 0 };
	pair_open(&l.pair, PAIR_SOCKET);
	koru__fault_arm(plan->point, 3, 100000, plan->error);
	int rc = run(program, &l);
	/* One of the two means of guarding is not in use. */
	int expected = koru__fault_hits() > 0 ? plan->result : 0;
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	if (rc != expected)
		return 1;
	/* What is left is in order. */
	l.sum = 0;
	return run(program, &l) == 0 ? 0 : 2;
}

static void expect_success(int (*body)(void *arg), struct plan plan)
{
	struct child child;
	in_child(&child, body, &plan);
	if (!child.exited || child.code != 0)
		print_message("%d %s\n", child.code, child.said);
	assert_true(child.exited);
	assert_int_equal(child.code, 0);
}

static void test_stacks(void **state)
{
	(void)state;
	expect_success(child_program, (struct plan){ KORU__FAULT_MMAP, ENOMEM, -ENOMEM });
	expect_success(child_program, (struct plan){ KORU__FAULT_GUARD, ENOMEM, -ENOMEM });
	expect_success(child_program, (struct plan){ KORU__FAULT_GUARD, EINVAL, 0 });
	expect_success(child_program, (struct plan){ KORU__FAULT_MADVISE, EINVAL, 0 });
	expect_success(child_program_later, (struct plan){ KORU__FAULT_GUARD, ENOMEM, -ENOMEM });
	expect_success(child_program_later,
	               (struct plan){ KORU__FAULT_MPROTECT, ENOMEM, -KORU_EGUARD });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks), /* first: nothing has used the arena yet */
		cmocka_unit_test(test_memory), cmocka_unit_test(test_input_and_output),
		cmocka_unit_test(test_poller), cmocka_unit_test(test_alternate_stack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
