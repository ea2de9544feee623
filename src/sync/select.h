/* SPDX-License-Identifier: MIT
 *
 * What a select for descriptors needs besides: asking, and waiting together with the other cases.
 */
#ifndef KORU_SYNC_SELECT_H
#define KORU_SYNC_SELECT_H

#include "koru/select.h"
#include "sched/wait.h"

/* What a select is woken with besides a koru__wake_result. */
enum { KORU__SELECT_TIMEOUT = INT32_MAX };

/* Looks, without waiting, which of the `fds` descriptors among the cases are ready, and sets the
 * results of their cases: not 0 for those that are. Returns 0, or -ENOMEM. */
int koru__select_fds_look(struct koru_case cases[], int count, int fds);

/* For koru__wait_suspend, where there are descriptors among the cases, in a task: sets their
 * results meanwhile, and is done with all of them when it returns. */
struct koru__select_fds;
int koru__select_fds_open(struct koru_case cases[], int count, int fds, struct koru__wait *wait,
                          struct koru__select_fds **ret_fds);
int koru__select_fds_suspend(struct koru__select_fds *f, const struct koru__wait_kind *kind,
                             int64_t until);
void koru__select_fds_close(struct koru__select_fds *f);

#endif
