/* SPDX-License-Identifier: MIT
 * Generators: endless ones, nested ones, one that is told things, and one that waits. The chapter
 * is docs/guide/generators.md. */
#include <koru/koru.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

/* 0, 1, 1, 2, 3, 5, … for as long as anybody asks. */
KORU_GEN(fibonacci, unsigned long)
{
	unsigned long a = 0, b = 1;
	for (;;) {
		int rc = fibonacci_yield(gen, a);
		if (rc < 0) {
			printf("fibonacci: no more\n"); /* clean-up would stand here */
			return rc;
		}
		unsigned long sum = a + b;
		a = b;
		b = sum;
	}
}

struct node {
	int value;
	const struct node *left, *right;
};

/* The values of a tree, in order. */
KORU_GEN(walk, int, (const struct node *, node))
{
	const struct node *sides[2] = { node->left, node->right };
	for (int i = 0; i < 2; i++) {
		if (sides[i]) {
			struct walk_gen side;
			walk_open(&side, sides[i]);
			int rc = walk_yield_from(gen, &side);
			int closed = walk_close(&side);
			if (rc < 0 || closed < 0)
				return rc < 0 ? rc : closed;
		}
		if (i == 0) {
			int rc = walk_yield(gen, node->value);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

/* Without macros, what is handed over is a pointer, in both directions: gives the average of the
 * numbers that it is sent. */
static int average(struct koru_gen *gen, void *arg)
{
	(void)arg;
	intptr_t sum = 0, count = 0;
	void *number;
	for (;;) {
		int rc = koru_gen_yield(gen, (void *)(count ? sum / count : 0), &number);
		if (rc < 0)
			return rc;
		sum += (intptr_t)number;
		count++;
	}
}

/* May wait like any other code: the task that asks for the next value waits. */
KORU_GEN(ticks, int, (int, count))
{
	for (int i = 0; i < count; i++) {
		int rc = koru_sleep(KORU_MILLISECOND);
		if (rc < 0)
			return rc;
		rc = ticks_yield(gen, i);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void some_numbers(void)
{
	struct fibonacci_gen gen;
	unsigned long n;
	fibonacci_open(&gen);
	for (int i = 0; i < 8 && fibonacci_next(&gen, &n) == 1; i++)
		printf("%lu ", n);
	printf("\n");
	fibonacci_close(&gen);
}

static void a_tree(void)
{
	static const struct node one = { 1, NULL, NULL }, three = { 3, NULL, NULL };
	static const struct node two = { 2, &one, &three }, five = { 5, NULL, NULL };
	static const struct node four = { 4, &two, &five };
	struct walk_gen gen;
	int value;
	walk_open(&gen, &four);
	while (walk_next(&gen, &value) == 1)
		printf("%d ", value);
	printf("\n");
	walk_close(&gen);
}

static void an_average(void)
{
	static const intptr_t numbers[] = { 10, 20, 60 };
	struct koru_gen gen;
	void *value;
	koru_gen_open(&gen, average, NULL);
	koru_gen_next(&gen, &value); /* to its first yield, where it can be sent something */
	for (int i = 0; i < 3; i++) {
		koru_gen_send(&gen, (void *)numbers[i], &value);
		printf("average %d\n", (int)(intptr_t)value);
	}
	int rc = koru_gen_throw(&gen, -EDOM, &value);
	printf("thrown in and come out: %s\n", koru_strerror(rc));
	koru_gen_close(&gen);
}

static int app(void *arg)
{
	(void)arg;
	some_numbers();
	a_tree();
	an_average();
	struct ticks_gen gen;
	int tick;
	ticks_open(&gen, 3);
	while (ticks_next(&gen, &tick) == 1)
		printf("tick %d\n", tick);
	return ticks_close(&gen);
}

int main(void)
{
	return koru_run(app, NULL, NULL) < 0;
}
