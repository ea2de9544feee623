/* SPDX-License-Identifier: MIT
 * Typed tasks and generators as C11, C17 and C++17 see them: typed_builds compiles this file in
 * each language with every warning on, and runs it. */
#include <koru/koru.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct point {
	double x, y;
	char name[9];
};

typedef int (*callback)(int);

enum colour { RED, GREEN };

static int calls;

#define EXPECT(expr)                                                                               \
	do {                                                                                       \
		if (!(expr)) {                                                                     \
			fprintf(stderr, "line %d: %s\n", __LINE__, #expr);                         \
			return -EDOM;                                                              \
		}                                                                                  \
	} while (0)

static int twice(int n)
{
	return 2 * n;
}

KORU_TASK(none)
{
	calls++;
	return 1;
}

KORU_TASK(one, (struct point, p))
{
	calls++;
	EXPECT(p.x > 0 && p.y < 0 && strcmp(p.name, "here") == 0);
	return 0;
}

KORU_TASK(two, (const char *, url), (int, retries))
{
	calls++;
	EXPECT(strcmp(url, "http://example.org/") == 0);
	return retries;
}

KORU_TASK(eight, (char, a), (short, b), (long long, c), (float, d), (long double, e),
          (const struct point *, f), (callback, g), (enum colour, h))
{
	calls++;
	EXPECT(koru_yield() == 0);
	EXPECT(a == 'a' && b == -2 && c == 3000000000LL && d > 4.4F && e > 5.4L);
	EXPECT(f->y < 0 && g(21) == 42 && h == GREEN);
	return 0;
}

/* Names that the wrappers' own must not meet. */
KORU_TASK(named, (int, scope), (int, opts), (int, args), (int, block), (int, future), (int, rc))
{
	calls++;
	return scope + opts + args + block + future + rc;
}

KORU_TASK(three, (int, a), (int, b), (int, c))
{
	calls++;
	return a + b + c;
}

KORU_TASK(seven, (int, a), (int, b), (int, c), (int, d), (int, e), (unsigned char, f), (int, g))
{
	calls++;
	return a + b + c + d + e + f + g;
}

KORU_TASK(never_used, (int, a), (int, b), (int, c), (int, d))
{
	return a + b + c + d;
}

KORU_TASK(nor_this, (int, a), (int, b), (int, c), (int, d), (int, e))
{
	return a + b + c + d + e;
}

KORU_GEN(naturals, unsigned long)
{
	for (unsigned long n = 0;; n++) {
		int rc = naturals_yield(gen, n);
		if (rc < 0)
			return rc;
	}
}

KORU_GEN(points, struct point, (int, count), (struct point, step))
{
	struct point at = step;
	for (int i = 0; i < count; i++) {
		at.x += step.x;
		int rc = points_yield(gen, at);
		if (rc < 0)
			return rc;
	}
	return 0;
}

KORU_GEN(many, int, (int, a), (int, b), (int, c), (int, d), (int, e), (int, f), (int, g), (int, h))
{
	return many_yield(gen, a + b + c + d + e + f + g + h);
}

static int run_tasks(const struct point *p)
{
	struct koru_scope s;
	struct koru_future f, g, h;
	EXPECT(koru_scope_open(&s, 0) == 0);
	EXPECT(none_go(&s) == 0);
	EXPECT(none_go_with(&s, 0) == 0);
	EXPECT(one_go(&s, *p) == 0);
	EXPECT(two_go(&s, "http://example.org/", 3) == 0);
	EXPECT(eight_go(&s, 'a', -2, 3000000000LL, 4.5F, 5.5L, p, twice, GREEN) == 0);
	EXPECT(named_async(&s, &f, 1, 2, 3, 4, 5, 6) == 0);
	EXPECT(three_async(&s, &g, 1, 2, 3) == 0);
	EXPECT(none_async(&s, &h) == 0);
	EXPECT(named_await(&f) == 21);
	EXPECT(three_await(&g) == 6);
	EXPECT(none_await(&h) == 1);
	EXPECT(seven_go_with(&s, 0, 1, 2, 3, 4, 5, 6, 7) == 0);
	EXPECT(koru_scope_close(&s) == 0);
	EXPECT(calls == 9);
	EXPECT(three(1, 2, 3) == 6); /* an ordinary function */
	return 0;
}

static int run_generators(const struct point *step)
{
	struct naturals_gen n;
	struct points_gen p;
	struct many_gen m;
	unsigned long number = 9;
	struct point at;
	int sum = 0;
	EXPECT(naturals_open(&n) == 0);
	for (unsigned long i = 0; i < 5; i++)
		EXPECT(naturals_next(&n, &number) == 1 && number == i);
	EXPECT(naturals_close(&n) == 0);
	EXPECT(points_open(&p, 2, *step) == 0);
	EXPECT(points_next(&p, &at) == 1 && at.x > 1.5 * step->x && at.y < 0);
	EXPECT(points_next(&p, &at) == 1 && at.x > 2.5 * step->x && strcmp(at.name, "here") == 0);
	EXPECT(points_next(&p, &at) == 0);
	EXPECT(points_close(&p) == 0);
	EXPECT(many_open(&m, 1, 2, 3, 4, 5, 6, 7, 8) == 0);
	EXPECT(many_next(&m, &sum) == 1 && sum == 36);
	EXPECT(many_throw(&m, -EIO, &sum) == -EIO);
	EXPECT(many_close(&m) == -EIO);
	return 0;
}

static int app(void *arg)
{
	int rc = run_tasks((const struct point *)arg);
	return rc < 0 ? rc : run_generators((const struct point *)arg);
}

int main(void)
{
	struct point p = { 1.5, -1, "here" };
	int rc = koru_run(app, &p, 0);
	if (rc < 0)
		fprintf(stderr, "%s\n", koru_strerror(rc));
	return rc < 0;
}
