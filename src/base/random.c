/* SPDX-License-Identifier: MIT
 * Random numbers: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
 * Generators, OOPSLA 2014), eight bytes of state and good enough for schedules. */
#include "base/random.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/fault.h"

#include <sys/random.h>

void koru__random_seed(struct koru__random *r, uint64_t seed)
{
	r->state = seed;
}

void koru__random_init(struct koru__random *r)
{
	uint64_t seed;
	/* Without the kernel's numbers (a seccomp filter, early boot) the clock has to do:
	 * nothing secret depends on them. */
	if (koru__fault(KORU__FAULT_RANDOM) ||
	    getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = (uint64_t)koru__clock_now() ^ (uintptr_t)r;
	koru__random_seed(r, seed);
}

uint64_t koru__random_next(struct koru__random *r)
{
	uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t koru__random_below(struct koru__random *r, uint64_t bound)
{
	koru__assert(bound > 0);
	/* Draw again from the incomplete last round, or small results would be favoured. */
	uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
	uint64_t x;
	do
		x = koru__random_next(r);
	while (x >= limit);
	return x % bound;
}
