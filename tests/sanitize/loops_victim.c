/* SPDX-License-Identifier: MIT
 *
 * Small programs for loops_race_test.c: tasks of two loops, and a thread beside them, share a
 * number; what koru orders between them is either enough for that or not. The first argument
 * chooses. */
#include <koru/koru.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 20 };

static int shared;
static struct koru_event happened;

static int counts(void *arg)
{
	(void)arg;
	shared++;
	return 0;
}

static int counts_and_yields(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		shared++;
		koru_yield();
	}
	return 0;
}

static int counts_and_sleeps(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		shared++;
		koru_sleep(20 * KORU_MICROSECOND);
	}
	return 0;
}

/* `first` at one place and `second` at another, in one scope. */
static int both(enum koru_place place, koru_fn *first, enum koru_place other, koru_fn *second)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, place, first, NULL);
	koru_go_on(&s, other, second, NULL);
	return koru_scope_close(&s);
}

/* Races */

static int on_any_loop(void *arg)
{
	(void)arg;
	return both(KORU_ANY_LOOP, counts_and_yields, KORU_ANY_LOOP, counts_and_yields);
}

static int on_any_loop_asleep(void *arg)
{
	(void)arg;
	return both(KORU_ANY_LOOP, counts_and_sleeps, KORU_ANY_LOOP, counts_and_sleeps);
}

/* Too short to run at the same time. */
static int on_any_loop_at_once(void *arg)
{
	(void)arg;
	return both(KORU_ANY_LOOP, counts, KORU_ANY_LOOP, counts);
}

static int on_two_loops(void *arg)
{
	(void)arg;
	return both(KORU_LOOP(0), counts_and_yields, KORU_LOOP(1), counts_and_yields);
}

static int on_two_loops_at_once(void *arg)
{
	(void)arg;
	return both(KORU_LOOP(0), counts, KORU_LOOP(1), counts);
}

static int beside_the_parent(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, KORU_LOOP(1), counts, arg);
	shared++;
	return koru_scope_close(&s);
}

static int sets_too_early(void *arg)
{
	(void)arg;
	koru_event_set(&happened);
	shared++;
	return 0;
}

static int waits_and_counts(void *arg)
{
	(void)arg;
	int rc = koru_event_wait(&happened);
	shared++;
	return rc;
}

static int beside_the_waker(void *arg)
{
	(void)arg;
	return both(KORU_LOOP(0), waits_and_counts, KORU_LOOP(1), sets_too_early);
}

static int says_it_has_happened(void *arg)
{
	(void)arg;
	shared++;
	koru_event_set(&happened);
	return 0;
}

static void *posts_too_early(void *arg)
{
	koru_post(arg, says_it_has_happened, NULL);
	shared++;
	return NULL;
}

static int with_thread(void *(*body)(void *arg))
{
	struct koru_port *port;
	pthread_t thread;
	if (koru_port_new(&port) < 0 || pthread_create(&thread, NULL, body, port) != 0)
		return -1;
	int rc = koru_event_wait(&happened);
	pthread_join(thread, NULL);
	koru_port_unref(port);
	return rc;
}

static int beside_the_poster(void *arg)
{
	(void)arg;
	return with_thread(posts_too_early);
}

/* No races */

/* At the start, and when the scope is closed. */
static int at_start_and_end(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct koru_scope s;
		shared++;
		koru_scope_open(&s, NULL);
		koru_go_on(&s, i % 2 ? KORU_LOOP(1) : KORU_ANY_LOOP,
		           i % 3 ? counts : counts_and_sleeps, arg);
		if (koru_scope_close(&s) < 0)
			return -1;
		shared++;
	}
	return 0;
}

/* A task of another loop puts the next one into the scope it is in. */
static int adds_another(void *arg)
{
	shared++;
	return koru_go_on(arg, KORU_LOOP(0), counts, NULL);
}

