/* SPDX-License-Identifier: MIT
 * The scripted name server. See nameserver.h. */
#include "support/nameserver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { MESSAGE_MAX = 512, LATER_MAX = 64, ASKED_MAX = 256 };

/* An answer that waits for its time. */
struct later {
	int64_t when_ms;
	struct sockaddr_in to;
	size_t len;
	uint8_t message[MESSAGE_MAX];
};

struct asked {
	char name[256];
	int type;
	int count;
};

struct nameserver {
	const struct nameserver_rule *rules;
	int udp, tcp;
	int stop[2]; /* a pipe; closing one end ends the thread */
	char address[32];
	pthread_t thread;
	pthread_mutex_t lock; /* of `asked` */
	struct asked asked[ASKED_MAX];
	struct later later[LATER_MAX];
};

struct message {
	uint8_t *bytes;
	size_t len;
};

static int64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static void put8(struct message *m, unsigned v)
{
	if (m->len < MESSAGE_MAX)
		m->bytes[m->len++] = (uint8_t)v;
}

static void put16(struct message *m, unsigned v)
{
	put8(m, v >> 8);
	put8(m, v);
}

static void put32(struct message *m, unsigned v)
{
	put16(m, v >> 16);
	put16(m, v);
}

static void put_name(struct message *m, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");
		put8(m, (unsigned)len);
		for (size_t i = 0; i < len; i++)
			put8(m, (uint8_t)name[i]);
		name += len + (name[len] == '.');
	}
	put8(m, 0);
}

static void put_record(struct message *m, const char *name, int type, unsigned ttl)
{
	put_name(m, name);
	put16(m, (unsigned)type);
	put16(m, 1); /* IN */
	put32(m, ttl);
}

/* Reads the question of a query; false when it has none. */
static bool question(const uint8_t *bytes, size_t len, char name[256], int *ret_type,
                     size_t *ret_end)
{
	size_t at = 12, out = 0;
	while (at < len && bytes[at]) {
		size_t label = bytes[at++];
		if (at + label >= len || out + label + 2 > 256)
			return false;
		memcpy(name + out, bytes + at, label);
		out += label;
		name[out++] = '.';
		at += label;
	}
	if (at + 5 > len || out == 0)
		return false;
	name[out - 1] = '\0';
	*ret_type = bytes[at + 1] << 8 | bytes[at + 2];
	*ret_end = at + 5;
	return true;
}

static const struct nameserver_rule *rule_for(const struct nameserver *ns, const char *name,
                                              int type)
{
	static const struct nameserver_rule none = { .action = NS_NXDOMAIN };
	for (const struct nameserver_rule *r = ns->rules; r->name; r++)
		if (strcasecmp(r->name, name) == 0 && (r->type == 0 || r->type == type))
			return r;
	return &none;
}

static struct asked *asked_of(struct nameserver *ns, const char *name, int type)
{
	for (int i = 0; i < ASKED_MAX; i++) {
		struct asked *a = &ns->asked[i];
		if (a->count == 0) {
			snprintf(a->name, sizeof(a->name), "%s", name);
			a->type = type;
		}
		if (strcasecmp(a->name, name) == 0 && a->type == type)
			return a;
	}
	return NULL;
}

static void count(struct nameserver *ns, const char *name, int type)
{
	pthread_mutex_lock(&ns->lock);
	struct asked *a = asked_of(ns, name, type);
	if (a)
		a->count++;
	pthread_mutex_unlock(&ns->lock);
}

int nameserver_asked(struct nameserver *ns, const char *name, int type)
{
	int sum = 0;
	pthread_mutex_lock(&ns->lock);
	for (int i = 0; i < ASKED_MAX && ns->asked[i].count; i++)
		if (strcasecmp(ns->asked[i].name, name) == 0 &&
		    (type == 0 || ns->asked[i].type == type))
			sum += ns->asked[i].count;
	pthread_mutex_unlock(&ns->lock);
	return sum;
}

static unsigned put_answers(struct message *m, const struct nameserver_rule *rule, const char *name,
                            int type)
{
	unsigned records = 0;
	if (rule->cname) {
		struct message target = { .bytes = (uint8_t[MESSAGE_MAX]){ 0 } };
		put_name(&target, rule->cname);
		put_record(m, name, 5, rule->cname_ttl);
		put16(m, (unsigned)target.len);
		put_name(m, rule->cname);
		records++;
	}
	for (int i = 0; i < 4 && rule->addrs[i]; i++) {
		uint8_t addr[16];
		int family = type == NAMESERVER_AAAA ? AF_INET6 : AF_INET;
		int size = type == NAMESERVER_AAAA ? 16 : 4;
		if (inet_pton(family, rule->addrs[i], addr) != 1)
			continue;
		put_record(m, rule->cname ? rule->cname : name, type, rule->ttl);
		put16(m, (unsigned)size);
		for (int b = 0; b < size; b++)
			put8(m, addr[b]);
		records++;
	}
	return records;
}

