/* SPDX-License-Identifier: MIT
 * Stack overflow is named; other faults go where they went before. context/overflow.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "context/guard.h"
#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static __attribute__((noinline)) int recurse(int depth)
{
	volatile char block[256];
	block[0] = (char)depth;
	block[255] = block[0];
	int below = depth < 100000000 ? recurse(depth + 1) : 0;
	return below + block[255];
}

static int digs_too_deep(void *arg)
{
	(void)arg;
	return recurse(0);
}

static int main_digs(void *arg)
{
	return digs_too_deep(arg);
}

static int main_starts_a_digger(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go_with(&s, digs_too_deep, NULL,
	             &(struct koru_task_opts){ .name = "the digger", .stack_size = 256 << 10 });
	return koru_scope_close(&s);
}

static int starts_detached_digger(void *arg)
{
	(void)arg;
	koru_go(NULL, digs_too_deep, NULL);
	return koru_sleep(KORU_SECOND);
}

static int program_main_digs(void *arg)
{
	return koru_run(main_digs, arg, NULL);
}

static int program_digger(void *arg)
{
	return koru_run(main_starts_a_digger, arg, NULL);
}

static int program_detached(void *arg)
{
	struct koru_run_opts opts = { .stack_size = 128 << 10 };
	return koru_run(starts_detached_digger, arg, &opts);
}

static int program_with_mprotect(void *arg)
{
	koru__guard_forget();
	koru__fault_arm(KORU__FAULT_GUARD, 0, 1000000, EINVAL);
	return koru_run(main_digs, arg, NULL);
}

static void *thread_digs(void *arg)
{
	koru_run(main_starts_a_digger, arg, NULL);
	return NULL;
}

/* In a loop on another thread, while the first has one too. */
static int main_starts_thread(void *arg)
{
	pthread_t thread;
	pthread_create(&thread, NULL, thread_digs, arg);
	pthread_join(thread, NULL);
	return 0;
}

static int program_thread(void *arg)
{
	return koru_run(main_starts_thread, arg, NULL);
}

/* The user's own alternate stack serves too. */
static int program_own_altstack(void *arg)
{
	static char own[64 << 10];
	stack_t ours = { .ss_sp = own, .ss_size = sizeof(own) };
	stack_t now;
	sigaltstack(&ours, NULL);
	koru_run(starts_detached_digger, arg, NULL);
	sigaltstack(NULL, &now);
	return now.ss_sp == own ? 0 : 1;
}

static void expect_overflow(int (*program)(void *arg), const char *name, const char *size)
{
	struct child child;
	in_child(&child, program, NULL);
	if (child.exited || child.code != SIGABRT || !strstr(child.said, name) ||
	    !strstr(child.said, size))
		print_message("exited %d, code %d, said: %s\n", child.exited, child.code,
		              child.said);
	assert_false(child.exited);
	assert_int_equal(child.code, SIGABRT);
	assert_non_null(strstr(child.said, "stack overflow"));
	assert_non_null(strstr(child.said, name));
	assert_non_null(strstr(child.said, size));
}

static void test_an_overflow_names_task_and_size(void **state)
{
	(void)state;
	expect_overflow(program_main_digs, "'main'", "65536 bytes");
	expect_overflow(program_digger, "'the digger'", "262144 bytes");
	expect_overflow(program_detached, "'digs_too_deep'", "131072 bytes");
	expect_overflow(program_with_mprotect, "'main'", "65536 bytes");
	expect_overflow(program_thread, "'the digger'", "262144 bytes");
	expect_overflow(program_own_altstack, "'digs_too_deep'", "65536 bytes");
}

