/* SPDX-License-Identifier: MIT
 * What fails outside: a name, a connection, a handshake and a line there and back, with the n-th
 * allocation failing for every n, koru's own and those of c-ares and OpenSSL, and the n-th system
 * call. Nothing may crash, leak (the sanitizers look) or stay open, and the result is an error or
 * the line. */
#include "base/fault.h"
#include "koru/koru.h"
#include "koru/net.h"
#include "support/certs.h"
#include "support/cmocka.h"
#include "support/nameserver.h"
#include "support/program.h"

#include <ares.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct nameserver_rule rules[] = {
	{ .name = "a.test.localhost.test",
	  .type = NAMESERVER_A,
	  .ttl = 60,
	  .addrs = { "127.0.0.1" } },
	{ .name = "a.test.localhost.test", .type = NAMESERVER_AAAA, .ttl = 60, .addrs = { "::1" } },
	{ .name = NULL },
};

static struct nameserver *ns;
static char dir[PROGRAM_PATH_MAX], ca[PROGRAM_PATH_MAX];
static uint16_t port;

/* The allocator of the two libraries, with koru's fault point in front once they are to fail. */
static bool foreign;

static void *foreign_malloc(size_t size)
{
	return foreign && koru__fault(KORU__FAULT_ALLOC) ? NULL : malloc(size);
}

static void *foreign_realloc(void *ptr, size_t size)
{
	return foreign && koru__fault(KORU__FAULT_ALLOC) ? NULL : realloc(ptr, size);
}

static void *crypto_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return foreign_malloc(size);
}

static void *crypto_realloc(void *ptr, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return foreign_realloc(ptr, size);
}

static void crypto_free(void *ptr, const char *file, int line)
{
	(void)file;
	(void)line;
	free(ptr);
}

static int talk(struct koru_stream *s)
{
	char line[8] = "";
	size_t got = 0;
	int rc = koru_stream_write(s, "hello\n", 6);
	while (rc >= 0 && got < 6) {
		ssize_t n = koru_stream_read(s, line + got, sizeof(line) - got);
		rc = n > 0 ? 0 : n < 0 ? (int)n : -KORU_EEOF;
		got += n > 0 ? (size_t)n : 0;
	}
	if (rc < 0)
		return rc;
	assert_memory_equal(line, "olleh\n", 6);
	return koru_stream_shutdown(s);
}

static int sleep_long(void *arg)
{
	(void)arg;
	(void)koru_sleep(KORU_MINUTE);
	return 0;
}

/* Looks a name up, connects to what it stands for, and talks. */
static int connect_and_talk(void)
{
	static const char name[] = "a.test.localhost.test";
	struct koru_stream *s;
	struct koru_stream_detail detail;
	struct koru_tls_opts tls = { .ca_file = ca, .alpn = "http/1.1" };
	struct addrinfo *res;
	int rc = koru_getaddrinfo(name, "80", NULL, &res);
	if (rc < 0)
		return rc;
	koru_freeaddrinfo(res);
	rc = koru_yield(); /* the sleeper takes the stack that the lookup has left */
	if (rc == 0)
		rc = koru_stream_dial(name, port, &(struct koru_dial_opts){ .ret_detail = &detail },
		                      &s);
	if (rc < 0)
		return rc;
	rc = koru_stream_start_tls(s, "localhost", &tls); /* the certificate is not for the name */
	if (rc == 0)
		rc = talk(s);
	(void)koru_stream_error_detail(s);
	koru_stream_close(s);
	return rc;
}

static int whole_life(void *arg)
{
	struct koru_scope scope;
	(void)arg;
	int rc = koru_dns_setup(&(struct koru_dns_opts){ .servers = nameserver_address(ns) });
	if (rc < 0)
		return rc;
	koru_scope_open(&scope, NULL);
	rc = connect_and_talk();
	if (rc == 0) {
		/* Once more, on stacks that none has used: nothing is left to recycle. */
		rc = koru_go(&scope, sleep_long, NULL);
		if (rc == 0)
			rc = connect_and_talk();
	}
	koru_scope_cancel(&scope);
	int closed = koru_scope_close(&scope);
	return rc == -ECANCELED && closed < 0 ? closed : rc;
}

/* Fails `count` passages of a point with `error`, from the first on, then from a later one, until
 * none is left to fail. Returns how many there were. */
