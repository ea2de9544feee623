/* SPDX-License-Identifier: MIT
 * A program of somebody else's: uses the installed libkoru. */
#include <koru/koru.h>

#include <stdio.h>

static int greet(void *name)
{
	koru_sleep(KORU_MILLISECOND);
	return printf("hello from %s\n", (const char *)name) < 0;
}

static int app(void *arg)
{
	(void)arg;
	struct koru_scope all;
	koru_scope_open(&all, NULL);
	koru_go(&all, greet, "one task");
	koru_go(&all, greet, "another");
	return koru_scope_close(&all);
}

int main(void)
{
	return koru_run(app, NULL, NULL) < 0;
}
