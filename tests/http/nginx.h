/* SPDX-License-Identifier: MIT
 *
 * nginx on free ports of 127.0.0.1, with pages and certificates of its own in a temporary
 * directory.
 */
#ifndef TESTS_HTTP_NGINX_H
#define TESTS_HTTP_NGINX_H

#include "support/certs.h"
#include "support/program.h"

enum nginx_port {
	NGINX_PLAIN,
	NGINX_GOOD, /* and the other certificates of support/certs.h */
	NGINX_EXPIRED,
	NGINX_EARLY,
	NGINX_WRONGHOST,
	NGINX_SELFSIGNED,
	NGINX_UNKNOWN,
	NGINX_PROXY, /* passes http requests on to whatever host they name */
	NGINX_PORTS,
};

struct nginx {
	char dir[PROGRAM_PATH_MAX];
	char ca[PROGRAM_PATH_MAX];
	uint16_t ports[NGINX_PORTS];
	pid_t pid;
};

#define NGINX_BIG_LEN ((size_t)3 << 20)

/* Pages: /small ("small page\n"), /big (nginx_big), /empty; under /gzip/ the same
 * gzip-encoded, under /chunked/ the same in chunks; /to/STATUS redirects to /small,
 * /away to the good https server, /loop to itself, /few is the small page on a connection
 * that carries three requests. Every answer names its connection in X-Connection. */
void nginx_start(struct nginx *nginx);
void nginx_stop(struct nginx *nginx);

/* The bytes of /big, NGINX_BIG_LEN of them; static. */
const char *nginx_big(void);

#endif
