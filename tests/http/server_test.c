/* SPDX-License-Identifier: MIT
 * The small server, spoken to by plain blocking sockets on another thread. */
#include "client.h"

#include "base/fault.h"
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

static int handle(void *arg, const struct koru__http_ask *ask, struct koru__http_reply *reply)
{
	static const struct koru_http_header header = { "X-More", "yes" };
	static char large[100000];
	(void)arg;
	*reply = (struct koru__http_reply){
		.status = 200, .type = "text/plain", .body = "hello", .body_len = 5
	};
#define AT(path)                                                                                   \
	(ask->target.len == strlen(path) && memcmp(ask->target.ptr, path, ask->target.len) == 0)
	if (AT("/none"))
		*reply = (struct koru__http_reply){ .status = 204 };
	if (AT("/headers"))
		reply->headers = &header, reply->header_count = 1;
	if (AT("/close"))
		reply->close = true;
	if (AT("/fail"))
		return -EIO;
	if (AT("/large")) {
		memset(large, 'x', sizeof(large));
		reply->body = large;
		reply->body_len = sizeof(large);
	}
	return AT("/slow")    ? koru_sleep(50 * KORU_MILLISECOND)
	       : AT("/never") ? koru_sleep(KORU_FOREVER)
	                      : 0;
}

/* A server on its own thread; `scope` is cancelled through a pipe. */
struct server {
	struct koru__http_server_opts opts;
	pthread_t thread;
	uint16_t port;
	int stop[2];
	int ready[2];
	atomic_int result;
};

struct serving {
	int fd;
	struct server *server;
};

static int serve(void *arg)
{
	struct serving *s = arg;
	s->server->result = koru__http_serve(s->fd, handle, NULL, &s->server->opts);
	return 0;
}

static int server_main(void *arg)
{
	struct server *server = arg;
	struct koru_scope all;
	struct serving serving = { .server = server };
	char byte;
	assert_int_equal(koru_listen("127.0.0.1", 0, 0, &serving.fd), 0);
	server->port = (uint16_t)koru_socket_port(serving.fd);
	koru_scope_open(&all, NULL);
	koru_go(&all, serve, &serving);
	assert_int_equal(write(server->ready[1], "", 1), 1);
	while (koru_read(server->stop[0], &byte, 1) == -ENOMEM) /* of out_of_memory */
		continue;
	koru_scope_cancel(&all);
	(void)koru_scope_close(&all);
	return koru_close(serving.fd);
}

static void *server_thread(void *arg)
{
	return (void *)(intptr_t)koru_run(server_main, arg, NULL);
}

static void start(struct server *server)
{
	char byte;
	assert_int_equal(pipe(server->stop), 0);
	assert_int_equal(pipe(server->ready), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, server_thread, server), 0);
	assert_int_equal(read(server->ready[0], &byte, 1), 1);
}

static void end(struct server *server)
{
	void *rc;
	close(server->stop[1]);
	assert_int_equal(pthread_join(server->thread, &rc), 0);
	assert_null(rc);
	close(server->stop[0]);
	close(server->ready[0]);
	close(server->ready[1]);
}

static void stop(struct server *server)
{
	end(server);
	assert_int_equal(server->result, -ECANCELED);
}

static int dial(struct server *server)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		                    .sin_port = htons(server->port),
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	struct timeval limit = { .tv_sec = 10 };
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	return fd;
}

