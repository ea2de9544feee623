/* SPDX-License-Identifier: MIT
 * When a deadlock is told, and what looks like one and is none. Not how it is reported, which is in
 * deadlock_test.c. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"
#include "sched/loop.h"
#include "sched/runtime.h"
#include "sched/waitq.h"

#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/single_threaded.h>
#include <unistd.h>

static int waits_for_nobody(void *arg)
{
	return koru__waitq_wait(arg);
}

static void *wakes_late(void *arg)
{
	usleep(50000);
	while (!koru__waitq_wake_one(arg, 3))
		usleep(1000);
	return NULL;
}

/* Whoever takes the report takes its time, so that the other loop looks again meanwhile. */
static void take_report_slowly(const char *line, void *arg)
{
	int *lines = arg;
	assert_non_null(line);
	if ((*lines)++ == 0) {
		struct koru__runtime *runtime = koru__loop()->runtime;
		uint32_t stirs = __atomic_load_n(&runtime->stirs, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&runtime->stirs, __ATOMIC_SEQ_CST) - stirs < 2)
			usleep(1000);
	}
}

/* The first loop is the last to wait, and so the one that finds it. */
static int main_is_the_last_to_wait(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, KORU_LOOP(1), waits_for_nobody, arg);
	koru_sleep(20 * KORU_MILLISECOND);
	return koru_scope_close(&s);
}

static void test_it_is_reported_once(void **state)
{
	(void)state;
	if (is_emulated()) {
		print_message("skipped: an emulator's threads are taken for the program's\n");
		skip();
	}
	struct koru__waitq q;
	koru__waitq_init(&q);
	int lines = 0;
	struct koru_run_opts opts = {
		.loops = 2,
		.report = take_report_slowly,
		.report_arg = &lines,
	};
	assert_int_equal(run_with(main_is_the_last_to_wait, &q, &opts), -EDEADLK);
	assert_int_equal(lines, 3);
}

/* With no descriptor left to look at threads with. */
static int main_has_no_descriptor(void *arg)
{
	int last = -1;
	for (int fd; (fd = dup(0)) >= 0;)
		last = fd;
	assert_int_equal(errno, EMFILE);
	close(last); /* but one: enough to list them */
	return waits_for_nobody(arg);
}

static int child_has_no_descriptor(void *arg)
{
	struct koru__waitq q;
	(void)arg;
	koru__waitq_init(&q);
	pthread_t thread;
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(pthread_create(&thread, NULL, wakes_late, &q), 0);
	return koru_run(main_has_no_descriptor, &q, NULL);
}

static void test_threads_that_cannot_be_looked_at(void **state)
{
	(void)state;
	if (is_emulated()) {
		print_message("skipped: an emulator's threads are taken for the program's\n");
		skip();
	}
	struct child child;
	in_child(&child, child_has_no_descriptor, NULL);
	assert_true(child.exited);
	assert_int_equal(child.code, 3);
}

static void *wakes_now(void *arg)
{
	return koru__waitq_wake_one(arg, 3) ? arg : NULL;
}

/* The last other thread has left a message, and the C library says that it is gone. */
static int main_is_left_alone(void *arg)
{
	struct koru_scope s;
	struct koru_future f;
	pthread_t thread;
	void *woken;
	koru_scope_open(&s, NULL);
	koru_async(&s, &f, waits_for_nobody, arg);
	koru_yield();
	assert_int_equal(pthread_create(&thread, NULL, wakes_now, arg), 0);
	assert_int_equal(pthread_join(thread, &woken), 0);
	assert_ptr_equal(woken, arg);
	char before = __libc_single_threaded;
	__libc_single_threaded = 1;
	int rc = koru_await(&f);
	__libc_single_threaded = before;
	assert_int_equal(koru_scope_close(&s), 0);
	return rc;
}

static void test_a_message_of_the_last_thread(void **state)
{
	(void)state;
	struct koru__waitq q;
	koru__waitq_init(&q);
	assert_int_equal(run(main_is_left_alone, &q), 3);
}

/* No memory for a detached task: the whole run fails, on all of its loops, and no
 * task is left waiting. */

static int ends_when_cancelled(void *arg)
{
	(void)arg;
	assert_int_equal(koru_sleep(KORU_FOREVER), -ECANCELED);
	return 0;
}

static int detaches_too_many(void *arg)
{
	enum koru_place place = *(enum koru_place *)arg;
	int rc;
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1000, ENOMEM);
	do
		rc = koru_go_on(NULL, place, ends_when_cancelled, NULL);
	while (rc == 0);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(rc, -ENOMEM);
	return 0;
}

struct detaching {
	enum koru_place from;
	enum koru_place place;
};

static int main_detaches_too_many(void *arg)
{
	struct detaching *d = arg;
	for (int i = 0; i < 2; i++)
		assert_int_equal(koru_go_on(NULL, KORU_LOOP(i), ends_when_cancelled, NULL), 0);
	koru_go_on(NULL, d->from, detaches_too_many, &d->place);
	assert_int_equal(koru_sleep(KORU_FOREVER), -ECANCELED);
	return 0;
}

static void test_no_memory_for_a_detached_task(void **state)
{
	(void)state;
	for (int from = 0; from < 2; from++)
		for (int to = 0; to < 2; to++) {
			struct detaching d = { KORU_LOOP(from), KORU_LOOP(to) };
			assert_int_equal(run_with(main_detaches_too_many, &d,
			                          &(struct koru_run_opts){ .loops = 2 }),
			                 -ENOMEM);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* While there are no threads yet: ThreadSanitizer's condition for fork. */
		cmocka_unit_test(test_threads_that_cannot_be_looked_at),
		cmocka_unit_test(test_it_is_reported_once),
		cmocka_unit_test(test_a_message_of_the_last_thread),
		cmocka_unit_test(test_no_memory_for_a_detached_task),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
