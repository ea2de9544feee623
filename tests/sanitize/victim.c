/* SPDX-License-Identifier: MIT
 *
 * Small programs for sanitize_test.c: some have a bug that a sanitizer has to report, others only
 * look as if they had. The first argument chooses. */
#include <koru/koru.h>

#include "sched/waitq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int *left_behind;
static int shared;

static int leaves_pointer(void *arg)
{
	int local = 5;
	(void)arg;
	left_behind = &local;
	koru_yield();
	return 0;
}

static int follows_pointer(void *arg)
{
	(void)arg;
	koru_sleep(KORU_MILLISECOND);
	return *left_behind == 5 ? 0 : 1;
}

static int leaves_pointer_in_a_call(void *arg)
{
	int local = 5;
	(void)arg;
	left_behind = &local;
	koru_sleep(100 * KORU_MICROSECOND);
	return 0;
}

static int two_tasks(koru_fn *a, koru_fn *b, enum koru_place place)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, place, a, NULL);
	koru_go_on(&s, place, b, NULL);
	return koru_scope_close(&s);
}

/* A pointer to what was on the stack of a task that has ended. */
static int use_after_return(void *arg)
{
	(void)arg;
	return two_tasks(leaves_pointer, follows_pointer, KORU_HERE);
}

static int use_after_return_in_a_call(void *arg)
{
	(void)arg;
	return two_tasks(leaves_pointer_in_a_call, follows_pointer, KORU_HERE);
}

static int writes_too_far(void *arg)
{
	char block[16];
	char *volatile at = block;
	(void)arg;
	memset(block, 0, sizeof(block));
	koru_yield();
	at[16] = 1;
	return block[3];
}

static int overflow(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, writes_too_far, arg);
	koru_go_with(NULL, writes_too_far, arg, &(struct koru_task_opts){ .stack_size = 16 << 10 });
	koru_yield();
	return koru_scope_close(&s);
}

/* The kernel is given a buffer, and somebody else frees it. */
static char *buffer;
static int pair[2];

static int reads_into_buffer(void *arg)
{
	(void)arg;
	return koru_read(pair[0], buffer, 100) == 100 ? 0 : 1;
}

static int frees_buffer(void *arg)
{
	char block[100] = { 0 };
	(void)arg;
	koru_sleep(KORU_MILLISECOND);
	free(buffer);
	return write(pair[1], block, sizeof(block)) == 100 ? 0 : 1;
}

static int freed_buffer(void *arg)
{
	(void)arg;
	buffer = malloc(100);
	if (!buffer || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return 1;
	return two_tasks(reads_into_buffer, frees_buffer, KORU_HERE);
}

static int counts(void *arg)
{
	(void)arg;
	shared++;
	return 0;
}

static int counts_and_waits(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		shared++;
		koru_sleep(20 * KORU_MICROSECOND);
	}
	return 0;
}

static int counts_and_yields(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		shared++;
		koru_yield();
	}
	return 0;
}

/* Tasks that might run on two loops at once, though today there is one. */
static int race_of_waiters(void *arg)
{
	(void)arg;
	return two_tasks(counts_and_waits, counts_and_waits, KORU_ANY_LOOP);
}

static int race_of_yielders(void *arg)
{
	(void)arg;
	return two_tasks(counts_and_yields, counts_and_yields, KORU_ANY_LOOP);
}

/* Neither ever waits: the second begins where the first has ended. */
static int race_of_runners(void *arg)
{
	(void)arg;
	return two_tasks(counts, counts, KORU_ANY_LOOP);
}

/* One after another on one stack. */
static int race_of_many(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 40; i++) {
		koru_go_on(&s, KORU_ANY_LOOP, counts, NULL);
		koru_yield();
	}
	return koru_scope_close(&s);
}

/* Whoever starts a task goes on beside it. */
static int race_with_parent(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, KORU_ANY_LOOP, counts, NULL);
	shared++;
	return koru_scope_close(&s);
}

/* Tasks of one loop never run at once, so what they share needs no lock. */
static int shared_on_one_loop(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 10; i++) {
		koru_go(&s, counts, arg);
		koru_go(&s, counts_and_waits, arg);
		koru_go(&s, counts_and_yields, arg);
		koru_go(NULL, counts, arg);
		shared++;
		koru_yield();
	}
	shared++;
	int rc = koru_scope_close(&s);
	return rc < 0 || shared < 80 ? 1 : 0;
}

/* Handed over from one to the other, wherever they run: at the start, at the end, by a wake-up. */
static struct koru__waitq queue;

static int waits_and_counts(void *arg)
{
	(void)arg;
	if (koru__waitq_wait(&queue) != 1)
		return -1;
	shared++;
	return 0;
}

static int counts_and_wakes(void *arg)
{
	(void)arg;
	koru_sleep(KORU_MILLISECOND);
	shared++;
	koru__waitq_wake_one(&queue, 1);
	return 0;
}

static int handed_over(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru__waitq_init(&queue);
	for (int i = 0; i < 10; i++) {
		shared++;
		koru_scope_open(&s, NULL);
		koru_go_on(&s, KORU_ANY_LOOP, i % 2 ? counts : counts_and_waits, NULL);
		if (koru_scope_close(&s) < 0)
			return 1;
		shared++;
		if (two_tasks(waits_and_counts, counts_and_wakes, KORU_ANY_LOOP) < 0)
			return 1;
		shared++;
	}
	return 0;
}

static const struct {
	const char *name;
	koru_fn *fn;
} programs[] = {
	{ "use_after_return", use_after_return },
	{ "use_after_return_in_a_call", use_after_return_in_a_call },
	{ "overflow", overflow },
	{ "freed_buffer", freed_buffer },
	{ "race_of_waiters", race_of_waiters },
	{ "race_of_yielders", race_of_yielders },
	{ "race_of_runners", race_of_runners },
	{ "race_of_many", race_of_many },
	{ "race_with_parent", race_with_parent },
	{ "shared_on_one_loop", shared_on_one_loop },
	{ "handed_over", handed_over },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcmp(argv[1], programs[i].name) == 0)
			return koru_run(programs[i].fn, NULL, NULL) == 0 ? EXIT_SUCCESS
			                                                 : EXIT_FAILURE;
	fprintf(stderr, "usage: victim PROGRAM\n");
	return 2;
}