/* Sends bytes and reads all that comes until the server closes, its Date left out. */
static const char *talk(struct server *server, const char *text, size_t len)
{
	static char answer[200000];
	int fd = dial(server);
	size_t got = 0;
	ssize_t count;
	assert_true(raw_send_bytes(fd, text, len));
	while ((count = read(fd, answer + got, sizeof(answer) - 1 - got)) > 0)
		got += (size_t)count;
	answer[got] = '\0';
	close(fd);
	assert_int_equal(count, 0);
	for (char *date; (date = strstr(answer, "Date: ")) != NULL;) {
		assert_memory_equal(date + 31, " GMT\r\n", 6);
		memmove(date, date + 37, strlen(date + 37) + 1);
	}
	return answer;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n"
#define LAST      "Connection: close\r\n\r\n"
#define HELLO     "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
#define check(server, text, expected)                                                              \
	assert_string_equal(talk(server, text, sizeof(text) - 1), expected)

static void answers(void **state)
{
	(void)state;
	struct server s = { 0 };
	start(&s);
	check(&s, GET("/") LAST, HELLO LAST "hello");
	check(&s, GET("/none") LAST, "HTTP/1.1 204 No Content\r\n" LAST);
	check(&s, GET("/headers") LAST, HELLO "X-More: yes\r\n" LAST "hello");
	check(&s, GET("/close") "\r\n", HELLO LAST "hello");
	check(&s, GET("/slow") LAST, HELLO LAST "hello");
	check(&s, GET("/fail") "\r\n", "");
	check(&s, "HEAD / HTTP/1.1\r\nHost: a\r\n" LAST, HELLO LAST);
	check(&s, "GET / HTTP/1.0\r\n\r\n", HELLO LAST "hello");
	check(&s, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
	      HELLO "Connection: keep-alive\r\n\r\nhello" HELLO LAST "hello");
	const char *large = talk(&s, GET("/large") LAST, strlen(GET("/large") LAST));
	assert_non_null(strstr(large, "Content-Length: 100000\r\n"));
	assert_int_equal(strlen(strstr(large, "\r\n\r\n") + 4), 100000);
	stop(&s);
}

static void one_after_the_other(void **state)
{
	(void)state;
	struct server s = { 0 };
	start(&s);
	check(&s,
	      GET("/") "\r\n"
	               "\r\n" GET("/slow") "\r\n" GET("/") LAST,
	      HELLO "\r\nhello" HELLO "\r\nhello" HELLO LAST "hello");
	check(&s,
	      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345"
	      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: "
	      "y\r\n\r\n" GET("/") LAST,
	      HELLO "\r\nhello" HELLO "\r\nhello" HELLO LAST "hello");
	/* A body longer than any buffer. */
	static char text[600000];
	int len = snprintf(text, sizeof(text),
	                   "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n");
	memset(text + len, 'x', 500000);
	memcpy(text + len + 500000, GET("/") LAST, strlen(GET("/") LAST));
	assert_string_equal(talk(&s, text, strlen(text)), HELLO "\r\nhello" HELLO LAST "hello");
	stop(&s);
}

static void refusals(void **state)
{
	(void)state;
	struct server s = { 0 };
	start(&s);
#define NOTHING "Content-Length: 0\r\n" LAST
	check(&s, "nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n" NOTHING);
	check(&s, "GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n" NOTHING);
	check(&s, "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n" NOTHING);
	check(&s, GET("/") "Transfer-Encoding: gzip\r\n\r\n",
	      "HTTP/1.1 501 Not Implemented\r\n" NOTHING);
	check(&s, GET("/") "Content-Length: 9999999\r\n\r\n",
	      "HTTP/1.1 413 Content Too Large\r\n" NOTHING);
	check(&s,
	      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: "
	      "chunked\r\n\r\n0\r\n\r\n" GET("/smuggled") LAST,
	      "HTTP/1.1 400 Bad Request\r\n" NOTHING);
	check(&s,
	      GET("/") "\r\n"
	               "GET\r\n\r\n",
	      HELLO "\r\nhello"
	            "HTTP/1.1 400 Bad Request\r\n" NOTHING);
	static char chunked[1200000];
	int len = snprintf(chunked, sizeof(chunked), GET("/") "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 1100; i++) {
		len += snprintf(chunked + len, sizeof(chunked) - (size_t)len, "400\r\n");
		memset(chunked + len, 'x', 1024);
		len += 1024;
		len += snprintf(chunked + len, sizeof(chunked) - (size_t)len, "\r\n");
	}
	assert_string_equal(talk(&s, chunked, (size_t)len),
	                    "HTTP/1.1 413 Content Too Large\r\n" NOTHING);
	static char text[40000];
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "GET /", 5);
	assert_string_equal(talk(&s, text, sizeof(text) - 1),
	                    "HTTP/1.1 414 URI Too Long\r\n" NOTHING);
	memcpy(text, GET("/") "a: ", strlen(GET("/") "a: "));
	assert_string_equal(talk(&s, text, sizeof(text) - 1),
	                    "HTTP/1.1 431 Request Header Fields Too Large\r\n" NOTHING);
	stop(&s);
}