static int sweep(enum koru__fault_point point, unsigned step, unsigned count, int error)
{
	int fds = program_open_fds();
	for (unsigned skip = 0;; skip += step) {
		koru__fault_arm(point, skip, count, error);
		int rc = koru_run(whole_life, NULL, NULL);
		unsigned hits = koru__fault_hits();
		koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
		assert_int_equal(program_open_fds(), fds);
		assert_true(rc <= 0);
		if (hits == 0) {
			assert_int_equal(rc, 0);
			return (int)skip;
		}
		/* Where one attempt fails so and another is refused, both are right. */
		if (!foreign && rc < 0 && !(error == ECONNRESET && rc == -ECONNREFUSED))
			assert_int_equal(rc, -error);
	}
}

static void koru_runs_out_of_memory(void **state)
{
	(void)state;
	assert_int_equal(koru_run(whole_life, NULL, NULL), 0);
	assert_true(sweep(KORU__FAULT_ALLOC, 1, 1, ENOMEM) > 10);
	assert_true(sweep(KORU__FAULT_ALLOC, 1, 1000000, ENOMEM) > 10); /* out for good */
}

/* Every seventh: all of them take half a minute and have been seen to pass. */
static void the_libraries_run_out_of_memory(void **state)
{
	(void)state;
	foreign = true;
	int reached = sweep(KORU__FAULT_ALLOC, getenv("KORU_TEST_ALL") ? 1 : 7, 1, ENOMEM);
	foreign = false;
	assert_true(reached > 1000);
}

/* A task that finds no stack is never called: nobody may wait for what it would have done.
 * Stacks are the process's and are used again, so each round has a size of its own. */
static void stacks_run_out(void **state)
{
	(void)state;
	int fds = program_open_fds();
	for (unsigned skip = 0; skip < 6; skip++) {
		const struct koru_run_opts opts = { .stack_size = KORU_STACK_SIZE_DEFAULT
			                                          << (skip + 1) };
		koru__fault_arm(KORU__FAULT_GUARD, skip, 1000000, ENOMEM);
		int rc = koru_run(whole_life, NULL, &opts);
		unsigned hits = koru__fault_hits();
		koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
		assert_int_equal(program_open_fds(), fds);
		assert_true(hits > 0 || skip > 2);
		assert_int_equal(rc, hits > 0 ? -ENOMEM : 0);
	}
}

static void sockets_run_out(void **state)
{
	(void)state;
	assert_true(sweep(KORU__FAULT_SOCKET, 1, 1, EMFILE) >= 1);
}

/* Of reads, writes and connections; with io_uring only some pass here. */
static void system_calls_fail(void **state)
{
	(void)state;
	assert_true(sweep(KORU__FAULT_IO, 1, 1, ECONNRESET) > 1);
	assert_true(sweep(KORU__FAULT_IO, 1, 1000000, ECONNRESET) > 1);
}

static pid_t server;

static int setup(void **state)
{
	(void)state;
	char cert[PROGRAM_PATH_MAX], key[PROGRAM_PATH_MAX], where[32];
	program_tmpdir(dir);
	certs_make(dir);
	certs_path(ca, dir, "ca.pem");
	/* The system's hundred roots would be a hundred times the same. */
	setenv("SSL_CERT_FILE", ca, 1);
	setenv("SSL_CERT_DIR", dir, 1);
	port = program_free_port();
	snprintf(where, sizeof(where), "127.0.0.1:%d", port);
	const char *const argv[] = { "openssl", "s_server",
		                     "-rev",    "-quiet",
		                     "-accept", where,
		                     "-alpn",   "http/1.1",
		                     "-cert",   certs_path(cert, dir, "good.pem"),
		                     "-key",    certs_path(key, dir, "good.key"),
		                     NULL };
	server = program_start_server(NULL, port, argv);
	ns = nameserver_start(rules);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nameserver_stop(ns);
	program_stop(server);
	program_tmpdir_remove(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(koru_runs_out_of_memory),
		cmocka_unit_test(the_libraries_run_out_of_memory),
		cmocka_unit_test(stacks_run_out),
		cmocka_unit_test(sockets_run_out),
		cmocka_unit_test(system_calls_fail),
	};
	/* Before either library has allocated anything. */
	if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1 ||
	    ares_library_init_mem(ARES_LIB_INIT_ALL, foreign_malloc, free, foreign_realloc) != 0)
		return 1;
	/* OpenSSL 3.0 forgets that it owns a name when memory runs out while it adds it to its
	 * table, and frees it twice at exit. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	int failed = cmocka_run_group_tests(tests, setup, teardown);
	ares_library_cleanup();
	return failed;
}