static char *no_access(void)
{
	return mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int touches_nothing(void *arg)
{
	(void)arg;
	*(volatile char *)no_access() = 1;
	return 0;
}

static int program_faults(void *arg)
{
	return koru_run(touches_nothing, arg, NULL);
}

static int handled_signal;
static void *handled_address;

static void handler_with_info(int sig, siginfo_t *info, void *context)
{
	(void)context;
	handled_signal = sig;
	handled_address = info->si_addr;
	_exit(info->si_addr ? 40 : 41);
}

static void plain_handler(int sig)
{
	_exit(sig == SIGSEGV ? 50 : 51);
}

static int program_with_info_handler(void *arg)
{
	struct sigaction action = { .sa_sigaction = handler_with_info, .sa_flags = SA_SIGINFO };
	sigaction(SIGSEGV, &action, NULL);
	return koru_run(touches_nothing, arg, NULL);
}

static int program_with_plain_handler(void *arg)
{
	signal(SIGSEGV, plain_handler);
	return koru_run(touches_nothing, arg, NULL);
}

static int raises(void *arg)
{
	raise((int)(intptr_t)arg);
	koru_yield();
	return 60;
}

static int program_raises(void *arg)
{
	return koru_run(raises, arg, NULL);
}

static int program_ignores(void *arg)
{
	signal((int)(intptr_t)arg, SIG_IGN);
	return koru_run(raises, arg, NULL);
}

static void expect_exit(int (*program)(void *arg), void *arg, int code)
{
	struct child child;
	in_child(&child, program, arg);
	assert_true(child.exited);
	assert_int_equal(child.code, code);
}

static void expect_signal(int (*program)(void *arg), void *arg, int sig)
{
	struct child child;
	in_child(&child, program, arg);
	assert_false(child.exited);
	assert_int_equal(child.code, sig);
	assert_null(strstr(child.said, "stack overflow"));
}

static void test_other_faults_go_where_they_went(void **state)
{
	(void)state;
	expect_signal(program_faults, NULL, SIGSEGV);
	expect_exit(program_with_info_handler, NULL, 40);
	expect_exit(program_with_plain_handler, NULL, 50);
	/* Sent by somebody, not met by an instruction. */
	expect_signal(program_raises, NUMBER(SIGSEGV), SIGSEGV);
	expect_signal(program_raises, NUMBER(SIGBUS), SIGBUS);
	expect_exit(program_ignores, NUMBER(SIGSEGV), 60);
	expect_exit(program_ignores, NUMBER(SIGBUS), 60);
}

/* Outside koru_run, before and after, the program's own disposition holds. */
static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int program_faults_afterwards(void *arg)
{
	struct sigaction segv, bus;
	signal(SIGSEGV, plain_handler);
	signal(SIGBUS, plain_handler);
	koru_run(nothing, arg, NULL);
	sigaction(SIGSEGV, NULL, &segv);
	sigaction(SIGBUS, NULL, &bus);
	if (segv.sa_handler != plain_handler || bus.sa_handler != plain_handler)
		return 1;
	return touches_nothing(arg);
}

static int installs_a_handler(void *arg)
{
	(void)arg;
	signal(SIGSEGV, plain_handler);
	return 0;
}

static int program_installs_inside(void *arg)
{
	koru_run(installs_a_handler, arg, NULL);
	return touches_nothing(arg); /* what was installed meanwhile stays */
}

/* The first loop ends while the second runs: the handler stays until the last. */
struct two {
	pthread_barrier_t barrier;
};

static int waits_then_digs(void *arg)
{
	struct two *t = arg;
	pthread_barrier_wait(&t->barrier);
	pthread_barrier_wait(&t->barrier);
	return digs_too_deep(arg);
}

static void *second_loop(void *arg)
{
	koru_run(waits_then_digs, arg, NULL);
	return NULL;
}

static int waits_once(void *arg)
{
	struct two *t = arg;
	pthread_barrier_wait(&t->barrier);
	return 0;
}

static int program_two_loops(void *arg)
{
	struct two t;
	pthread_t thread;
	(void)arg;
	pthread_barrier_init(&t.barrier, NULL, 2);
	pthread_create(&thread, NULL, second_loop, &t);
	koru_run(waits_once, &t, NULL);
	pthread_barrier_wait(&t.barrier);
	pthread_join(thread, NULL);
	return 0;
}

static void test_the_handler_is_there_while_a_loop_is(void **state)
{
	(void)state;
	expect_exit(program_faults_afterwards, NULL, 50);
	expect_exit(program_installs_inside, NULL, 50);
	expect_overflow(program_two_loops, "'main'", "65536 bytes");
}

int main(void)
{
#ifdef KORU_VALGRIND
	print_message("skipped: every fault is an error to Valgrind\n");
	return 77;
#endif
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_overflow_names_task_and_size),
		cmocka_unit_test(test_other_faults_go_where_they_went),
		cmocka_unit_test(test_the_handler_is_there_while_a_loop_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
