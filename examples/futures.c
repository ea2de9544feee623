/* SPDX-License-Identifier: MIT
 * Futures: results of tasks, the first of several, a task that says when it is ready, and a
 * callback of other code that a task awaits. */
#include <koru/koru.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static int length_of(void *arg)
{
	const char *text = arg;
	koru_sleep(KORU_MILLISECOND);
	return (int)strlen(text);
}

static int fails(void *arg)
{
	(void)arg;
	return -ENOENT;
}

/* Both run at the same time; an error goes to whoever awaits it. */
static int results(void)
{
	struct koru_scope s;
	struct koru_future one, two, bad;
	char first[] = "three", second[] = "and four";
	koru_scope_open(&s, NULL);
	koru_async(&s, &one, length_of, first);
	koru_async(&s, &two, length_of, second);
	koru_async(&s, &bad, fails, NULL);
	printf("lengths: %d and %d\n", koru_await(&one), koru_await(&two));
	printf("the third: %s\n", koru_strerror(koru_await(&bad)));
	return koru_scope_close(&s);
}

struct server {
	int64_t delay;
	int answer;
};

static int ask(void *arg)
{
	const struct server *server = arg;
	int rc = koru_sleep(server->delay);
	return rc < 0 ? rc : server->answer;
}

/* The first answer wins, and the rest is cancelled. */
static int race(void)
{
	struct server servers[] = { { KORU_HOUR, 1 }, { KORU_MILLISECOND, 2 }, { KORU_HOUR, 3 } };
	struct koru_scope s;
	struct koru_future f[3];
	int winner;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 3; i++)
		koru_async(&s, &f[i], ask, &servers[i]);
	struct koru_future *const all[] = { &f[0], &f[1], &f[2] };
	int answer = koru_await_first(all, 3, &winner);
	koru_scope_cancel(&s);
	int rc = koru_scope_close(&s);
	printf("server %d answered %d\n", winner, answer);
	return rc == -ECANCELED ? 0 : rc;
}

static int serve(void *arg)
{
	int *port = arg;
	*port = 8080; /* as if it had been opened */
	koru_ready();
	return koru_sleep(KORU_FOREVER);
}

/* koru_start returns when the server listens, not when it has ended. */
static int start(void)
{
	struct koru_scope s;
	struct koru_future server;
	int port = 0;
	koru_scope_open(&s, NULL);
	int rc = koru_start(&s, &server, serve, &port);
	printf("started: %d, listens on %d\n", rc, port);
	koru_scope_cancel(&s);
	rc = koru_scope_close(&s);
	return rc == -ECANCELED ? 0 : rc;
}

/* Code that knows nothing of tasks calls back from a thread of its own. */
static void *calls_back(void *arg)
{
	koru_future_complete(arg, 42);
	return NULL;
}

static int callback(void)
{
	struct koru_future called;
	pthread_t thread;
	koru_future_init(&called);
	int rc = pthread_create(&thread, NULL, calls_back, &called);
	if (rc != 0)
		return -rc;
	printf("called back with %d\n", koru_await(&called));
	pthread_join(thread, NULL);
	return 0;
}

static int run(void *arg)
{
	(void)arg;
	int rc = results();
	if (rc == 0)
		rc = race();
	if (rc == 0)
		rc = start();
	if (rc == 0)
		rc = callback();
	return rc;
}

int main(void)
{
	return koru_run(run, NULL, NULL) < 0;
}
