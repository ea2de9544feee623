/* SPDX-License-Identifier: MIT
 * What the tests of the sync types share. See crowd.h. */
#include "sync/crowd.h"

#include "support/cmocka.h"

#include "base/lock.h"
#include "context/sanitize.h"
#include "sched/wait.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { MEMBERS_MAX = 64 };

static atomic_int numbers;

/* Tasks of one loop share its thread-locals, hence a table by task and a number by thread. */
static __thread int own_number;
static __thread int base_number;

int crowd_number(void)
{
	const char *name = koru_task_name();
	return name ? base_number + (name[0] - 'a') : own_number;
}

int crowd_size(const struct crowd *crowd)
{
	return crowd->loops * crowd->tasks + crowd->threads;
}

static int main_of_loop(void *arg)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h",
		                             "i", "j", "k", "l", "m", "n", "o", "p" };
	const struct crowd *crowd = arg;
	int n = crowd->together ? crowd->loops * crowd->tasks : crowd->tasks;
	struct koru_scope all;
	assert_true(n <= (int)(sizeof(names) / sizeof(names[0])));
	if (!crowd->together)
		base_number = atomic_fetch_add(&numbers, n);
	koru_scope_open(&all, NULL);
	for (int i = 0; i < n; i++)
		koru_go_with(&all, crowd->body, crowd->arg,
		             &(struct koru_task_opts){
		                     .name = names[i],
		                     .place = crowd->together ? KORU_ANY_LOOP : KORU_HERE,
		             });
	return koru_scope_close(&all);
}

static void *loop_thread(void *arg)
{
	const struct crowd *crowd = arg;
	struct koru_run_opts opts = { .loops = crowd->together ? crowd->loops : 1 };
	return (void *)(intptr_t)koru_run(main_of_loop, arg, &opts);
}

static void *plain_thread(void *arg)
{
	const struct crowd *crowd = arg;
	own_number = atomic_fetch_add(&numbers, 1);
	return (void *)(intptr_t)crowd->body(crowd->arg);
}

void crowd_run(const struct crowd *crowd)
{
	pthread_t threads[MEMBERS_MAX];
	struct crowd copy = *crowd;
	int runs = crowd->together ? 1 : crowd->loops;
	int n = runs + crowd->threads;
	assert_true(n <= MEMBERS_MAX);
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	atomic_store(&numbers, crowd->together ? crowd->loops * crowd->tasks : 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		                                i < runs ? loop_thread : plain_thread, &copy),
		                 0);
	for (int i = 0; i < n; i++) {
		void *result;
		pthread_join(threads[i], &result);
		assert_int_equal((intptr_t)result, 0);
	}
	unsetenv("CMOCKA_TEST_ABORT");
}

static void *aside_thread(void *arg)
{
	struct aside *aside = arg;
	return (void *)(intptr_t)aside->body(aside->arg);
}

void aside_start(struct aside *aside, koru_fn *body, void *arg)
{
	pthread_t thread;
	aside->body = body;
	aside->arg = arg;
	assert_int_equal(pthread_create(&thread, NULL, aside_thread, aside), 0);
	aside->thread = thread;
}

int aside_join(struct aside *aside)
{
	void *result;
	assert_int_equal(pthread_join(aside->thread, &result), 0);
	return (int)(intptr_t)result;
}

int count_waiters(struct koru__lock *lock, const struct koru__waiters *waiters)
{
	int n = 0;
	koru__sanitize_quiet_begin(); /* ThreadSanitizer does not know of the library's lock */
	koru__lock_take(lock);
	for (const struct koru__waiter *w = waiters->first; w; w = w->next)
		n++;
	koru__lock_give(lock);
	koru__sanitize_quiet_end();
	return n;
}

unsigned dice(unsigned *seed, unsigned sides)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 16) % sides;
}

static void on_alarm(int sig)
{
	static const char text[] = "waited in vain: a wake-up was lost\n";
	(void)sig;
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(n > 0 ? 3 : 4);
}

void give_up_after(unsigned seconds)
{
	signal(SIGALRM, on_alarm);
	alarm(seconds);
}
