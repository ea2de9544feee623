/* SPDX-License-Identifier: MIT
 * Two ends of a stream. See pair.h. */
#include "support/pair.h"

#include "support/cmocka.h"

#include <errno.h>
#include <fcntl.h>
#include <koru/run.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void open_tcp(int fds[2])
{
	sigset_t all, before; /* connect(2) is not to be interrupted, as some tests would */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	struct sockaddr_in addr = { .sin_family = AF_INET,
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(listen(listener, 1), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(fds[0] >= 0);
	assert_int_equal(
	        TEMP_FAILURE_RETRY(connect(fds[0], (struct sockaddr *)&addr, sizeof(addr))), 0);
	fds[1] = TEMP_FAILURE_RETRY(accept(listener, NULL, NULL));
	assert_true(fds[1] >= 0);
	close(listener);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void pair_open(struct pair *ret_pair, int kind)
{
	int fds[2];
	switch (kind) {
	case PAIR_SOCKET:
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
		break;
	case PAIR_SOCKET_BLOCKING:
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		break;
	case PAIR_PIPE: assert_int_equal(pipe2(fds, O_NONBLOCK), 0); break;
	case PAIR_PIPE_BLOCKING: assert_int_equal(pipe2(fds, 0), 0); break;
	default: open_tcp(fds); break;
	}
	*ret_pair = (struct pair){ .in = fds[1], .out = fds[0] };
}

void pair_close_in(struct pair *pair)
{
	assert_int_equal(close(pair->in), 0);
	pair->in = -1;
}

void pair_close(struct pair *pair)
{
	if (pair->in >= 0)
		pair_close_in(pair);
	assert_int_equal(close(pair->out), 0);
}

static int task_writes(void *arg)
{
	struct pair_later *later = arg;
	koru_sleep(2 * KORU_MILLISECOND);
	return write(later->fd, later->text, later->len) == (ssize_t)later->len ? 0 : -1;
}

static void *thread_writes(void *arg)
{
	struct pair_later *later = arg;
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	return write(later->fd, later->text, later->len) == (ssize_t)later->len ? later : NULL;
}

void pair_write_later(struct pair_later *later)
{
	if (koru_scope_open(&later->scope, NULL) == 0)
		assert_int_equal(koru_go(&later->scope, task_writes, later), 0);
	else
		assert_int_equal(pthread_create(&later->thread, NULL, thread_writes, later), 0);
}

void pair_join(struct pair_later *later)
{
	void *result = later;
	if (koru_task_name())
		assert_int_equal(koru_scope_close(&later->scope), 0);
	else
		assert_int_equal(pthread_join(later->thread, &result), 0);
	assert_ptr_equal(result, later);
}
