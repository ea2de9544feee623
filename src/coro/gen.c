/* SPDX-License-Identifier: MIT
 * Generators: the beginning, the end and all that is not the plain case of koru/gen.h.
 *
 * A generator is a second stack of the task that resumes it: the running task stays the same, so
 * what the body waits for, the task waits for. Each switch between the two hands over all that was
 * done before it. */
#include "koru/gen.h"

#include "base/assert.h"
#include "context/context.h"
#include "context/stack.h"
#include "sched/loop.h"
#include "sched/spawn.h"

#include <errno.h>

int koru_gen_open(struct koru_gen *gen, koru_gen_fn *fn, void *arg)
{
	*gen = (struct koru_gen){ .koru__state = KORU__GEN_CLOSED };
	if (!koru__task_self())
		return -EPERM;
	gen->koru__state = KORU__GEN_NEW;
	gen->koru__watched = KORU__SWITCHES_WATCHED;
	gen->koru__loop = koru__loop();
	gen->koru__fn = fn;
	gen->koru__arg = arg;
	return 0;
}

/* The bottom of a generator's stack. */
static void run_body(void *arg)
{
	struct koru_gen *gen = arg;
	koru__context_enter(&gen->koru__body);
	koru__sanitize_acquire(gen);
	gen->koru__result = gen->koru__fn(gen, gen->koru__arg);
	gen->koru__state = KORU__GEN_ENDED;
	koru__sanitize_release(gen);
	koru__context_leave(&gen->koru__body, &gen->koru__caller);
}

static int begin(struct koru__loop *loop, struct koru_gen *gen)
{
	int rc = koru__stack_get(&loop->stacks, loop->size_class, &gen->koru__stack);
	if (rc < 0)
		return rc;
	koru__context_init(&gen->koru__body, gen->koru__stack, run_body, gen,
	                   koru__task_order(koru__task_self()));
	return 0;
}

/* The body has returned: its stack is free. */
static void end(struct koru__loop *loop, struct koru_gen *gen)
{
	koru__context_done(&gen->koru__body);
	koru__stack_put(&loop->stacks, gen->koru__stack);
	gen->koru__stack = NULL;
}

/* Lets the body run to its next yield or to its end. What the sanitizers keep of the running
 * stack goes with the task's context, which is saved from whichever stack it waits on. */
static void resume(struct koru__loop *loop, struct koru_gen *gen, void *value, int thrown)
{
	struct koru_task *task = koru__task_self();
	gen->koru__state = KORU__GEN_RUNNING;
	gen->koru__scope = task->head.scope;
	gen->koru__value = value;
	gen->koru__thrown = thrown;
	gen->koru__caller.sanitize = task->head.context.sanitize;
	task->head.context.sanitize = gen->koru__body.sanitize;
	koru__sanitize_release(gen);
	koru__context_switch(&gen->koru__caller, &gen->koru__body);
	koru__sanitize_acquire(gen);
	task->head.context.sanitize = gen->koru__caller.sanitize;
	if (gen->koru__state == KORU__GEN_ENDED)
		end(loop, gen);
}

/* 0 when the calling task may resume the generator. */
static int admit(const struct koru_gen *gen)
{
	if (gen->koru__state == KORU__GEN_CLOSED)
		return -EINVAL;
	if (!koru__task_self() || gen->koru__loop != koru__loop())
		return -EPERM;
	return gen->koru__state == KORU__GEN_RUNNING ? -EBUSY : 0;
}

/* What the caller is told after the body has stopped. */
static int outcome(const struct koru_gen *gen, void **ret_value)
{
	if (gen->koru__state == KORU__GEN_ENDED)
		return gen->koru__result < 0 ? gen->koru__result : 0;
	*ret_value = gen->koru__value;
	return 1;
}

int koru__gen_send_slow(struct koru_gen *gen, void *value, void **ret_value)
{
	struct koru__loop *loop = koru__loop();
	int rc = admit(gen);
	if (rc < 0)
		return rc;
	if (gen->koru__stack == NULL && gen->koru__state == KORU__GEN_NEW) {
		rc = value ? -EINVAL : begin(loop, gen);
		if (rc < 0)
			return rc;
	}
	if (gen->koru__state != KORU__GEN_ENDED)
		resume(loop, gen, value, 0);
	else if (gen->koru__stack)
		end(loop, gen); /* the inline part has just seen it return */
	return outcome(gen, ret_value);
}

int koru_gen_throw(struct koru_gen *gen, int error, void **ret_value)
{
	int rc = admit(gen);
	if (rc < 0)
		return rc;
	if (error >= 0)
		return -EINVAL;
	if (gen->koru__state == KORU__GEN_NEW) {
		gen->koru__result = error;
		gen->koru__state = KORU__GEN_ENDED;
	}
	if (gen->koru__state != KORU__GEN_ENDED)
		resume(koru__loop(), gen, NULL, error);
	return outcome(gen, ret_value);
}

int koru__gen_caught(struct koru_gen *gen)
{
	int thrown = (int)gen->koru__thrown;
	if (!gen->koru__closing)
		gen->koru__thrown = 0;
	return thrown;
}

int koru__gen_yield_slow(struct koru_gen *gen, void *value, void **ret_sent)
{
	struct koru_task *task = koru__task_self();
	if (gen->koru__state != KORU__GEN_RUNNING || !task || gen->koru__loop != koru__loop())
		return -EINVAL;
	if (gen->koru__closing)
		return (int)gen->koru__thrown;
	if (gen->koru__scope != task->head.scope)
		return -EBUSY;
	gen->koru__state = KORU__GEN_SUSPENDED;
	gen->koru__value = value;
	koru__sanitize_release(gen);
	koru__context_switch(&gen->koru__body, &gen->koru__caller);
	koru__sanitize_acquire(gen);
	if (gen->koru__thrown)
		return koru__gen_caught(gen);
	if (ret_sent)
		*ret_sent = gen->koru__value;
	return 0;
}

int koru_gen_yield_from(struct koru_gen *gen, struct koru_gen *from)
{
	void *value;
	int rc = koru_gen_next(from, &value);
	while (rc == 1) {
		void *sent = NULL;
		rc = koru_gen_yield(gen, value, &sent);
		if (gen->koru__closing) {
			int closed = koru_gen_close(from);
			return closed < 0 ? closed : rc;
		}
		rc = rc < 0 ? koru_gen_throw(from, rc, &value) : koru_gen_send(from, sent, &value);
	}
	return rc;
}

int koru_gen_close(struct koru_gen *gen)
{
	if (gen->koru__state == KORU__GEN_CLOSED)
		return 0;
	int rc = admit(gen);
	if (rc < 0)
		return rc;
	if (gen->koru__state == KORU__GEN_SUSPENDED) {
		gen->koru__closing = true;
		resume(koru__loop(), gen, NULL, -ECANCELED);
		/* Every koru_gen_yield of a closing body returns at once, so it cannot stop in one.
		 */
		koru__assert(gen->koru__state == KORU__GEN_ENDED);
	}
	bool failed = gen->koru__state == KORU__GEN_ENDED && gen->koru__result < 0 &&
	              gen->koru__result != -ECANCELED;
	if (gen->koru__stack)
		end(koru__loop(), gen);
	gen->koru__state = KORU__GEN_CLOSED;
	return failed ? gen->koru__result : 0;
}
