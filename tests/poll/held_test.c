/* SPDX-License-Identifier: MIT
 * A buffer that a program frees while an operation on it is under way is reported on both
 * pollers. AddressSanitizer does not see what the kernel writes through io_uring: src/poll has
 * to look for it. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *buf;
static int ends[2];

static int reads(void *arg)
{
	(void)arg;
	return (int)koru_read(ends[0], buf, 8);
}

static int frees(void *arg)
{
	(void)arg;
	free(buf);
	return write(ends[1], "x", 1) == 1 ? 0 : -1;
}

static int main_frees_too_early(void *arg)
{
	(void)arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, reads, NULL);
	koru_sleep(KORU_MILLISECOND); /* it waits now */
	koru_go(&s, frees, NULL);
	return koru_scope_close(&s);
}

static int program(void *arg)
{
	(void)arg;
	buf = malloc(8);
	return pipe(ends) == 0 && koru_run(main_frees_too_early, NULL, NULL) == 0 ? 0 : 2;
}

static void test_a_freed_buffer_is_reported(void **state)
{
	(void)state;
	struct child child;
	in_child(&child, program, NULL);
	assert_non_null(strstr(child.said, "heap-use-after-free"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_freed_buffer_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
