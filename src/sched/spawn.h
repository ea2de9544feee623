/* SPDX-License-Identifier: MIT
 *
 * Starting tasks, for those who want more of it than koru/task.h offers.
 */
#ifndef KORU_SCHED_SPAWN_H
#define KORU_SCHED_SPAWN_H

#include "koru/task.h"

struct koru_future;

/* As koru_go_with; the result goes to `future`, which may be NULL. */
int koru__spawn(struct koru_scope *scope, koru_fn *fn, void *arg, const char *name,
                const struct koru_task_opts *opts, struct koru_future *future);

#endif
