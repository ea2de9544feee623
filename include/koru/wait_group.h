/* SPDX-License-Identifier: MIT
 *
 * Wait groups: a count of things that are not finished, and those who wait until it is zero. For
 * work that no scope holds together: what plain threads or other loops do.
 *
 *     static struct koru_wait_group jobs = KORU_WAIT_GROUP_INIT(0);
 *
 *     koru_wait_group_add(&jobs, 1);        // before the job is handed to anybody
 *     ...
 *     koru_wait_group_done(&jobs);          // by whoever finishes it
 *     ...
 *     koru_wait_group_wait(&jobs);
 */
#ifndef KORU_WAIT_GROUP_H
#define KORU_WAIT_GROUP_H

#include <koru/node.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KORU_WAIT_GROUP_MAX INT32_MAX

/* In the caller's storage; it must stay there, unmoved, while it is in use. All zero bytes are a
 * group of nothing. Nothing to free: its storage may go as soon as no call is under way, and who
 * has come out of koru_wait_group_wait as the last may free it even before the last
 * koru_wait_group_done has returned. The fields belong to koru. */
struct koru_wait_group {
	struct koru__lock koru__lock;
	int32_t koru__count;
	struct koru__waiters koru__waiters;
};

/* `count` from 0 to KORU_WAIT_GROUP_MAX: as if added. */
/* clang-format off */
#define KORU_WAIT_GROUP_INIT(count) { { 0 }, (count), { 0, 0 } }
/* clang-format on */

/* Adds to the count, which may be negative; those who wait go on when it becomes zero. Never
 * suspends; works in a cancelled scope too. Any task, any thread.
 * Returns 0; or, with nothing changed,
 *   -EINVAL     it would become negative: more is finished than was begun,
 *   -EOVERFLOW  it would become more than KORU_WAIT_GROUP_MAX. */
int koru_wait_group_add(struct koru_wait_group *group, int count);

/* koru_wait_group_add(group, -1). */
int koru_wait_group_done(struct koru_wait_group *group);

/* Waits until the count is zero. What was done before the calls that made it so is seen
 * afterwards. May suspend. Any task, any thread.
 * Returns 0, or -ECANCELED: the caller's scope is cancelled. */
int koru_wait_group_wait(struct koru_wait_group *group);

#ifdef __cplusplus
}
#endif
#endif
