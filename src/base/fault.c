/* SPDX-License-Identifier: MIT
 * Faults on demand: the armed plan and its count-down. See fault.h. */
#include "base/fault.h"

#include "base/assert.h"

#include <stdatomic.h>

int koru__fault_armed;

static atomic_uint skip_left;
static atomic_uint fail_left;
static atomic_uint hits;
static atomic_int fault_error;

void koru__fault_arm(enum koru__fault_point point, unsigned skip, unsigned count, int error)
{
	koru__assert(point >= KORU__FAULT_NONE && point < KORU__FAULT_MAX);
	__atomic_store_n(&koru__fault_armed, KORU__FAULT_NONE, __ATOMIC_SEQ_CST);
	skip_left = skip;
	fail_left = count;
	fault_error = error;
	hits = 0;
	__atomic_store_n(&koru__fault_armed, (int)point, __ATOMIC_SEQ_CST);
}

unsigned koru__fault_hits(void)
{
	return hits;
}

/* Takes one from the counter unless it is zero. */
static int take(atomic_uint *left)
{
	unsigned n = atomic_load(left);
	while (n > 0)
		if (atomic_compare_exchange_weak(left, &n, n - 1))
			return 1;
	return 0;
}

int koru__fault_slow(enum koru__fault_point point)
{
	(void)point;
	if (take(&skip_left) || !take(&fail_left))
		return 0;
	atomic_fetch_add(&hits, 1);
	return fault_error;
}
