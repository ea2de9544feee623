/* SPDX-License-Identifier: MIT
 *
 * How a task begins and ends, as the scheduler sees it. See koru/task.h.
 */
#ifndef KORU_SCHED_SPAWN_H
#define KORU_SCHED_SPAWN_H

#include "koru/task.h"

struct koru__loop;
struct koru_future;
struct koru_task;

/* As koru_go_with; the result goes to `future`, which may be NULL. */
int koru__spawn(struct koru_scope *scope, koru_fn *fn, void *arg, const char *name,
                const struct koru_task_opts *opts, struct koru_future *future);

/* Queues the main task of a run, on its first loop. Returns 0 or -ENOMEM. */
int koru__spawn_main(struct koru__loop *loop, koru_fn *main_fn, void *arg);

/* From any thread: a detached task of `loop`, which does not close meanwhile. Errors as koru_post.
 */
int koru__spawn_posted(struct koru__loop *loop, koru_fn *fn, void *arg, const char *name);

/* The task's function has returned, on the loop where it ran: the task is gone. */
void koru__task_ended(struct koru__loop *loop, struct koru_task *task, int result);

/* What the task is ordered by (context/sanitize.h): its loop, unless it promised to bear running at
 * the same time as the others there. */
void *koru__task_order(const struct koru_task *task);

/* Its name, wherever that is kept. */
const char *koru__task_name(const struct koru_task *task);

#endif
