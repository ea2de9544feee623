/* SPDX-License-Identifier: MIT
 * The client's connections when many want them: the limit per origin, whose turn it is, and
 * tasks that give up. */
#include "client.h"

#include <errno.h>
#include <pthread.h>

#define OK3 "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"

/* How many requests are being answered at once, and the most there have been. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int busy, busy_most;

static void count(int by)
{
	pthread_mutex_lock(&lock);
	busy += by;
	if (busy > busy_most)
		busy_most = busy;
	pthread_mutex_unlock(&lock);
}

/* The most since the last call. */
static int most_busy(void)
{
	pthread_mutex_lock(&lock);
	int most = busy_most;
	busy_most = busy;
	pthread_mutex_unlock(&lock);
	return most;
}

/* Answers after 20 ms; "/close" with an end of the connection, "/die" with nothing else. */
static void slowly(struct raw *raw, int fd, int nth)
{
	(void)nth;
	while (raw_read(raw, fd)) {
		count(1);
		raw_nap_ms(20);
		count(-1);
		const char *last = raw_request(raw, raw_requests(raw) - 1);
		if (strncmp(last, "GET /die", 8) == 0)
			return;
		if (strncmp(last, "GET /close", 10) == 0) {
			raw_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close"
			             "\r\n\r\nabc");
			return;
		}
		if (!raw_send(fd, OK3))
			return;
	}
}

static struct koru_http_client *make_client(unsigned per_host_max, unsigned idle_max)
{
	struct koru_http_client *client;
	struct koru_http_client_opts opts = { .per_host_max = per_host_max, .idle_max = idle_max };
	(void)most_busy();
	assert_int_equal(koru_http_client_new(&opts, &client), 0);
	return client;
}

struct ask {
	struct koru_http_opts opts;
	const char *url;
	int rc;
	int *turn; /* counts who has come back */
	int came;
};

static int get(void *arg)
{
	struct ask *ask = arg;
	struct koru_http_response *res;
	ask->rc = koru_http_get(ask->url, &ask->opts, &res);
	if (ask->rc == 0)
		koru_http_response_free(res);
	ask->came = ask->turn ? ++*ask->turn : 0;
	return 0;
}

static void ask_many(struct raw *raw, struct koru_http_client *client, const char *path, int many)
{
	struct koru_scope all;
	struct ask asks[64];
	char url[256];
	assert_true(many <= 64);
	snprintf(url, sizeof(url), "%s", url_of(raw_port(raw), path));
	koru_scope_open(&all, NULL);
	for (int i = 0; i < many; i++) {
		asks[i] = (struct ask){ .opts.client = client, .url = url };
		koru_go(&all, get, &asks[i]);
	}
	assert_int_equal(koru_scope_close(&all), 0);
	for (int i = 0; i < many; i++)
		assert_int_equal(asks[i].rc, 0);
}

TEST(as_many_as_allowed)
{
	struct raw *raw = raw_start(slowly, NULL);
	struct koru_http_client *client = make_client(4, 0);
	ask_many(raw, client, "/", 40);
	assert_int_equal(raw_connections(raw), 4);
	assert_int_equal(most_busy(), 4);
	koru_http_client_free(client);
	raw_stop(raw);
}

/* Slots pass on even where the connections in them do not. */
TEST(turns_without_keeping)
{
	struct raw *raw = raw_start(slowly, NULL);
	struct koru_http_client *client = make_client(3, 0);
	ask_many(raw, client, "/close", 12);
	assert_int_equal(raw_connections(raw), 12);
	assert_int_equal(most_busy(), 3);
	koru_http_client_free(client);
	raw_stop(raw);
}

TEST(kept_in_all)
{
	struct raw *raw = raw_start(slowly, NULL);
	struct koru_http_client *client = make_client(16, 2);
	ask_many(raw, client, "/", 8);
	assert_int_equal(raw_connections(raw), 8);
	ask_many(raw, client, "/", 8); /* two of them on kept connections */
	assert_int_equal(raw_connections(raw), 14);
	koru_http_client_free(client);
	raw_stop(raw);
}

/* Of several kept connections the latest used is taken, so that the others can grow old. */
static void by_number(struct raw *raw, int fd, int nth)
{
	char answer[128];
	snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", nth);
	while (raw_read(raw, fd)) {
		raw_nap_ms(nth ? 40 : 10);
		if (!raw_send(fd, answer))
			return;
	}
}

TEST(the_latest_used_first)
{
	struct raw *raw = raw_start(by_number, NULL);
	struct koru_http_client *client = make_client(4, 0);
	struct koru_http_opts opts = { .client = client };
	char url[256];
	snprintf(url, sizeof(url), "%s", url_of(raw_port(raw), "/"));
	ask_many(raw, client, "/", 2); /* number 1 takes longer, and is the latest */
	assert_int_equal(raw_connections(raw), 2);
	for (int i = 0; i < 3; i++)
		check_get(url, &opts, 200, "1");
	koru_http_client_free(client);
	raw_stop(raw);
}

