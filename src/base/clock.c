/* SPDX-License-Identifier: MIT
 * The clock, with a fault point that lets it jump. See clock.h. */
#include "base/clock.h"

#include "base/assert.h"
#include "base/fault.h"
#include "koru/time.h"

#include <time.h>

int64_t koru__clock_now(void)
{
	struct timespec ts;
	int rc = clock_gettime(CLOCK_MONOTONIC, &ts);
	koru__assert(rc == 0);
	int64_t jump = koru__fault(KORU__FAULT_CLOCK);
	return (ts.tv_sec + jump) * KORU_SECOND + ts.tv_nsec;
}

int64_t koru__clock_add(int64_t when, int64_t ns)
{
	int64_t sum;
	if (__builtin_add_overflow(when, ns, &sum))
		return ns > 0 ? KORU_FOREVER : 0;
	return sum < 0 ? 0 : sum;
}

int64_t koru_now(void)
{
	return koru__clock_now();
}
