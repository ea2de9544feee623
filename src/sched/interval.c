/* SPDX-License-Identifier: MIT
 * Intervals. See koru/time.h. */
#include "base/clock.h"
#include "koru/time.h"

#include <errno.h>
#include <stddef.h>

int koru_interval_init(struct koru_interval *iv, int64_t period,
                       const struct koru_interval_opts *opts)
{
	static const struct koru_interval_opts defaults;
	if (!opts)
		opts = &defaults;
	if (period <= 0 || opts->first < 0 || opts->slack < 0 || opts->slack >= period ||
	    opts->missed < KORU_MISSED_SKIP || opts->missed > KORU_MISSED_DELAY)
		return -EINVAL;
	iv->koru__period = period;
	iv->koru__next = opts->first ? opts->first : koru__clock_add(koru__clock_now(), period);
	iv->koru__slack = opts->slack;
	iv->koru__missed = opts->missed;
	return 0;
}

/* The tick after the one waited for and `missed` more, of which none is to come. */
static int64_t tick_after(const struct koru_interval *iv, int64_t missed)
{
	return koru__clock_add(iv->koru__next + missed * iv->koru__period, iv->koru__period);
}

int koru_interval_next(struct koru_interval *iv, uint64_t *ret_missed)
{
	if (iv->koru__period <= 0)
		return -EINVAL;
	int rc = koru_sleep_until_slack(iv->koru__next, iv->koru__slack);
	if (rc < 0)
		return rc;
	/* Looked at only now: others may have run for long after the moment had come. */
	int64_t now = koru__clock_now();
	int64_t late = now > iv->koru__next ? now - iv->koru__next : 0;
	int64_t missed = late / iv->koru__period;
	switch (iv->koru__missed) {
	case KORU_MISSED_SKIP: iv->koru__next = tick_after(iv, missed); break;
	case KORU_MISSED_BURST: iv->koru__next = tick_after(iv, 0); break;
	case KORU_MISSED_DELAY:
		iv->koru__next =
		        missed == 0 ? tick_after(iv, 0) : koru__clock_add(now, iv->koru__period);
		break;
	}
	if (ret_missed)
		*ret_missed = (uint64_t)missed;
	return 0;
}
