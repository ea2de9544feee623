/* SPDX-License-Identifier: MIT
 * Tasks of two loops and a plain thread share an account: a mutex, a condition, a koru_once and a
 * wait group, and what a deadline does to one who waits. */
#include <koru/koru.h>

#include <pthread.h>
#include <stdio.h>

static struct {
	struct koru_mutex lock;
	struct koru_cond grown; /* the balance has */
	long balance;
} account; /* all zero bytes: an open mutex, a condition that nobody waits for */

static struct koru_once rate_known = KORU_ONCE_INIT;
static struct koru_wait_group threads = KORU_WAIT_GROUP_INIT(0);
static long rate;

static int deposit(long sum)
{
	int rc = koru_mutex_lock(&account.lock);
	if (rc < 0)
		return rc; /* cancelled: not locked */
	account.balance += sum;
	koru_cond_broadcast(&account.grown);
	return koru_mutex_unlock(&account.lock);
}

/* Returns 0 once there is so much, or -ECANCELED. */
static int wait_for(long sum)
{
	int rc = koru_mutex_lock(&account.lock);
	if (rc < 0)
		return rc;
	while (rc == 0 && account.balance < sum)
		rc = koru_cond_wait(&account.grown, &account.lock);
	koru_mutex_unlock(&account.lock); /* locked again even if the wait was cancelled */
	return rc;
}

/* Done by whoever comes first; the others wait for it. */
static int ask_for_rate(void *arg)
{
	(void)arg;
	puts("asking for the rate");
	rate = 2;
	return koru_sleep(KORU_MILLISECOND);
}

static int saver(void *arg)
{
	(void)arg;
	int rc = koru_once_run(&rate_known, ask_for_rate, NULL);
	for (int i = 0; rc == 0 && i < 1000; i++)
		rc = deposit(rate);
	return rc;
}

/* Not a task at all: the same calls, which block the thread. */
static void *thread_main(void *arg)
{
	saver(arg);
	koru_wait_group_done(&threads);
	return NULL;
}

static int app(void *arg)
{
	struct koru_scope savers, hopeless;
	pthread_t thread;
	koru_wait_group_add(&threads, 1);
	if (pthread_create(&thread, NULL, thread_main, arg) != 0)
		return -1;
	koru_scope_open(&savers, &(struct koru_scope_opts){ .timeout = KORU_MINUTE });
	for (int i = 0; i < 4; i++)
		koru_go_on(&savers, KORU_ANY_LOOP, saver, NULL);
	if (wait_for(5000) == 0)
		puts("there are 5,000");
	int rc = koru_scope_close(&savers);
	if (rc == 0)
		rc = koru_wait_group_wait(&threads);
	pthread_join(thread, NULL);
	printf("%ld in the end\n", account.balance);

	koru_scope_open(&hopeless, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	wait_for(1000000);
	printf("1,000,000: %s\n", koru_strerror(koru_scope_close(&hopeless)));
	return rc;
}

int main(void)
{
	return koru_run(app, NULL, &(struct koru_run_opts){ .loops = 2 }) < 0;
}