/* Makes the answer to a query in `out`. Returns its length; 0: keep silent. */
static size_t answer(struct nameserver *ns, const uint8_t *query, size_t len, bool tcp,
                     uint8_t out[MESSAGE_MAX], int *ret_delay_ms)
{
	char name[256];
	int type;
	size_t end;
	struct message m = { .bytes = out };
	if (!question(query, len, name, &type, &end))
		return 0;
	count(ns, name, type);
	const struct nameserver_rule *rule = rule_for(ns, name, type);
	*ret_delay_ms = rule->delay_ms;
	if (rule->action == NS_SILENT)
		return 0;
	unsigned id = (unsigned)(query[0] << 8 | query[1]);
	bool truncated = rule->action == NS_TRUNCATED && !tcp;
	unsigned rcode = rule->action == NS_NXDOMAIN ? 3 : rule->action == NS_SERVFAIL ? 2 : 0;
	put16(&m, rule->action == NS_WRONG_ID ? id ^ 0x5555 : id);
	put16(&m, 0x8180u | (truncated ? 0x0200u : 0) | rcode);
	put16(&m, 1);
	put16(&m, 0);
	put32(&m, 0);
	if (rule->action == NS_GARBAGE)
		return m.len - 3;
	memcpy(out + 12, query + 12, end - 12);
	m.len = end;
	if (rcode == 0 && !truncated) {
		unsigned records = put_answers(&m, rule, name, type);
		out[6] = (uint8_t)(records >> 8);
		out[7] = (uint8_t)records;
	}
	return m.len;
}

static void on_udp(struct nameserver *ns)
{
	uint8_t query[MESSAGE_MAX];
	struct later l = { .when_ms = 0 };
	socklen_t size = sizeof(l.to);
	ssize_t n = recvfrom(ns->udp, query, sizeof(query), 0, (struct sockaddr *)&l.to, &size);
	int delay_ms = 0;
	if (n < 12)
		return;
	l.len = answer(ns, query, (size_t)n, false, l.message, &delay_ms);
	l.when_ms = now_ms() + delay_ms;
	for (int i = 0; l.len > 0 && i < LATER_MAX; i++) {
		if (ns->later[i].len > 0)
			continue;
		ns->later[i] = l;
		return;
	}
}

static bool read_all(int fd, uint8_t *buf, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = recv(fd, buf + at, len - at, 0);
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* One question a connection is enough for these tests. */
static void on_tcp(struct nameserver *ns)
{
	uint8_t query[MESSAGE_MAX], reply[MESSAGE_MAX + 2];
	int delay_ms;
	int fd = accept(ns->tcp, NULL, NULL);
	if (fd < 0)
		return;
	if (read_all(fd, query, 2)) {
		size_t len = (size_t)query[0] << 8 | query[1];
		if (len >= 12 && len <= sizeof(query) && read_all(fd, query, len)) {
			size_t n = answer(ns, query, len, true, reply + 2, &delay_ms);
			reply[0] = (uint8_t)(n >> 8);
			reply[1] = (uint8_t)n;
			(void)!send(fd, reply, n + 2, MSG_NOSIGNAL);
		}
	}
	close(fd);
}

/* Sends what is due; returns the milliseconds until the next is, -1 when none is left. */
static int send_due(struct nameserver *ns)
{
	int64_t next = INT64_MAX;
	int64_t now = now_ms();
	for (int i = 0; i < LATER_MAX; i++) {
		struct later *l = &ns->later[i];
		if (l->len == 0)
			continue;
		if (l->when_ms > now) {
			next = l->when_ms < next ? l->when_ms : next;
			continue;
		}
		(void)!sendto(ns->udp, l->message, l->len, 0, (struct sockaddr *)&l->to,
		              sizeof(l->to));
		l->len = 0;
	}
	return next == INT64_MAX ? -1 : (int)(next - now);
}

static void *serve(void *arg)
{
	struct nameserver *ns = arg;
	for (;;) {
		struct pollfd fds[] = { { .fd = ns->udp, .events = POLLIN },
			                { .fd = ns->tcp, .events = POLLIN },
			                { .fd = ns->stop[0], .events = POLLIN } };
		poll(fds, 3, send_due(ns));
		if (fds[2].revents)
			return NULL;
		if (fds[0].revents)
			on_udp(ns);
		if (fds[1].revents)
			on_tcp(ns);
	}
}

/* A port that is free for both protocols takes a few tries now and then. */
static uint16_t open_sockets(struct nameserver *ns)
{
	for (int i = 0; i < 100; i++) {
		struct sockaddr_in addr = { .sin_family = AF_INET,
			                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		socklen_t len = sizeof(addr);
		ns->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		ns->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(ns->udp, (struct sockaddr *)&addr, sizeof(addr)), 0);
		assert_int_equal(getsockname(ns->udp, (struct sockaddr *)&addr, &len), 0);
		if (bind(ns->tcp, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
		    listen(ns->tcp, 8) == 0)
			return ntohs(addr.sin_port);
		close(ns->udp);
		close(ns->tcp);
	}
	fail_msg("no port for a name server");
	return 0;
}

struct nameserver *nameserver_start(const struct nameserver_rule *rules)
{
	struct nameserver *ns = calloc(1, sizeof(*ns));
	assert_non_null(ns);
	ns->rules = rules;
	snprintf(ns->address, sizeof(ns->address), "127.0.0.1:%d", open_sockets(ns));
	assert_int_equal(pipe(ns->stop), 0);
	pthread_mutex_init(&ns->lock, NULL);
	assert_int_equal(pthread_create(&ns->thread, NULL, serve, ns), 0);
	return ns;
}

void nameserver_stop(struct nameserver *ns)
{
	close(ns->stop[1]);
	pthread_join(ns->thread, NULL);
	close(ns->stop[0]);
	close(ns->udp);
	close(ns->tcp);
	pthread_mutex_destroy(&ns->lock);
	free(ns);
}

const char *nameserver_address(const struct nameserver *ns)
{
	return ns->address;
}
