/* SPDX-License-Identifier: MIT
 * Wait groups. See koru/wait_group.h. */
#include "koru/wait_group.h"

#include "context/sanitize.h"
#include "sched/park.h"
#include "sched/wait.h"

#include <errno.h>

static const struct koru__wait_kind waiting = { "a wait group", koru__wait_interrupt };

int koru_wait_group_add(struct koru_wait_group *group, int count)
{
	struct koru__waiters all = { .first = NULL };
	int rc = 0;
	koru__lock_take(&group->koru__lock);
	int64_t sum = (int64_t)group->koru__count + count;
	if (sum < 0) {
		rc = -EINVAL;
	} else if (sum > KORU_WAIT_GROUP_MAX) {
		rc = -EOVERFLOW;
	} else {
		koru__sanitize_release(group);
		group->koru__count = (int32_t)sum;
		if (sum == 0)
			koru__waiters_claim_all(&group->koru__waiters, &all);
	}
	koru__lock_give(&group->koru__lock);
	koru__waiters_wake(&all, 0);
	return rc;
}

int koru_wait_group_done(struct koru_wait_group *group)
{
	return koru_wait_group_add(group, -1);
}

int koru_wait_group_wait(struct koru_wait_group *group)
{
	struct koru__wait wait;
	int rc = koru__wait_begin(&wait);
	if (rc < 0)
		return rc;
	koru__lock_take(&group->koru__lock);
	if (group->koru__count > 0) {
		struct koru__waiter self = { .wait = &wait };
		rc = koru__wait_in(&group->koru__waiters, &self, &group->koru__lock, &waiting);
		if (rc == 0)
			koru__sanitize_acquire(group);
		return rc;
	}
	koru__lock_give(&group->koru__lock);
	koru__sanitize_acquire(group);
	koru__wait_spared();
	return 0;
}
