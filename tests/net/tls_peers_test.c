/* SPDX-License-Identifier: MIT
 * TLS against servers of other projects, openssl s_server and nginx: certificates of every kind,
 * versions, ALPN, sessions. */
#include "koru/koru.h"
#include "koru/net.h"
#include "support/certs.h"
#include "support/cmocka.h"
#include "support/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[PROGRAM_PATH_MAX];
static char ca[PROGRAM_PATH_MAX];

/* Starts openssl s_server, which answers each line with its reverse, on a certificate. */
static pid_t start_s_server(uint16_t port, const char *name, const char *const extra[])
{
	char cert[PROGRAM_PATH_MAX], key[PROGRAM_PATH_MAX], accept[32], file[64];
	const char *argv[24] = { "openssl", "s_server", "-rev", "-quiet", "-accept",
		                 accept,    "-cert",    cert,   "-key",   key };
	size_t n = 10;
	snprintf(accept, sizeof(accept), "127.0.0.1:%d", port);
	snprintf(file, sizeof(file), "%s.pem", name);
	certs_path(cert, dir, file);
	snprintf(file, sizeof(file), "%s.key", name);
	certs_path(key, dir, file);
	while (extra && *extra)
		argv[n++] = *extra++;
	argv[n] = NULL;
	return program_start_server(NULL, port, argv);
}

/* A system with one root, which signed nothing: the usual hundred only take longer. */
static void few_roots(void)
{
	char path[PROGRAM_PATH_MAX];
	setenv("SSL_CERT_FILE", certs_path(path, dir, "idle.pem"), 1);
	setenv("SSL_CERT_DIR", "/nowhere", 1);
}

struct call {
	const char *host;
	uint16_t port;
	struct koru_tls_opts tls;
	char alpn[32];
	char version[16];
	bool resumed;
	struct koru_stream_detail detail;
};

/* Connects, has a line reversed, and hangs up. */
static int talk(void *arg)
{
	struct call *c = arg;
	struct koru_stream *s;
	char line[16] = "";
	size_t got = 0;
	int rc = koru_stream_dial(
	        c->host, c->port,
	        &(struct koru_dial_opts){ .tls = &c->tls, .ret_detail = &c->detail }, &s);
	if (rc < 0)
		return rc;
	snprintf(c->alpn, sizeof(c->alpn), "%s", koru_stream_alpn(s) ? koru_stream_alpn(s) : "");
	snprintf(c->version, sizeof(c->version), "%s", koru_stream_tls_version(s));
	c->resumed = koru_stream_tls_resumed(s);
	rc = koru_stream_write(s, "hello\n", 6);
	while (rc >= 0 && got < 6) {
		ssize_t n = koru_stream_read(s, line + got, sizeof(line) - 1 - got);
		rc = n > 0 ? 0 : n < 0 ? (int)n : -KORU_EEOF;
		got += n > 0 ? (size_t)n : 0;
	}
	koru_stream_close(s);
	if (rc >= 0)
		assert_string_equal(line, "olleh\n");
	return rc;
}

static int dial(struct call *c)
{
	return koru_run(talk, c, NULL);
}

static struct call call_to(uint16_t port)
{
	return (struct call){ .host = "localhost", .port = port, .tls = { .ca_file = ca } };
}

static void a_good_certificate(void **state)
{
	(void)state;
	uint16_t port = program_free_port();
	pid_t server = start_s_server(port, "good", NULL);
	static const char *const hosts[] = { "localhost", "127.0.0.1", "a.test.localhost",
		                             "localhost." };
	for (size_t i = 0; i < 4; i++) {
		struct call c = call_to(port);
		c.host = hosts[i];
		assert_int_equal(dial(&c), 0);
		assert_string_equal(c.version, "TLSv1.3");
		assert_string_equal(c.alpn, "");
		assert_string_equal(c.detail.text, "");
	}
	struct call c = call_to(port);
	c.host = "a.b.test.localhost"; /* a wildcard stands for one label */
	assert_int_equal(dial(&c), -KORU_ECERTHOST);
	c = call_to(port);
	c.tls.ca_file = NULL; /* the system's roots alone */
	assert_int_equal(dial(&c), -KORU_ECERT);
	program_stop(server);
}

/* OpenSSL's variables say which roots are the system's. */
static void the_system_s_roots(void **state)
{
	(void)state;
	uint16_t port = program_free_port();
	pid_t server = start_s_server(port, "good", NULL);
	struct call c = call_to(port);
	c.tls.ca_file = NULL;
	setenv("SSL_CERT_FILE", ca, 1);
	assert_int_equal(dial(&c), 0);
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
	assert_int_equal(dial(&c), -KORU_ECERT);
	c.tls.ca_file = ca; /* besides the system's */
	assert_int_equal(dial(&c), 0);
	few_roots();
	program_stop(server);
}

