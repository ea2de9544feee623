/* SPDX-License-Identifier: MIT
 *
 * The server that all fetching clients are measured against: it answers each GET a fixed
 * time after it came, over HTTP/1.1 connections that stay open. A bare epoll loop, written
 * for no client in particular, and no more of HTTP than a benchmark needs: one request in
 * flight on a connection, no bodies in requests.
 *
 * Arguments: delay_ms, bytes (of the body). Prints "port N", and when told to stop
 * (SIGTERM) what the runner wants to see, so that nobody mistakes a slow server for a slow
 * client: the requests answered, the most connections at once, its CPU time, and how late
 * the answers left, on average and at worst.
 */
#include "lib/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	REQUEST_MAX = 4096, /* bytes of a request's head */
	EVENTS_MAX = 256,
};

/* Waiting connections stand in a queue, which is in the order of their deadlines, since the
 * delay is the same for all. */
struct connection {
	struct connection *next; /* in the queue, while `waiting` */
	int64_t due;             /* when to answer */
	int fd;
	int waiting; /* a request is in and not yet answered */
	int gone;    /* the client has closed while it waited */
	size_t used; /* bytes of the request read so far */
	char request[REQUEST_MAX];
};

static struct {
	int epoll_fd;
	int listen_fd;
	int64_t delay;
	char *answer;
	size_t answer_len;
	struct connection *first, *last;
	long open, open_most, answered;
	int64_t late_sum, late_most;
} server;

static void watch(int fd, uint32_t events, void *what)
{
	struct epoll_event event = { .events = events, .data.ptr = what };
	bench_require(epoll_ctl(server.epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static void make_answer(long bytes)
{
	char head[128];
	int len = snprintf(head, sizeof head,
	                   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
	                   "Content-Length: %ld\r\n\r\n",
	                   bytes);
	server.answer_len = (size_t)len + (size_t)bytes;
	server.answer = malloc(server.answer_len);
	bench_require(server.answer != NULL, "memory");
	memset(server.answer, 'x', server.answer_len);
	memcpy(server.answer, head, (size_t)len);
}

static void listen_anywhere(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof addr;
	server.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bench_require(server.listen_fd >= 0, "socket");
	bench_require(bind(server.listen_fd, (struct sockaddr *)&addr, len) == 0, "bind");
	bench_require(listen(server.listen_fd, SOMAXCONN) == 0, "listen");
	getsockname(server.listen_fd, (struct sockaddr *)&addr, &len);
	bench_print("port", ntohs(addr.sin_port), "tcp");
	watch(server.listen_fd, EPOLLIN, &server.listen_fd);
}

static void accept_all(void)
{
	int fd;
	while ((fd = accept4(server.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct connection *c = malloc(sizeof *c);
		bench_require(c != NULL, "memory");
		c->fd = fd;
		c->used = 0;
		c->waiting = c->gone = 0;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		watch(fd, EPOLLIN, c);
		if (++server.open > server.open_most)
			server.open_most = server.open;
	}
	bench_require(errno == EAGAIN || errno == ECONNABORTED, "accept");
}

/* One that still waits is freed by its turn in the queue. */
static void hang_up(struct connection *c)
{
	close(c->fd);
	server.open--;
	c->gone = 1;
	if (!c->waiting)
		free(c);
}

static void read_request(struct connection *c)
{
	ssize_t n = read(c->fd, c->request + c->used, sizeof c->request - c->used);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		hang_up(c);
		return;
	}
	bench_require(!c->waiting, "a client pipelines");
	c->used += (size_t)n;
	bench_require(c->used < sizeof c->request, "a request is too long");
	if (c->used < 4 || memcmp(c->request + c->used - 4, "\r\n\r\n", 4) != 0)
		return;
	bench_require(memcmp(c->request, "GET ", 4) == 0, "a request is no GET");
	c->used = 0;
	c->waiting = 1;
	c->next = NULL;
	c->due = bench_now() + server.delay;
	if (server.first)
		server.last->next = c;
	else
		server.first = c;
	server.last = c;
}

static void answer(struct connection *c, int64_t now)
{
	server.answered++;
	server.late_sum += now - c->due;
	if (now - c->due > server.late_most)
		server.late_most = now - c->due;
	ssize_t n = send(c->fd, server.answer, server.answer_len, MSG_NOSIGNAL);
	if (n != (ssize_t)server.answer_len)
		bench_require(n < 0 && (errno == EPIPE || errno == ECONNRESET), "short send");
}

static void answer_due(void)
{
	while (server.first) {
		struct connection *c = server.first;
		int64_t now = bench_now();
		if (c->due > now)
			return;
		server.first = c->next;
		c->waiting = 0;
		if (c->gone)
			free(c);
		else
			answer(c, now);
	}
}

/* The time to wait for the first in the queue; NULL for ever. */
static struct timespec *patience(struct timespec *ts)
{
	if (!server.first)
		return NULL;
	int64_t left = server.first->due - bench_now();
	if (left < 0)
		left = 0;
	ts->tv_sec = left / 1000000000;
	ts->tv_nsec = left % 1000000000;
	return ts;
}

static void report(void)
{
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	             (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	bench_print("answered", (double)server.answered, "requests");
	bench_print("connections", (double)server.open_most, "connections");
	bench_print("server-cpu", cpu, "s");
	if (server.answered > 0)
		bench_print("late-mean", (double)server.late_sum / 1e6 / (double)server.answered,
		            "ms");
	bench_print("late-most", (double)server.late_most / 1e6, "ms");
}

int main(int argc, char **argv)
{
	server.delay = bench_arg(argc, argv, "delay_ms") * 1000000;
	make_answer(bench_arg(argc, argv, "bytes"));
	server.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	bench_require(server.epoll_fd >= 0, "epoll_create1");

	sigset_t stop;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	int stop_fd = signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC);
	bench_require(stop_fd >= 0, "signalfd");
	watch(stop_fd, EPOLLIN, &stop);
	listen_anywhere();

	for (;;) {
		struct epoll_event events[EVENTS_MAX];
		struct timespec ts;
		int n = epoll_pwait2(server.epoll_fd, events, EVENTS_MAX, patience(&ts), NULL);
		bench_require(n >= 0 || errno == EINTR, "epoll_pwait2");
		for (int i = 0; i < n; i++) {
			void *what = events[i].data.ptr;
			if (what == &stop) {
				report();
				return 0;
			}
			if (what == &server.listen_fd)
				accept_all();
			else
				read_request(what);
		}
		answer_due();
	}
}
