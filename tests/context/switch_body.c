/* SPDX-License-Identifier: MIT
 * Functions full of values that have to survive switches. See switch_body.h. */
#include "context/switch_body.h"

#include <koru/task.h>

#include <stddef.h>
#include <string.h>

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)
#define BODY(name)  JOIN(JOIN(switch_, name), JOIN(_, SWITCH_FLAVOUR))

int BODY(integers)(void *arg);
int BODY(floats)(void *arg);
int BODY(wide)(void *arg);
int BODY(frames)(void *arg);

static uint64_t next(uint64_t *s)
{
	*s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *s ^ *s >> 29;
}

static double fraction(uint64_t *s)
{
	return (double)(next(s) >> 12) / 4503599627370496.0;
}

static uint64_t mix(uint64_t h, const void *value, size_t size)
{
	const unsigned char *p = value;
	for (size_t i = 0; i < size; i++)
		h = (h ^ p[i]) * UINT64_C(1099511628211);
	return h;
}

#define MIX(h, value) ((h) = mix((h), &(value), sizeof(value)))

/* More live integers than there are registers, all of them changed in every round. */
int BODY(integers)(void *arg)
{
	struct switch_case *c = arg;
	uint64_t s = c->seed;
	uint64_t a = next(&s), b = next(&s), d = next(&s), e = next(&s), f = next(&s), g = next(&s);
	uint64_t h = next(&s), i = next(&s), j = next(&s), k = next(&s), l = next(&s), m = next(&s);
	int yields = c->yields;
	for (int round = 0; round < c->rounds; round++) {
		a += b ^ (uint64_t)round;
		b = (b << 7 | b >> 57) + d;
		d ^= e * 3;
		e += f >> 3;
		f = f * 5 + g;
		if (yields)
			koru_yield();
		g ^= h << 5;
		h += i;
		i = (i << 11 | i >> 53) ^ j;
		j += k * 9;
		k ^= l >> 7;
		l += m;
		m = m * 7 + a;
		if (yields)
			koru_yield();
	}
	uint64_t all = 14695981039346656037u;
	MIX(all, a), MIX(all, b), MIX(all, d), MIX(all, e), MIX(all, f), MIX(all, g);
	MIX(all, h), MIX(all, i), MIX(all, j), MIX(all, k), MIX(all, l), MIX(all, m);
	c->result = all;
	return 0;
}

int BODY(floats)(void *arg)
{
	struct switch_case *c = arg;
	uint64_t s = c->seed;
	double a = fraction(&s), b = fraction(&s), d = fraction(&s), e = fraction(&s);
	double f = fraction(&s), g = fraction(&s), h = fraction(&s), i = fraction(&s);
	double j = fraction(&s), k = fraction(&s), l = fraction(&s), m = fraction(&s);
	float n = (float)fraction(&s), o = (float)fraction(&s), p = (float)fraction(&s);
	float q = (float)fraction(&s), r = (float)fraction(&s), t = (float)fraction(&s);
	int yields = c->yields;
	for (int round = 0; round < c->rounds; round++) {
		a = a * 0.75 + b;
		b = b * 0.5 - d;
		d = d * 0.25 + e;
		e = e * 0.125 - f;
		f = f * 0.375 + g;
		g = g * 0.625 - h;
		n = n * 0.5f + o;
		o = o * 0.25f - p;
		p = p * 0.75f + q;
		if (yields)
			koru_yield();
		h = h * 0.875 + i;
		i = i * 0.5 - j;
		j = j * 0.75 + k;
		k = k * 0.25 - l;
		l = l * 0.5 + m;
		m = m * 0.5 - a;
		q = q * 0.5f - r;
		r = r * 0.25f + t;
		t = t * 0.5f - n;
	}
	uint64_t all = 1;
	MIX(all, a), MIX(all, b), MIX(all, d), MIX(all, e), MIX(all, f), MIX(all, g);
	MIX(all, h), MIX(all, i), MIX(all, j), MIX(all, k), MIX(all, l), MIX(all, m);
	MIX(all, n), MIX(all, o), MIX(all, p), MIX(all, q), MIX(all, r), MIX(all, t);
	c->result = all;
	return 0;
}

typedef double vector __attribute__((vector_size(32)));
__extension__ typedef unsigned __int128 uint128;

/* What takes more than one register, or the old floating-point unit. */
int BODY(wide)(void *arg)
{
	struct switch_case *c = arg;
	uint64_t s = c->seed;
	long double a = fraction(&s), b = fraction(&s), d = fraction(&s), e = fraction(&s);
	uint128 f = next(&s), g = next(&s), h = (uint128)next(&s) << 64 | next(&s);
	vector v = { fraction(&s), fraction(&s), fraction(&s), fraction(&s) };
	vector w = { fraction(&s), fraction(&s), fraction(&s), fraction(&s) };
	const vector half = { 0.5, 0.25, 0.75, 0.125 };
	for (int round = 0; round < c->rounds; round++) {
		a = a * 0.75L + b;
		b = b * 0.5L - d;
		d = d * 0.25L + e;
		e = e * 0.5L - a;
		f = f * 3 + g;
		v = v * half + w;
		if (c->yields)
			koru_yield();
		g ^= h >> 17;
		h = h * 5 + f;
		w = w * half - v;
	}
	uint64_t all = 1;
	double parts[] = { (double)a, (double)b, (double)d, (double)e };
	MIX(all, parts), MIX(all, f), MIX(all, g), MIX(all, h), MIX(all, v), MIX(all, w);
	c->result = all;
	return 0;
}

/* Frames that are reached in unusual ways: realigned, of a size known only at run time, or both,
 * and by several calls. */
static __attribute__((noinline)) uint64_t frame(struct switch_case *c, uint64_t *s, int depth)
{
	_Alignas(64) uint64_t aligned[8];
	size_t len = 16 + next(s) % 64;
	uint64_t *dynamic = __builtin_alloca(len * sizeof(*dynamic));
	uint64_t local = next(s);
	for (size_t i = 0; i < 8; i++)
		aligned[i] = next(s);
	for (size_t i = 0; i < len; i++)
		dynamic[i] = next(s);
	__asm__ volatile("" : : "r"(aligned), "r"(dynamic) : "memory");
	if (c->yields)
		koru_yield();
	uint64_t below = depth > 0 ? frame(c, s, depth - 1) : 0;
	if (c->yields)
		koru_yield();
	uint64_t all = local + below * 31 + ((uintptr_t)aligned % 64);
	all = mix(all, aligned, sizeof(aligned));
	return mix(all, dynamic, len * sizeof(*dynamic));
}

int BODY(frames)(void *arg)
{
	struct switch_case *c = arg;
	uint64_t s = c->seed;
	c->result = 0;
	for (int round = 0; round < c->rounds; round++)
		c->result = c->result * 33 + frame(c, &s, round % 8);
	return 0;
}