static void bad_certificates(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int error;
		const char *detail;
	} kinds[] = {
		{ "expired", -KORU_ECERTEXPIRED,
		  "the certificate of localhost: certificate has expired" },
		{ "early", -KORU_ECERTEARLY,
		  "the certificate of localhost: certificate is not yet valid" },
		{ "wronghost", -KORU_ECERTHOST, "the certificate of localhost: hostname mismatch" },
		{ "selfsigned", -KORU_ECERTSELF,
		  "the certificate of localhost: self-signed certificate" },
		{ "unknown", -KORU_ECERT,
		  "the certificate of localhost: unable to get local issuer certificate" },
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint16_t port = program_free_port();
		pid_t server = start_s_server(port, kinds[i].name, NULL);
		struct call c = call_to(port);
		assert_int_equal(dial(&c), kinds[i].error);
		assert_string_equal(c.detail.text, kinds[i].detail);
		c.host = "127.0.0.1"; /* named too, though it is no name */
		assert_int_equal(dial(&c), kinds[i].error);
		assert_non_null(strstr(c.detail.text, "certificate of 127.0.0.1: "));
		c.tls.insecure_no_verify = true;
		assert_int_equal(dial(&c), 0);
		program_stop(server);
	}
}

static int in_half_a_stack(struct call *c)
{
	return koru_run(talk, c,
	                &(struct koru_run_opts){ .stack_size = KORU_STACK_SIZE_DEFAULT / 2 });
}

/* Room is left for the program on a stack of the usual size. */
static void a_handshake_leaves_room_on_the_stack(void **state)
{
	(void)state;
	uint16_t port = program_free_port();
	pid_t server = start_s_server(port, "good", NULL);
	struct call c = call_to(port);
	assert_int_equal(in_half_a_stack(&c), 0);
	program_stop(server);
}

/* On a plain thread every call blocks it; what contexts and sessions belong to is gone by then. */
static void outside_a_task(void **state)
{
	(void)state;
	static const char *const versions[] = { "-tls1_2", "-tls1_3" };
	for (size_t i = 0; i < 2; i++) {
		uint16_t port = program_free_port();
		pid_t server =
		        start_s_server(port, "good", (const char *const[]){ versions[i], NULL });
		struct call c = call_to(port);
		assert_int_equal(talk(&c), 0);
		assert_int_equal(talk(&c), 0);
		assert_false(c.resumed);
		program_stop(server);
	}
}

static void old_versions_are_refused(void **state)
{
	(void)state;
	uint16_t port = program_free_port();
	pid_t server = start_s_server(port, "good", (const char *const[]){ "-tls1_2", NULL });
	struct call c = call_to(port);
	assert_int_equal(dial(&c), 0);
	assert_string_equal(c.version, "TLSv1.2");
	program_stop(server);

	port = program_free_port();
	server = start_s_server(
	        port, "good",
	        (const char *const[]){ "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", NULL });
	c = call_to(port);
	c.tls.insecure_no_verify = true;
	assert_int_equal(dial(&c), -KORU_ETLS);
	assert_true(strlen(c.detail.text) > 0);
	program_stop(server);
}

static void alpn(void **state)
{
	(void)state;
	uint16_t port = program_free_port();
	pid_t server =
	        start_s_server(port, "good", (const char *const[]){ "-alpn", "h2,http/1.1", NULL });
	struct call c = call_to(port);
	c.tls.alpn = "http/1.1";
	assert_int_equal(dial(&c), 0);
	assert_string_equal(c.alpn, "http/1.1");
	c.tls.alpn = "http/1.1,h2"; /* the server chooses */
	assert_int_equal(dial(&c), 0);
	assert_string_equal(c.alpn, "h2");
	static const char *const bad[] = { "", ",", "h2,", ",h2", "h2,,http/1.1" };
	for (size_t i = 0; i < 5; i++) {
		c.tls.alpn = bad[i];
		assert_int_equal(dial(&c), -EINVAL);
	}
	program_stop(server);
}

static int talk_twice(void *arg)
{
	struct call *c = arg;
	int rc = talk(c);
	assert_false(c->resumed);
	return rc < 0 ? rc : talk(c);
}

static void sessions_are_resumed(void **state)
{
	(void)state;
	static const char *const versions[] = { "-tls1_2", "-tls1_3" };
	for (size_t i = 0; i < 2; i++) {
		uint16_t port = program_free_port();
		pid_t server =
		        start_s_server(port, "good", (const char *const[]){ versions[i], NULL });
		struct call c = call_to(port);
		assert_int_equal(koru_run(talk_twice, &c, NULL), 0);
		assert_true(c.resumed);
		c = call_to(port);
		c.tls.no_session_reuse = true;
		assert_int_equal(koru_run(talk_twice, &c, NULL), 0);
		assert_false(c.resumed);
		program_stop(server);
	}
}

/* A session that began without verification must not serve a connection that asks for it. */
static int unverified_then_verified(void *arg)
{
	struct call *c = arg;
	c->tls.insecure_no_verify = true;
	assert_int_equal(talk(c), 0);
	c->tls.insecure_no_verify = false;
	assert_int_equal(talk(c), -KORU_ECERTSELF);
	return 0;
}

