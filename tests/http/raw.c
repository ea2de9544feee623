/* SPDX-License-Identifier: MIT
 * See raw.h. */
#include "raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 4096, REQUESTS_MAX = 4096, REQUEST_SIZE = 128 << 10 };

struct peer {
	struct raw *raw;
	pthread_t thread;
	int fd;
	int nth;
};

struct raw {
	raw_serve *serve;
	const void *arg;
	int listen_fd;
	uint16_t port;
	pthread_t acceptor;
	pthread_mutex_t lock; /* holds what follows */
	bool stopping;
	int peer_count;
	struct peer *peers[CONNECTIONS_MAX];
	int request_count;
	char *requests[REQUESTS_MAX];
};

static void must(int truth)
{
	if (!truth)
		abort();
}

static void *run_peer(void *arg)
{
	struct peer *peer = arg;
	peer->raw->serve(peer->raw, peer->fd, peer->nth);
	pthread_mutex_lock(&peer->raw->lock);
	close(peer->fd);
	peer->fd = -1;
	pthread_mutex_unlock(&peer->raw->lock);
	return NULL;
}

static void *run_acceptor(void *arg)
{
	struct raw *raw = arg;
	for (;;) {
		int fd = accept4(raw->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return NULL;
		int on = 1;
		must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
		pthread_mutex_lock(&raw->lock);
		struct peer *peer = calloc(1, sizeof(*peer));
		must(peer && raw->peer_count < CONNECTIONS_MAX);
		*peer = (struct peer){ .raw = raw, .fd = fd, .nth = raw->peer_count };
		must(pthread_create(&peer->thread, NULL, run_peer, peer) == 0);
		raw->peers[raw->peer_count++] = peer;
		if (raw->stopping)
			shutdown(fd, SHUT_RDWR);
		pthread_mutex_unlock(&raw->lock);
	}
}

struct raw *raw_start(raw_serve *serve, const void *arg)
{
	struct raw *raw = calloc(1, sizeof(*raw));
	struct sockaddr_in addr = { .sin_family = AF_INET,
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	must(raw != NULL);
	raw->serve = serve;
	raw->arg = arg;
	pthread_mutex_init(&raw->lock, NULL);
	raw->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(raw->listen_fd, (struct sockaddr *)&addr, len) == 0);
	must(listen(raw->listen_fd, 1024) == 0);
	must(getsockname(raw->listen_fd, (struct sockaddr *)&addr, &len) == 0);
	raw->port = ntohs(addr.sin_port);
	must(pthread_create(&raw->acceptor, NULL, run_acceptor, raw) == 0);
	return raw;
}

void raw_stop(struct raw *raw)
{
	shutdown(raw->listen_fd, SHUT_RDWR);
	pthread_join(raw->acceptor, NULL);
	close(raw->listen_fd);
	pthread_mutex_lock(&raw->lock);
	raw->stopping = true;
	for (int i = 0; i < raw->peer_count; i++)
		if (raw->peers[i]->fd >= 0)
			shutdown(raw->peers[i]->fd, SHUT_RDWR);
	pthread_mutex_unlock(&raw->lock);
	for (int i = 0; i < raw->peer_count; i++) {
		pthread_join(raw->peers[i]->thread, NULL);
		free(raw->peers[i]);
	}
	for (int i = 0; i < raw->request_count; i++)
		free(raw->requests[i]);
	pthread_mutex_destroy(&raw->lock);
	free(raw);
}

uint16_t raw_port(const struct raw *raw)
{
	return raw->port;
}

const void *raw_arg(const struct raw *raw)
{
	return raw->arg;
}

int raw_connections(struct raw *raw)
{
	pthread_mutex_lock(&raw->lock);
	int count = raw->peer_count;
	pthread_mutex_unlock(&raw->lock);
	return count;
}

int raw_requests(struct raw *raw)
{
	pthread_mutex_lock(&raw->lock);
	int count = raw->request_count;
	pthread_mutex_unlock(&raw->lock);
	return count;
}

const char *raw_request(struct raw *raw, int nth)
{
	pthread_mutex_lock(&raw->lock);
	const char *text = nth < raw->request_count ? raw->requests[nth] : "";
	pthread_mutex_unlock(&raw->lock);
	return text;
}

static void write_down(struct raw *raw, char *request)
{
	pthread_mutex_lock(&raw->lock);
	must(raw->request_count < REQUESTS_MAX);
	raw->requests[raw->request_count++] = request;
	pthread_mutex_unlock(&raw->lock);
}

static size_t body_len(const char *head)
{
	const char *length = strcasestr(head, "\r\nContent-Length:");
	return length ? strtoul(length + 17, NULL, 10) : 0;
}

bool raw_read(struct raw *raw, int fd)
{
	char *text = malloc(REQUEST_SIZE);
	size_t len = 0;
	size_t whole = SIZE_MAX;
	must(text != NULL);
	while (len < whole) {
		/* A byte at a time: what follows is the next request's. */
		must(len + 1 < REQUEST_SIZE);
		ssize_t count = read(fd, text + len, 1);
		if (count <= 0) {
			free(text);
			return false;
		}
		text[++len] = '\0';
		if (whole == SIZE_MAX && len >= 4 && memcmp(text + len - 4, "\r\n\r\n", 4) == 0)
			whole = len + body_len(text);
	}
	write_down(raw, text);
	return true;
}

bool raw_send_bytes(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	while (len > 0) {
		ssize_t count = send(fd, at, len, MSG_NOSIGNAL);
		if (count <= 0)
			return false;
		at += count;
		len -= (size_t)count;
	}
	return true;
}

bool raw_send(int fd, const char *text)
{
	return raw_send_bytes(fd, text, strlen(text));
}

void raw_reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) == 0);
}

void raw_nap_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		continue;
}

void raw_always(struct raw *raw, int fd, int nth)
{
	(void)nth;
	while (raw_read(raw, fd) && raw_send(fd, raw->arg))
		continue;
}

void raw_once(struct raw *raw, int fd, int nth)
{
	(void)nth;
	if (raw_read(raw, fd))
		(void)raw_send(fd, raw->arg);
}
