/* SPDX-License-Identifier: MIT
 * Tasks with arguments of their own types, their results, and values that they inherit. The chapter
 * is docs/guide/tasks.md. */
#include <koru/koru.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Who asked, for everybody who works on it. */
static const struct koru_local_key user = { "user", NULL };

/* An ordinary function, which can also be started: count_words_go, count_words_async. */
KORU_TASK(count_words, (const char *, text), (char, separator))
{
	int words = 0;
	while (*text) {
		size_t len = strcspn(text, (char[]){ separator, '\0' });
		words += len > 0;
		text += len;
		text += strspn(text, (char[]){ separator, '\0' });
		koru_yield(); /* others may go on */
	}
	return words;
}

struct box {
	double width, height;
};

KORU_TASK(report, (struct box, box), (int, number))
{
	if (box.width <= 0)
		return -EINVAL;
	printf("box %d for %s: %g\n", number, (const char *)koru_local_get(&user),
	       box.width * box.height);
	return 0;
}

static int app(void *arg)
{
	(void)arg;
	struct koru_scope scope;
	struct koru_future spaces, commas;
	koru_scope_open(&scope, NULL);
	count_words_async(&scope, &spaces, "to be or not to be", ' ');
	count_words_async(&scope, &commas, "one,two,,three", ',');
	printf("%d and %d words\n", count_words_await(&spaces), count_words_await(&commas));
	int rc = koru_scope_close(&scope);
	if (rc < 0)
		return rc;

	static char ada[] = "Ada";
	struct koru_local local;
	koru_local_bind(&local, &user, ada);
	koru_scope_open(&scope, NULL); /* its tasks see the binding */
	for (int i = 0; i < 3; i++)
		report_go(&scope, (struct box){ i + 1, 2.5 }, i);
	rc = koru_scope_close(&scope);
	koru_local_unbind(&local);
	if (rc < 0)
		return rc;

	koru_scope_open(&scope, NULL);
	report_go_with(&scope, &(struct koru_task_opts){ .name = "the empty box" },
	               (struct box){ 0, 0 }, 9);
	printf("an empty one: %s\n", koru_strerror(koru_scope_close(&scope)));
	return 0;
}

int main(void)
{
	return koru_run(app, NULL, NULL) < 0;
}