static void expectations(void **state)
{
	(void)state;
	struct server s = { 0 };
	char text[256] = "";
	start(&s);
	int fd = dial(&s);
	assert_true(raw_send(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
	                         "Expect: 100-Continue\r\nConnection: close\r\n\r\n"));
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "HTTP/1.1 100 Continue\r\n\r\n");
	assert_true(raw_send(fd, "abc"));
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
	close(fd);
	stop(&s);
}

/* The time for a request is limited, however it is spent; that for an answer is not. */
static void slow_clients(void **state)
{
	(void)state;
	struct server s = { .opts.idle_timeout = 30 * KORU_MILLISECOND };
	start(&s);
	check(&s, "", "");
	check(&s, "GET / HT", "");
	check(&s, GET("/") "\r\n", HELLO "\r\nhello");
	check(&s, GET("/slow") "\r\n", HELLO "\r\nhello");
	check(&s, GET("/") "Content-Length: 5\r\n\r\n123", "");
	stop(&s);
}

static void limited(void **state)
{
	(void)state;
	struct server s = { .opts.connections_max = 2 };
	start(&s);
	int one = dial(&s), two = dial(&s), three = dial(&s);
	char text[256];
	/* The third waits until one of the others is gone. */
	assert_true(raw_send(three, GET("/") "\r\n"));
	raw_nap_ms(30);
	assert_int_equal(recv(three, text, sizeof(text), MSG_DONTWAIT), -1);
	assert_true(raw_send(one, GET("/") LAST));
	assert_true(read(one, text, sizeof(text)) > 0);
	close(one);
	assert_true(read(three, text, sizeof(text)) > 0);
	close(two);
	close(three);
	stop(&s);
}

/* Being stopped, the server answers what has been asked, within its time, and closes all. */
static void stopping(void **state)
{
	(void)state;
	struct server s = { .opts.answer_timeout = 300 * KORU_MILLISECOND };
	char text[256];
	int fds = program_open_fds();
	start(&s);
	int idle = dial(&s), partial = dial(&s), busy = dial(&s), stuck = dial(&s);
	assert_true(raw_send(idle, GET("/") "\r\n"));
	assert_true(read(idle, text, sizeof(text)) > 0);
	assert_true(raw_send(partial, "GET / HT"));
	assert_true(raw_send(busy, GET("/slow") "\r\n"));
	assert_true(raw_send(stuck, GET("/never") "\r\n"));
	raw_nap_ms(20);
	stop(&s);
	assert_int_equal(read(idle, text, sizeof(text)), 0);
	assert_true(read(partial, text, sizeof(text)) <= 0);
	assert_true(read(busy, text, sizeof(text)) > 0);
	assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
	assert_int_equal(read(busy, text, sizeof(text)), 0);
	assert_int_equal(read(stuck, text, sizeof(text)), 0);
	close(idle);
	close(partial);
	close(busy);
	close(stuck);
	assert_int_equal(program_open_fds(), fds);
}

/* Without memory a connection is closed or, where no task can be had, the server ends; either
 * way in order. With the failure over, it answers. */
static void out_of_memory(void **state)
{
	(void)state;
	bool failed = true;
	for (unsigned nth = 0; failed; nth++) {
		struct server s = { 0 };
		char text[512];
		start(&s);
		koru__fault_arm(KORU__FAULT_ALLOC, nth, 1, ENOMEM);
		int fd = dial(&s);
		assert_true(raw_send(fd, GET("/") LAST));
		ssize_t count = read(fd, text, sizeof(text));
		failed = koru__fault_hits() > 0;
		koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
		assert_true(count > 0 || failed);
		close(fd);
		if (s.result != -ENOMEM)
			check(&s, GET("/") LAST, HELLO LAST "hello");
		end(&s);
		assert_true(s.result == -ECANCELED || (failed && s.result == -ENOMEM));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),      cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(refusals),     cmocka_unit_test(expectations),
		cmocka_unit_test(slow_clients), cmocka_unit_test(limited),
		cmocka_unit_test(stopping),     cmocka_unit_test(out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
