/* SPDX-License-Identifier: MIT
 * Tasks away from home. See remote.h. */
#include "sched/remote.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/list.h"
#include "context/sanitize.h"
#include "sched/loop.h"
#include "sched/runq.h"
#include "sched/runtime.h"
#include "sched/scope.h"

#include <errno.h>
#include <stddef.h>

struct koru__remote *koru__remote_new(void)
{
	koru__sanitize_quiet_begin(); /* no task's memory: several loops take turns with it */
	struct koru__remote *remote = koru__alloc(sizeof(*remote));
	koru__sanitize_quiet_end();
	if (remote) {
		remote->cancelled = false;
		remote->acknowledged = false;
		remote->ended = false;
		remote->running = false;
	}
	return remote;
}

static void send_to(struct koru__loop *to, struct koru__message *message,
                    void (*receive)(struct koru__loop *, struct koru__message *))
{
	message->receive = receive;
	koru__loop_send(to, message);
}

void koru__remote_free(struct koru__remote *remote)
{
	koru__sanitize_quiet_begin(); /* it was taken by another loop's task */
	koru__free(remote);
	koru__sanitize_quiet_end();
}

/* Gives the task the scope that stands for its own, and its turn. */
void koru__remote_arrive(struct koru__remote *remote)
{
	remote->running = true;
	koru__scope_open_stand_in(remote->at, &remote->stand_in, remote->scope, remote->task);
	remote->stand_in.koru__locals = remote->task->locals;
	koru__task_enter_scope(remote->task, &remote->stand_in);
	koru__runq_push(&koru__loop_here, remote->task);
}

static void on_start(struct koru__loop *loop, struct koru__message *message)
{
	(void)loop;
	koru__remote_arrive(koru__container_of(message, struct koru__remote, run));
}

void koru__remote_start(struct koru__remote *remote, struct koru_scope *scope,
                        struct koru__loop *at)
{
	koru__remote_take(remote, &remote->own, scope, scope->koru__loop, at);
	koru__scope_add(scope, &remote->own);
	koru__sanitize_release(&remote->own);
	send_to(at, &remote->run, on_start);
}

/* At home: a task of another loop has joined the scope, which may have been cancelled since. */
static void on_join(struct koru__loop *loop, struct koru__message *message)
{
	struct koru__remote *remote = koru__container_of(message, struct koru__remote, join);
	if (remote->scope == &loop->root) {
		koru__runtime_root_add(loop, remote->task);
		koru__runtime_release(loop->runtime); /* that of koru__remote_join */
	} else {
		koru__scope_add(remote->scope, remote->task);
	}
	if (koru__scope_cause(remote->scope))
		koru__remote_cancel(remote);
}

int koru__remote_join(struct koru__remote *remote, struct koru_scope *scope, struct koru__loop *at)
{
	struct koru__loop *home = scope->koru__loop;
	/* A root scope does not have to have a task in it; it must not be over meanwhile. */
	if (scope == &home->root && !koru__runtime_hold(home->runtime))
		return -ESHUTDOWN;
	koru__remote_take(remote, &remote->own, scope, home, at);
	koru__sanitize_release(&remote->own);
	/* Before the task can end, so that the two messages come in this order. */
	send_to(home, &remote->join, on_join);
	send_to(at, &remote->run, on_start);
	return 0;
}

/* At home: nothing is on its way any more. */
static void finish(struct koru__remote *remote)
{
	if (!remote->ended || (remote->cancelled && !remote->acknowledged))
		return;
	struct koru__loop *loop = remote->home;
	struct koru_task *task = remote->task;
	struct koru_scope *scope = remote->scope;
	int result = remote->result;
	/* It may have noticed a deadline before its scope's loop had time to. */
	if (result < 0)
		(void)koru__scope_is_over(loop, scope);
	task->name = remote->name;
	koru__scope_task_ended(loop, scope, task, result);
	if (task != &remote->own)
		koru__slab_give(&loop->tasks, task);
	koru__remote_free(remote);
}

static void on_ack(struct koru__loop *loop, struct koru__message *message)
{
	(void)loop;
	struct koru__remote *remote = koru__container_of(message, struct koru__remote, cancel);
	remote->acknowledged = true;
	finish(remote);
}

static void on_cancel(struct koru__loop *loop, struct koru__message *message)
{
	struct koru__remote *remote = koru__container_of(message, struct koru__remote, cancel);
	/* Who joins a scope that is cancelled already may be told so before its start: then it
	 * sees that on arrival. */
	if (remote->running)
		koru__scope_fail(loop, &remote->stand_in, -ECANCELED);
	send_to(remote->home, &remote->cancel, on_ack);
}

void koru__remote_cancel(struct koru__remote *remote)
{
	if (remote->cancelled || remote->ended)
		return;
	remote->cancelled = true;
	send_to(remote->at, &remote->cancel, on_cancel);
}

static void on_ended(struct koru__loop *loop, struct koru__message *message)
{
	(void)loop;
	struct koru__remote *remote = koru__container_of(message, struct koru__remote, run);
	remote->ended = true;
	finish(remote);
}

void koru__remote_ended(struct koru__remote *remote, int result)
{
	koru__scope_close_stand_in(remote->at, &remote->stand_in);
	koru__sanitize_release(remote->scope);
	remote->running = false;
	remote->result = result;
	send_to(remote->home, &remote->run, on_ended);
}
