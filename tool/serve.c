/* SPDX-License-Identifier: MIT
 * `koru serve`: a server to try koru fetch on. Each answer is the same small text, after a
 * delay that stands for the work of a real server. */
#include "args.h"
#include "command.h"
#include "event.h"
#include "signals.h"

#include "base/alloc.h"
#include "http/server.h"
#include "koru/error.h"
#include "koru/io.h"
#include "koru/run.h"
#include "koru/scope.h"
#include "koru/stream.h"
#include "koru/task.h"
#include "koru/time.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
        "koru serve: answer every GET with a small text, after a delay.\n"
        "\n"
        "usage: koru serve [OPTION]...\n"
        "\n"
        "examples\n"
        "  Answer on port 8080 of this machine, each request after 100 milliseconds:\n"
        "      koru serve --port 8080 --delay 100ms\n"
        "\n"
        "  Take any free port, and read from the first line which one it is:\n"
        "      koru serve\n"
        "      listening on http://127.0.0.1:35671\n"
        "\n"
        "  Answer with bodies of one mebibyte:\n"
        "      koru serve --size 1M\n"
        "\n"
        "options\n"
        "  --host HOST   address to listen on; 0.0.0.0: every one of this machine (127.0.0.1)\n"
        "  --port N      port to listen on; 0: a free one (0)\n"
        "  --delay T     wait before each answer, such as 50ms or 2s (0)\n"
        "  --size N      bytes of each body, such as 512, 64K or 1M (14)\n"
        "  --help        show this\n"
        "\n"
        "Ctrl-C or SIGTERM stops it after the requests under way have been answered; a second\n"
        "one leaves at once.\n";

#define DELAY_MAX KORU_HOUR
#define BODY_MAX  ((uint64_t)1 << 30)
#define SEND_MAX  KORU_MINUTE /* for sending an answer, after the delay */

static const char hello[] = "Hello, World!\n";

struct server {
	const char *host;
	uint64_t port;
	int64_t delay;
	uint64_t size; /* of the body */
	char *body;
	int fd;
	struct event stop; /* announced by a signal */
	bool stopping;
	struct signals signals;
};

/* ---- answering -------------------------------------------------------------------------- */

static int answer(void *arg, const struct koru__http_ask *ask, struct koru__http_reply *reply)
{
	struct server *server = arg;
	int rc = koru_sleep(server->delay);
	if (rc < 0)
		return rc;

	static const struct koru_http_header allow = { "Allow", "GET, HEAD" };
	bool get = ask->method.len == 3 && memcmp(ask->method.ptr, "GET", 3) == 0;
	bool head = ask->method.len == 4 && memcmp(ask->method.ptr, "HEAD", 4) == 0;
	*reply = (struct koru__http_reply){ .status = 200,
		                            .type = "text/plain",
		                            .body = server->body,
		                            .body_len = server->size,
		                            .close = server->stopping };
	if (!get && !head)
		*reply = (struct koru__http_reply){ .status = 405,
			                            .headers = &allow,
			                            .header_count = 1 };
	return 0;
}

static int accept_all(void *arg)
{
	struct server *server = arg;
	struct koru__http_server_opts opts = { .answer_timeout = server->delay + SEND_MAX };
	return koru__http_serve(server->fd, answer, server, &opts);
}

/* ---- starting and stopping -------------------------------------------------------------- */

static void on_first_signal(void *arg)
{
	struct server *server = arg;
	server->stopping = true;
	event_set(&server->stop);
}

/* Says where it listens, at once: whoever started us waits for this line. */
static int print_address(int fd)
{
	char name[KORU_SOCKET_NAME_MAX];
	int rc = koru_socket_name(fd, name, sizeof(name));
	if (rc < 0)
		return rc;
	if (printf("listening on http://%s\n", name) < 0 || fflush(stdout) == EOF)
		return -EIO;
	return 0;
}

