/* SPDX-License-Identifier: MIT
 *
 * Tasks that run on another loop than the one their scope belongs to.
 *
 * A scope and its list of tasks are touched by the scope's own loop alone: its home. Such a task
 * has a record of its own, with a second scope in it that stands for the first where the task
 * runs, and all else is messages:
 *
 *      home                               away
 *        │  start (or it was stolen) ──→   │   runs
 *        │  cancel ──→                     │   cancels the scope that stands there
 *        │                        ←── ack  │
 *        │                      ←── ended  │   touches the task no more
 *      the task leaves its scope, once it has ended and no cancellation is on its way
 *
 * The two deadlines are one moment, kept on both sides.
 */
#ifndef KORU_SCHED_REMOTE_H
#define KORU_SCHED_REMOTE_H

#include "koru/scope.h"
#include "sched/task.h"

#include <stdbool.h>

struct koru__loop;

struct koru__remote {
	struct koru_scope stand_in; /* on the loop `at` */
	struct koru_task *task;
	const char *name;
	struct koru_scope *scope; /* whose task it is, on the loop `home` */
	struct koru__loop *home;
	struct koru__loop *at;
	struct koru__message run;    /* start, then ended */
	struct koru__message cancel; /* cancel, then ack */
	struct koru__message join;   /* a task of `at` has put it into the scope */
	int result;
	/* Of the home. */
	bool cancelled;
	bool acknowledged;
	bool ended;
	/* Of the other side. */
	bool running;         /* from its arrival to its end */
	struct koru_task own; /* the task itself, where it did not come from its home's slab */
};

/* NULL without memory. */
struct koru__remote *koru__remote_new(void);
void koru__remote_free(struct koru__remote *remote);

/* On the home loop: starts a task of `scope` on the loop `at`. The task lies in remote->own, filled
 * in but for what concerns scope and place. */
void koru__remote_start(struct koru__remote *remote, struct koru_scope *scope,
                        struct koru__loop *at);

/* On any thread: starts a task of `scope`, which is another's, on the loop `at`. The caller is
 * inside that scope, or knows by other means that it stays open meanwhile; a root scope may be
 * over. Returns 0, or -ESHUTDOWN. */
int koru__remote_join(struct koru__remote *remote, struct koru_scope *scope, struct koru__loop *at);

/* Where it was stolen to: the task, whose record koru__remote_take has filled in, gets its turn. */
void koru__remote_arrive(struct koru__remote *remote);

/* Fills the record in and ties the task to it. From then on its home may cancel it: so in the same
 * moment the task has to become one of `at`, or a message that says so be on its way. */
static inline void koru__remote_take(struct koru__remote *remote, struct koru_task *task,
                                     struct koru_scope *scope, struct koru__loop *home,
                                     struct koru__loop *at)
{
	remote->task = task;
	remote->name = task->name;
	remote->scope = scope;
	remote->home = home;
	remote->at = at;
	task->remote = remote;
	koru__task_set_place(task, KORU__AWAY);
}

/* On the home loop: the scope of the task was cancelled. */
void koru__remote_cancel(struct koru__remote *remote);

/* Where it ran: the function has returned. */
void koru__remote_ended(struct koru__remote *remote, int result);

#endif