TEST(first_come_first_served)
{
	struct raw *raw = raw_start(slowly, NULL);
	struct koru_http_client *client = make_client(1, 0);
	struct koru_scope all;
	struct ask asks[10];
	int turn = 0;
	char url[2][256];
	snprintf(url[0], sizeof(url[0]), "%s", url_of(raw_port(raw), "/"));
	snprintf(url[1], sizeof(url[1]), "%s", url_of(raw_port(raw), "/close"));
	koru_scope_open(&all, NULL);
	for (int i = 0; i < 10; i++) {
		asks[i] = (struct ask){ .opts.client = client,
			                .url = url[i % 3 == 1],
			                .turn = &turn };
		koru_go(&all, get, &asks[i]);
	}
	assert_int_equal(koru_scope_close(&all), 0);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(asks[i].rc, 0);
		assert_int_equal(asks[i].came, i + 1);
	}
	koru_http_client_free(client);
	raw_stop(raw);
}

static int get_until(void *arg)
{
	struct koru_scope brief;
	koru_scope_open(&brief, &(struct koru_scope_opts){ .timeout = 30 * KORU_MILLISECOND });
	(void)get(arg);
	assert_int_equal(koru_scope_close(&brief), -ETIMEDOUT);
	return 0;
}

/* Tasks that give up while they wait, or while they are answered, cost the others nothing. */
TEST(who_gives_up)
{
	struct raw *raw = raw_start(slowly, NULL);
	struct koru_http_client *client = make_client(1, 0);
	struct koru_scope all;
	struct ask asks[12];
	char url[256];
	snprintf(url, sizeof(url), "%s", url_of(raw_port(raw), "/"));
	koru_scope_open(&all, NULL);
	for (int i = 0; i < 12; i++) {
		asks[i] = (struct ask){ .opts.client = client, .url = url };
		koru_go(&all, i < 4 || i % 2 ? get : get_until, &asks[i]);
	}
	assert_int_equal(koru_scope_close(&all), 0);
	for (int i = 0; i < 12; i++)
		assert_int_equal(asks[i].rc, i < 4 || i % 2 ? 0 : -ECANCELED);
	assert_int_equal(raw_connections(raw), 1);
	/* One that gives up while it is being answered takes its connection along. */
	koru_scope_open(&all, &(struct koru_scope_opts){ .timeout = 5 * KORU_MILLISECOND });
	asks[0] = (struct ask){ .opts.client = client, .url = url };
	(void)get(&asks[0]);
	assert_int_equal(koru_scope_close(&all), -ETIMEDOUT);
	assert_int_equal(asks[0].rc, -ECANCELED);
	(void)get(&asks[0]);
	assert_int_equal(asks[0].rc, 0);
	assert_int_equal(raw_connections(raw), 2);
	koru_http_client_free(client);
	raw_stop(raw);
}

/* Failures give their slots back too. */
TEST(failures_pass_the_turn)
{
	struct raw *raw = raw_start(slowly, NULL);
	struct koru_http_client *client = make_client(1, 0);
	struct koru_scope all;
	struct ask asks[6];
	char url[2][256];
	snprintf(url[0], sizeof(url[0]), "%s", url_of(raw_port(raw), "/"));
	snprintf(url[1], sizeof(url[1]), "%s", url_of(raw_port(raw), "/die"));
	koru_scope_open(&all, NULL);
	for (int i = 0; i < 6; i++) {
		asks[i] = (struct ask){ .opts.client = client, .url = url[i % 2 == 0] };
		koru_go(&all, get, &asks[i]);
	}
	assert_int_equal(koru_scope_close(&all), 0);
	for (int i = 0; i < 6; i++)
		assert_int_equal(asks[i].rc, i % 2 == 0 ? -KORU_EEOF : 0);
	koru_http_client_free(client);
	uint16_t port = raw_port(raw);
	raw_stop(raw);
	client = make_client(1, 0);
	snprintf(url[0], sizeof(url[0]), "%s", url_of(port, "/"));
	koru_scope_open(&all, NULL);
	for (int i = 0; i < 6; i++) {
		asks[i] = (struct ask){ .opts.client = client, .url = url[0] };
		koru_go(&all, get, &asks[i]);
	}
	assert_int_equal(koru_scope_close(&all), 0);
	for (int i = 0; i < 6; i++)
		assert_int_equal(asks[i].rc, -ECONNREFUSED);
	koru_http_client_free(client);
}

static int use_elsewhere(void *arg)
{
	struct koru_http_opts opts = { .client = arg };
	struct koru_http_response *res;
	return koru_http_get("http://127.0.0.1:1/", &opts, &res);
}

static void *other_loop(void *arg)
{
	int rc = koru_run(use_elsewhere, arg, NULL);
	return (void *)(intptr_t)rc;
}

TEST(a_client_of_another_loop)
{
	struct koru_http_client *client = make_client(1, 0);
	struct koru_http_opts opts = { .client = client };
	check_fails("http://127.0.0.1:1/", &opts, -ECONNREFUSED, "");
	pthread_t thread;
	void *rc;
	assert_int_equal(pthread_create(&thread, NULL, other_loop, client), 0);
	assert_int_equal(pthread_join(thread, &rc), 0);
	assert_int_equal((intptr_t)rc, -EPERM);
	koru_http_client_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_as_allowed),
		cmocka_unit_test(turns_without_keeping),
		cmocka_unit_test(kept_in_all),
		cmocka_unit_test(the_latest_used_first),
		cmocka_unit_test(first_come_first_served),
		cmocka_unit_test(who_gives_up),
		cmocka_unit_test(failures_pass_the_turn),
		cmocka_unit_test(a_client_of_another_loop),
	};
	forget_proxies();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