static int joined_from_another_loop(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		struct koru_scope s;
		koru_scope_open(&s, NULL);
		koru_go_on(&s, KORU_LOOP(1), adds_another, &s);
		if (koru_scope_close(&s) < 0)
			return -1;
		shared++;
	}
	return 0;
}

/* The tasks of a loop never run at once, wherever they were started from. */
static int on_one_loop(void *arg)
{
	(void)arg;
	return both(KORU_LOOP(1), counts_and_yields, KORU_LOOP(1), counts_and_sleeps);
}

/* One after the other, to and fro. */
static struct koru_event turns[2];

static int takes_turns(void *arg)
{
	int self = (int)(intptr_t)arg;
	for (int i = 0; i < ROUNDS; i++) {
		if (koru_event_wait(&turns[self]) < 0)
			return -1;
		koru_event_clear(&turns[self]);
		shared++;
		koru_event_set(&turns[!self]);
	}
	return 0;
}

static int by_waking(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, KORU_LOOP(1), takes_turns, (void *)1);
	koru_go_on(&s, KORU_ANY_LOOP, takes_turns, NULL);
	koru_event_set(&turns[0]);
	int rc = koru_scope_close(&s);
	return rc == 0 && shared == 2 * ROUNDS ? 0 : -1;
}

/* A thread hands over what it has written; and what was posted has one loop to itself. */
static int values[ROUNDS];

static int adds_value(void *arg)
{
	shared += *(int *)arg;
	return 0;
}

static void *posts(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		values[i] = i;
		koru_post(arg, adds_value, &values[i]);
	}
	koru_post(arg, says_it_has_happened, NULL);
	return NULL;
}

static int by_posting(void *arg)
{
	(void)arg;
	shared = 1;
	int rc = with_thread(posts);
	return rc == 0 && shared == 2 + ROUNDS * (ROUNDS - 1) / 2 ? 0 : -1;
}

/* A scope is cancelled from another loop: nothing of koru's own is a race either. */
static int waits(void *arg)
{
	(void)arg;
	koru_sleep(KORU_HOUR);
	return 0;
}

static int cancels(void *arg)
{
	koru_scope_cancel(arg);
	return 0;
}

static int cancelled_from_another_loop(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		struct koru_scope s;
		koru_scope_open(&s, NULL);
		for (int k = 0; k < 4; k++)
			koru_go_on(&s, k % 2 ? KORU_LOOP(1) : KORU_ANY_LOOP, waits, NULL);
		koru_go_on(&s, KORU_LOOP(1), cancels, &s);
		shared++;
		if (koru_scope_close(&s) != -ECANCELED)
			return -1;
	}
	return 0;
}

static const struct {
	const char *name;
	koru_fn *fn;
} programs[] = {
	{ "on_any_loop", on_any_loop },
	{ "on_any_loop_asleep", on_any_loop_asleep },
	{ "on_any_loop_at_once", on_any_loop_at_once },
	{ "on_two_loops", on_two_loops },
	{ "on_two_loops_at_once", on_two_loops_at_once },
	{ "beside_the_parent", beside_the_parent },
	{ "beside_the_waker", beside_the_waker },
	{ "beside_the_poster", beside_the_poster },
	{ "at_start_and_end", at_start_and_end },
	{ "joined_from_another_loop", joined_from_another_loop },
	{ "on_one_loop", on_one_loop },
	{ "by_waking", by_waking },
	{ "by_posting", by_posting },
	{ "cancelled_from_another_loop", cancelled_from_another_loop },
};

int main(int argc, char **argv)
{
	const struct koru_run_opts two = { .loops = 2 };
	for (size_t i = 0; argc == 2 && i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcmp(argv[1], programs[i].name) == 0)
			return koru_run(programs[i].fn, NULL, &two) == 0 ? EXIT_SUCCESS
			                                                 : EXIT_FAILURE;
	fprintf(stderr, "usage: victim PROGRAM\n");
	return 2;
}
