/* SPDX-License-Identifier: MIT
 * Fairness of I/O: calls that never have to wait let other tasks run all the same. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int raises_flag(void *arg)
{
	*(bool *)arg = true;
	return 0;
}

/* Its own calls never wait; the other one runs all the same. */
static int reads_zeros(void *arg)
{
	bool *stop = arg;
	char buf[16];
	int fd = open("/dev/zero", O_RDONLY);
	long rounds = 0;
	while (!*stop && rounds < 10000000) {
		assert_int_equal(koru_read(fd, buf, sizeof(buf)), sizeof(buf));
		rounds++;
	}
	close(fd);
	return *stop ? 0 : -EDOM;
}

static int main_fair(void *arg)
{
	struct koru_scope s;
	bool stop = false;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, reads_zeros, &stop);
	koru_go(&s, reads_zeros, &stop);
	koru_go(&s, raises_flag, &stop);
	return koru_scope_close(&s);
}

static void test_calls_that_never_wait_give_way(void **state)
{
	(void)state;
	assert_int_equal(run(main_fair, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_that_never_wait_give_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
