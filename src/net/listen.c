/* SPDX-License-Identifier: MIT
 * Listening sockets, and the names of sockets. Accepting is koru_accept. */
#include "koru/stream.h"

#include "base/alloc.h"
#include "koru/io.h"
#include "koru/run.h"
#include "net/addr.h"
#include "net/lookup.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static int listen_on(const union koru__addr *addr, int backlog)
{
	int on = 1, off = 0;
	int fd = koru_socket(addr->sa.sa_family, SOCK_STREAM, 0);
	if (fd < 0)
		return fd;
	int rc = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* An IPv6 socket bound to every address takes IPv4 connections too, unless the system
	 * is set otherwise (RFC 3493 section 5.3). */
	if (rc == 0 && addr->sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&addr->in6.sin6_addr))
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (rc == 0)
		rc = bind(fd, &addr->sa, koru__addr_len(addr));
	if (rc == 0)
		rc = listen(fd, backlog > 0 ? backlog : SOMAXCONN);
	if (rc == 0)
		return fd;
	rc = -errno;
	(void)koru_close(fd);
	return rc;
}

static int listen_anywhere(uint16_t port, int backlog)
{
	static const uint8_t any[16];
	union koru__addr addr;
	koru__addr_from_bytes(&addr, AF_INET6, any);
	koru__addr_set_port(&addr, port);
	int rc = listen_on(&addr, backlog);
	if (rc != -EAFNOSUPPORT && rc != -EADDRNOTAVAIL)
		return rc;
	koru__addr_from_bytes(&addr, AF_INET, any); /* a machine without IPv6 */
	koru__addr_set_port(&addr, port);
	return listen_on(&addr, backlog);
}

struct first_address {
	const char *host;
	union koru__addr *ret_addr;
};

static int first_address(void *arg)
{
	const struct first_address *call = arg;
	struct koru__dns_addr *addrs;
	int rc = koru__lookup(call->host, AF_UNSPEC, &addrs);
	if (rc < 0)
		return rc;
	*call->ret_addr = addrs[0].addr;
	koru__free(addrs);
	return 0;
}

int koru_listen(const char *host, uint16_t port, int backlog, int *ret_fd)
{
	union koru__addr addr;
	int rc = 0;
	if (host && !*host)
		return -EINVAL;
	if (host && !koru__addr_parse(&addr, host)) {
		struct first_address call = { host, &addr };
		rc = koru_poller_name() ? first_address(&call)
		                        : koru_run(first_address, &call, NULL);
		if (rc < 0)
			return rc;
	}
	if (host) {
		koru__addr_set_port(&addr, port);
		rc = listen_on(&addr, backlog);
	} else {
		rc = listen_anywhere(port, backlog);
	}
	if (rc < 0)
		return rc;
	*ret_fd = rc;
	return 0;
}

/* Any address that a socket may have. */
union name {
	struct sockaddr sa;
	union koru__addr ip;
	struct sockaddr_un un;
	struct sockaddr_storage storage;
};

int koru_socket_port(int fd)
{
	union name name;
	socklen_t len = sizeof(name);
	if (getsockname(fd, &name.sa, &len) != 0)
		return -errno;
	switch (name.sa.sa_family) {
	case AF_INET: return ntohs(name.ip.in.sin_port);
	case AF_INET6: return ntohs(name.ip.in6.sin6_port);
	default: return -EAFNOSUPPORT;
	}
}

/* unix(7): a path, an abstract name that begins with a zero byte and has no other end than
 * `len`, or no name at all. */
static void format_unix(const struct sockaddr_un *un, socklen_t len,
                        char text[KORU_SOCKET_NAME_MAX])
{
	size_t at = offsetof(struct sockaddr_un, sun_path);
	size_t size = len > at ? len - at : 0;
	bool abstract = size > 0 && !un->sun_path[0];
	const char *path = un->sun_path + abstract;
	size_t path_len = strnlen(path, size > 0 ? size - abstract : 0);
	snprintf(text, KORU_SOCKET_NAME_MAX, "unix:%s%.*s", abstract ? "@" : "", (int)path_len,
	         path);
}

typedef int get_name(int fd, struct sockaddr *addr, socklen_t *len);

static int name_of(int fd, get_name *get, char *ret_name, size_t size)
{
	union name name;
	char text[KORU_SOCKET_NAME_MAX];
	socklen_t len = sizeof(name);
	memset(&name, 0, sizeof(name));
	if (get(fd, &name.sa, &len) != 0)
		return -errno;
	if (name.sa.sa_family == AF_INET || name.sa.sa_family == AF_INET6)
		koru__addr_format(&name.ip, true, text);
	else if (name.sa.sa_family == AF_UNIX)
		format_unix(&name.un, len, text);
	else
		return -EAFNOSUPPORT;
	size_t need = strlen(text) + 1;
	if (need > size)
		return -ENOBUFS;
	memcpy(ret_name, text, need);
	return 0;
}

int koru_socket_name(int fd, char *ret_name, size_t size)
{
	return name_of(fd, getsockname, ret_name, size);
}

int koru_socket_peer(int fd, char *ret_name, size_t size)
{
	return name_of(fd, getpeername, ret_name, size);
}
