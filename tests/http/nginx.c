/* SPDX-License-Identifier: MIT
 * See nginx.h. */
#include "nginx.h"

#include "support/cmocka.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char plain_server[] =
        "  server {\n"
        "    listen 127.0.0.1:%u;\n"
        "    location / { }\n"
        "    location /gzip/ { alias %s/www/; gzip on; gzip_types *; gzip_min_length 0; }\n"
        "    location /chunked/ { alias %s/www/; ssi on; ssi_types text/plain; }\n"
        "    location /to/301 { return 301 /small; }\n"
        "    location /to/302 { return 302 ../small; }\n"
        "    location /to/303 { return 303 /small; }\n"
        "    location /to/307 { return 307 /small; }\n"
        "    location /to/308 { return 308 /small; }\n"
        "    location /away { return 302 https://localhost:%u/small; }\n"
        "    location /loop { return 302 /loop; }\n"
        "    location /few { alias %s/www/small; keepalive_requests 3; }\n"
        "  }\n";

static void put(char **at, char *end, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void put(char **at, char *end, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int len = vsnprintf(*at, (size_t)(end - *at), format, args);
	va_end(args);
	assert_in_range(len, 0, end - *at - 1);
	*at += len;
}

static void write_config(const struct nginx *n, const char *path)
{
	static const char *const certs[] = {
		[NGINX_GOOD] = "good",
		[NGINX_EXPIRED] = "expired",
		[NGINX_EARLY] = "early",
		[NGINX_WRONGHOST] = "wronghost",
		[NGINX_SELFSIGNED] = "selfsigned",
		[NGINX_UNKNOWN] = "unknown",
	};
	static char text[16384];
	char *at = text;
	char *end = text + sizeof(text);
	const char *dir = n->dir;
	put(&at, end,
	    "daemon off;\nmaster_process off;\nlock_file %s/lock;\npid %s/pid;\nerror_log "
	    "%s/error.log;\n"
	    "events { worker_connections 1000; }\nhttp {\n  access_log off;\n"
	    "  default_type text/plain;\n  root %s/www;\n  port_in_redirect off;\n"
	    "  absolute_redirect off;\n  add_header X-Connection $connection;\n"
	    "  client_body_temp_path %s/t1;\n  proxy_temp_path %s/t2;\n  fastcgi_temp_path %s/t3;\n"
	    "  uwsgi_temp_path %s/t4;\n  scgi_temp_path %s/t5;\n",
	    dir, dir, dir, dir, dir, dir, dir, dir, dir);
	put(&at, end, plain_server, (unsigned)n->ports[NGINX_PLAIN], dir, dir,
	    (unsigned)n->ports[NGINX_GOOD], dir);
	put(&at, end,
	    "  server { listen 127.0.0.1:%u; location / { proxy_pass http://$http_host; } }\n",
	    (unsigned)n->ports[NGINX_PROXY]);
	for (int i = NGINX_GOOD; i <= NGINX_UNKNOWN; i++)
		put(&at, end,
		    "  server {\n    listen 127.0.0.1:%u ssl;\n    ssl_certificate %s/%s.pem;\n"
		    "    ssl_certificate_key %s/%s.key;\n    location / { }\n"
		    "    location /gzip/ { alias %s/www/; gzip on; gzip_types *; gzip_min_length "
		    "0; }\n  }\n",
		    (unsigned)n->ports[i], dir, certs[i], dir, certs[i], dir);
	put(&at, end, "}\n");
	program_write_file(path, text);
}

const char *nginx_big(void)
{
	static char *big;
	if (big)
		return big;
	big = malloc(NGINX_BIG_LEN + 1);
	assert_non_null(big);
	unsigned seed = 7;
	for (size_t i = 0; i < NGINX_BIG_LEN; i++) {
		seed = seed * 1664525 + 1013904223;
		big[i] = (char)('a' + (seed >> 24) % 20);
	}
	big[NGINX_BIG_LEN] = '\0';
	return big;
}

static void write_page(const struct nginx *n, const char *name, const char *text)
{
	char path[PROGRAM_PATH_MAX + 64];
	snprintf(path, sizeof(path), "%s/www/%s", n->dir, name);
	program_write_file(path, text);
}

void nginx_start(struct nginx *n)
{
	char path[PROGRAM_PATH_MAX + 64];
	program_tmpdir(n->dir);
	certs_make(n->dir);
	certs_path(n->ca, n->dir, "ca.pem");
	snprintf(path, sizeof(path), "%s/www", n->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	write_page(n, "small", "small page\n");
	write_page(n, "empty", "");
	write_page(n, "big", nginx_big());
	for (int i = 0; i < NGINX_PORTS; i++)
		n->ports[i] = program_free_port();
	snprintf(path, sizeof(path), "%s/nginx.conf", n->dir);
	write_config(n, path);
	n->pid = program_start_server(
	        NULL, n->ports[NGINX_UNKNOWN],
	        (const char *const[]){ "nginx", "-p", n->dir, "-c", path, "-e", "stderr", NULL });
}

void nginx_stop(struct nginx *n)
{
	program_stop(n->pid);
	program_tmpdir_remove(n->dir);
}