static void unverified_sessions_stay_so(void **state)
{
	(void)state;
	uint16_t port = program_free_port();
	pid_t server = start_s_server(port, "selfsigned", NULL);
	struct call c = call_to(port);
	c.tls.ca_file = NULL;
	assert_int_equal(koru_run(unverified_then_verified, &c, NULL), 0);
	program_stop(server);
}

static void unusable_files(void **state)
{
	(void)state;
	uint16_t port = program_free_port();
	pid_t server = start_s_server(port, "good", NULL);
	char path[PROGRAM_PATH_MAX], other[PROGRAM_PATH_MAX];
	struct call c = call_to(port);
	c.tls.ca_file = certs_path(path, dir, "nowhere.pem");
	assert_int_equal(dial(&c), -ENOENT);
	assert_non_null(strstr(c.detail.text, "nowhere.pem"));
	program_write_file(certs_path(path, dir, "empty.pem"), "");
	assert_int_equal(dial(&c), -EBADMSG);
	c = call_to(port);
	c.tls.cert_file = certs_path(path, dir, "good.pem");
	c.tls.key_file = certs_path(other, dir, "expired.key");
	assert_int_equal(dial(&c), -EINVAL);
	program_stop(server);
}

static const char nginx_config[] = "daemon off;\n"
                                   "master_process off;\n"
                                   "pid %s/nginx.pid;\n"
                                   "error_log stderr;\n"
                                   "events { }\n"
                                   "http {\n"
                                   "  access_log off;\n"
                                   "  client_body_temp_path %s/body;\n"
                                   "  proxy_temp_path %s/proxy;\n"
                                   "  fastcgi_temp_path %s/fastcgi;\n"
                                   "  uwsgi_temp_path %s/uwsgi;\n"
                                   "  scgi_temp_path %s/scgi;\n"
                                   "  server {\n"
                                   "    listen 127.0.0.1:%d ssl http2;\n"
                                   "    ssl_certificate %s/good.pem;\n"
                                   "    ssl_certificate_key %s/good.key;\n"
                                   "    ssl_session_tickets on;\n"
                                   "    location / { return 200 'from nginx'; }\n"
                                   "  }\n"
                                   "}\n";

static int get_from_nginx(void *arg)
{
	static const char request[] =
	        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	struct call *c = arg;
	struct koru_stream *s;
	char page[4096];
	size_t at = 0;
	ssize_t n;
	assert_int_equal(
	        koru_stream_dial(c->host, c->port, &(struct koru_dial_opts){ .tls = &c->tls }, &s),
	        0);
	c->resumed = koru_stream_tls_resumed(s);
	assert_string_equal(koru_stream_alpn(s), c->tls.alpn);
	assert_int_equal(koru_stream_write(s, request, strlen(request)), 0);
	while ((n = koru_stream_read(s, page + at, sizeof(page) - 1 - at)) > 0)
		at += (size_t)n;
	assert_int_equal(n, 0); /* nginx says close_notify */
	page[at] = '\0';
	assert_non_null(strstr(page, "200 OK"));
	assert_non_null(strstr(page, "from nginx"));
	koru_stream_close(s);
	return 0;
}

static int get_twice(void *arg)
{
	struct call *c = arg;
	get_from_nginx(c);
	assert_false(c->resumed);
	get_from_nginx(c);
	assert_true(c->resumed);
	return 0;
}

static void nginx(void **state)
{
	(void)state;
	char config[8192], path[PROGRAM_PATH_MAX];
	if (!program_exists("nginx"))
		skip();
	uint16_t port = program_free_port();
	snprintf(config, sizeof(config), nginx_config, dir, dir, dir, dir, dir, dir, port, dir,
	         dir);
	program_write_file(certs_path(path, dir, "nginx.conf"), config);
	pid_t server = program_start_server(
	        NULL, port, (const char *const[]){ "nginx", "-c", path, "-p", dir, NULL });
	struct call c = call_to(port);
	c.tls.alpn = "http/1.1";
	assert_int_equal(koru_run(get_twice, &c, NULL), 0);
	program_stop(server);
}

static int setup(void **state)
{
	(void)state;
	program_tmpdir(dir);
	certs_make(dir);
	certs_path(ca, dir, "ca.pem");
	few_roots();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	program_tmpdir_remove(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_certificate),
		cmocka_unit_test(the_system_s_roots),
		cmocka_unit_test(bad_certificates),
		cmocka_unit_test(a_handshake_leaves_room_on_the_stack),
		cmocka_unit_test(outside_a_task),
		cmocka_unit_test(old_versions_are_refused),
		cmocka_unit_test(alpn),
		cmocka_unit_test(sessions_are_resumed),
		cmocka_unit_test(unverified_sessions_stay_so),
		cmocka_unit_test(unusable_files),
		cmocka_unit_test(nginx),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
