/* SPDX-License-Identifier: MIT
 *
 * Small programs for race_test.c: tasks of two loops and a plain thread share a number, protected
 * by one sync type or another, or not protected. The first argument chooses. */
#include "sync/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 50 };

static const struct crowd everybody = { .loops = 2, .tasks = 2, .threads = 1 };
enum { MEMBERS = 5 };

static int shared;
static int others;

static struct koru_mutex mutex;
static struct koru_rwlock rwlock;
static struct koru_cond cond;
static struct koru_sem sem = KORU_SEM_INIT(1);
static struct koru_event event;
static struct koru_barrier barrier = KORU_BARRIER_INIT(MEMBERS);
static struct koru_once once;
static struct koru_wait_group group = KORU_WAIT_GROUP_INIT(MEMBERS - 1);

static int unprotected(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		shared++;
		koru_yield();
	}
	return 0;
}

static int with_mutex(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		koru_mutex_lock(&mutex);
		shared++;
		koru_yield();
		shared++;
		koru_mutex_unlock(&mutex);
	}
	return 0;
}

/* The last touch is outside. */
static int beside_mutex(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		koru_mutex_lock(&mutex);
		others++;
		koru_mutex_unlock(&mutex);
		shared++;
	}
	return 0;
}

static int with_rwlock(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		koru_rwlock_wrlock(&rwlock);
		shared++;
		koru_rwlock_unlock(&rwlock);
		koru_rwlock_rdlock(&rwlock);
		if (shared == 0)
			return -1;
		koru_rwlock_unlock(&rwlock);
	}
	return 0;
}

static int written_by_readers(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		koru_rwlock_rdlock(&rwlock);
		shared++;
		koru_rwlock_unlock(&rwlock);
	}
	return 0;
}

static int with_cond(void *arg)
{
	int self = crowd_number();
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		koru_mutex_lock(&mutex);
		while (shared % MEMBERS != self)
			koru_cond_wait(&cond, &mutex);
		shared++;
		koru_cond_broadcast(&cond);
		koru_mutex_unlock(&mutex);
	}
	return 0;
}

static int with_sem(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 2)
			koru_sem_wait(&sem);
		else
			while (koru_sem_trywait(&sem) < 0)
				koru_yield();
		shared++;
		koru_sem_post(&sem);
	}
	return 0;
}

/* One makes it, the others read; half of them only look. */
static int with_event(void *arg)
{
	int self = crowd_number();
	(void)arg;
	if (self == 0) {
		shared = 1;
		koru_event_set(&event);
	} else if (self % 2) {
		koru_event_wait(&event);
	} else {
		while (!koru_event_is_set(&event))
			koru_yield();
	}
	return shared == 1 ? 0 : -1;
}

static int beside_event(void *arg)
{
	if (crowd_number() != 0)
		return with_event(arg);
	with_event(arg);
	koru_yield();
	shared = 1;
	return 0;
}

static int with_barrier(void *arg)
{
	int self = crowd_number();
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		if (i % MEMBERS == self)
			shared++;
		koru_barrier_wait(&barrier);
	}
	return 0;
}

static int after_barrier(void *arg)
{
	with_barrier(arg);
	shared++;
	return 0;
}

static int makes(void *arg)
{
	(void)arg;
	return ++shared < 3 ? -1 : 0; /* fails twice */
}

static int with_once(void *arg)
{
	int rc;
	(void)arg;
	do
		rc = koru_once_run(&once, makes, NULL);
	while (rc < 0);
	return shared == 3 ? 0 : -1;
}

static int each[MEMBERS];

static int with_wait_group(void *arg)
{
	int self = crowd_number(), sum = 0;
	(void)arg;
	if (self > 0) {
		each[self] = self;
		koru_wait_group_done(&group);
		return 0;
	}
	koru_wait_group_wait(&group);
	for (int i = 0; i < MEMBERS; i++)
		sum += each[i];
	return sum == MEMBERS * (MEMBERS - 1) / 2 ? 0 : -1;
}

static const struct {
	const char *name;
	koru_fn *fn;
} programs[] = {
	{ "unprotected", unprotected },
	{ "beside_mutex", beside_mutex },
	{ "written_by_readers", written_by_readers },
	{ "beside_event", beside_event },
	{ "after_barrier", after_barrier },
	{ "mutex", with_mutex },
	{ "rwlock", with_rwlock },
	{ "cond", with_cond },
	{ "sem", with_sem },
	{ "event", with_event },
	{ "barrier", with_barrier },
	{ "once", with_once },
	{ "wait_group", with_wait_group },
};

/* All begin together, or the end of one loop would be ordered before the beginning of another: they
 * share a lock around signal handlers. The start itself orders nothing. */
static atomic_int started;
static koru_fn *program;

static int starts(void *arg)
{
	atomic_fetch_add_explicit(&started, 1, memory_order_relaxed);
	while (atomic_load_explicit(&started, memory_order_relaxed) < MEMBERS)
		koru_yield();
	return program(arg);
}

int main(int argc, char **argv)
{
	give_up_after(60);
	for (size_t i = 0; argc == 2 && i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (strcmp(argv[1], programs[i].name) != 0)
			continue;
		struct crowd crowd = everybody;
		crowd.body = starts;
		program = programs[i].fn;
		crowd_run(&crowd);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "usage: victim PROGRAM\n");
	return 2;
}