static int serve_main(void *arg)
{
	struct server *server = arg;
	int rc = koru_listen(server->host, (uint16_t)server->port, 0, &server->fd);
	if (rc < 0) {
		(void)command_error(&command_serve,
		                    "cannot listen on %s port %u: %s; choose others with --host "
		                    "and --port",
		                    server->host, (unsigned)server->port, koru_strerror(rc));
		return rc;
	}
	rc = print_address(server->fd);
	if (rc < 0) {
		(void)command_error(&command_serve, "cannot say where it listens: %s",
		                    koru_strerror(rc));
		(void)koru_close(server->fd);
		return rc;
	}

	struct koru_scope accepting;
	(void)koru_scope_open(&accepting, NULL); /* a failure is told by its close */
	(void)koru_go(&accepting, accept_all, server);
	(void)koru_go(NULL, signals_run, &server->signals); /* a failure ends koru_run */
	(void)event_wait(&server->stop, 0);                 /* or the scope is cancelled */
	(void)koru_scope_cancel(&accepting);
	rc = koru_scope_close(&accepting);
	(void)koru_close(server->fd);
	return server->stopping ? 0 : rc;
}

/* ---- options ------------------------------------------------------------------------------ */

/* The greeting again and again, up to `size` bytes. */
static char *make_body(uint64_t size)
{
	char *body = koru__alloc(size ? (size_t)size : 1);
	size_t greeting = sizeof(hello) - 1;
	for (size_t at = 0; body && at < size; at += greeting) {
		size_t left = (size_t)size - at;
		memcpy(body + at, hello, left < greeting ? left : greeting);
	}
	return body;
}

enum { OPT_HOST = COMMAND_LONG, OPT_PORT, OPT_DELAY, OPT_SIZE };

static const struct option options[] = {
	{ "host", required_argument, NULL, OPT_HOST },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "delay", required_argument, NULL, OPT_DELAY },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ NULL, 0, NULL, 0 },
};

static int set_option(struct server *server, int option, char **argv)
{
	switch (option) {
	case OPT_HOST: server->host = optarg; return 0;
	case OPT_PORT:
		if (args_count(optarg, 0, UINT16_MAX, &server->port) == 0)
			return 0;
		return command_error(&command_serve, "--port %s: give a number from 0 to 65535",
		                     optarg);
	case OPT_DELAY:
		if (args_duration(optarg, &server->delay) == 0 && server->delay <= DELAY_MAX)
			return 0;
		return command_error(&command_serve,
		                     "--delay %s: give up to 1h with a unit, such as 100ms or 2s",
		                     optarg);
	case OPT_SIZE:
		if (args_size(optarg, BODY_MAX, &server->size) == 0)
			return 0;
		return command_error(&command_serve,
		                     "--size %s: give up to 1G, such as 512, 64K or 1M", optarg);
	default: return command_bad_option(&command_serve, option, argv);
	}
}

static int run_server(struct server *server)
{
	int rc = signals_open(&server->signals);
	if (rc < 0) {
		(void)command_error(&command_serve, "cannot watch for signals: %s",
		                    koru_strerror(rc));
		return COMMAND_FAILED;
	}
	server->signals.on_first = on_first_signal;
	server->signals.arg = server;
	server->fd = -1;
	rc = koru_run(serve_main, server, NULL);
	signals_done(&server->signals);
	if (rc < 0 && server->fd >= 0) /* else it has been told already */
		(void)command_error(&command_serve, "stopped: %s", koru_strerror(rc));
	return rc < 0 ? COMMAND_FAILED : COMMAND_OK;
}

static int serve_command(int argc, char **argv)
{
	struct server server = { .host = "127.0.0.1", .size = sizeof(hello) - 1 };
	opterr = 0; /* the words are ours */
	for (int option; (option = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
		int rc = set_option(&server, option, argv);
		if (rc != 0)
			return rc;
	}
	if (argv[optind])
		return command_error(&command_serve,
		                     "\"%s\" is not an option; to name an address, write --host %s",
		                     argv[optind], argv[optind]);
	server.body = make_body(server.size);
	if (!server.body) {
		(void)command_error(&command_serve, "no memory for bodies of %llu bytes",
		                    (unsigned long long)server.size);
		return COMMAND_FAILED;
	}
	int status = run_server(&server);
	koru__free(server.body);
	return status;
}

const struct command command_serve = {
	.name = "serve",
	.summary = "answer requests after a delay, to try fetch on",
	.help = help,
	.run = serve_command,
};
