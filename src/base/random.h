/* SPDX-License-Identifier: MIT
 *
 * Random numbers for scheduling, ports and jitter. Not for secrets.
 */
#ifndef KORU_BASE_RANDOM_H
#define KORU_BASE_RANDOM_H

#include <stdint.h>

/* One stream of numbers. Streams with one seed are equal; give each purpose a stream of
 * its own, so that drawing from one does not shift another. */
struct koru__random {
	uint64_t state;
};

/* A stream from a given seed, and one from the kernel's random numbers. */
void koru__random_seed(struct koru__random *r, uint64_t seed);
void koru__random_init(struct koru__random *r);

/* The next 64 bits. */
uint64_t koru__random_next(struct koru__random *r);

/* A number below `bound`, which is not zero; each equally likely. */
uint64_t koru__random_below(struct koru__random *r, uint64_t bound);

#endif
