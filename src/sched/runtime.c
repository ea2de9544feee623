/* SPDX-License-Identifier: MIT
 * The loops of a run. See runtime.h. */
#include "sched/runtime.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/fault.h"
#include "base/list.h"
#include "base/lock.h"
#include "context/overflow.h"
#include "context/sanitize.h"
#include "sched/fork.h"
#include "sched/scope.h"
#include "sched/shutdown.h"
#include "sched/spawn.h"
#include "sched/wakeup.h"

#include <errno.h>

static uint32_t add(uint32_t *counter, uint32_t n)
{
	return __atomic_add_fetch(counter, n, __ATOMIC_SEQ_CST);
}

static uint32_t sub(uint32_t *counter, uint32_t n)
{
	return __atomic_sub_fetch(counter, n, __ATOMIC_SEQ_CST);
}

/* The end */

static void rouse_all(struct koru__runtime *runtime)
{
	for (int i = 0; i < runtime->count; i++)
		(void)koru__loop_rouse(&runtime->loops[i]);
}

bool koru__runtime_hold(struct koru__runtime *runtime)
{
	uint32_t held = __atomic_load_n(&runtime->held, __ATOMIC_RELAXED);
	do {
		if (held == 0)
			return false;
	} while (!__atomic_compare_exchange_n(&runtime->held, &held, held + 1, true,
	                                      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	return true;
}

void koru__runtime_release(struct koru__runtime *runtime)
{
	if (sub(&runtime->held, 1) > 0)
		return;
	__atomic_store_n(&runtime->over, 1, __ATOMIC_SEQ_CST);
	rouse_all(runtime);
}

/* The root scope */

static void on_root_cancel(struct koru__loop *loop, struct koru__message *message)
{
	(void)message;
	koru__scope_fail(loop, &loop->root, -ECANCELED);
}

void koru__runtime_fail(struct koru__loop *loop, int cause)
{
	struct koru__runtime *runtime = loop->runtime;
	if (loop->root.koru__cause) {
		/* Of a detached task, cancelled since main has ended: nobody but koru_run could
		 * tell of it. */
		if (!loop->main && loop->root.koru__cause == -ECANCELED)
			loop->root.koru__cause = cause;
		return;
	}
	koru__scope_fail(loop, &loop->root, cause);
	for (int i = 1; i < runtime->count; i++) {
		runtime->loops[i].root_cancel.receive = on_root_cancel;
		koru__loop_send(&runtime->loops[i], &runtime->loops[i].root_cancel);
	}
}

static void on_root_failed(struct koru__loop *loop, struct koru__message *message)
{
	struct koru__loop *other = koru__container_of(message, struct koru__loop, root_failed);
	koru__runtime_fail(loop, other->root_error);
}

void koru__runtime_root_add(struct koru__loop *loop, struct koru_task *task)
{
	if (koru__list_empty(&loop->root.koru__tasks))
		add(&loop->runtime->held, 1);
	koru__scope_add(&loop->root, task);
}

void koru__runtime_root_failed(struct koru__loop *loop, int result)
{
	struct koru__runtime *runtime = loop->runtime;
	if (loop == &runtime->loops[0]) {
		koru__runtime_fail(loop, result);
	} else if (!loop->root_error && (result != -ECANCELED || !loop->root.koru__cause)) {
		loop->root_error = result;
		loop->root_failed.receive = on_root_failed;
		koru__loop_send(&runtime->loops[0], &loop->root_failed);
	}
}

void koru__runtime_root_task_ended(struct koru__loop *loop, struct koru_task *task, int result)
{
	struct koru__runtime *runtime = loop->runtime;
	if (task == loop->main) {
		loop->main = NULL;
		loop->main_result = result;
		result = result < 0 ? result : -ECANCELED; /* ends the detached tasks */
		__atomic_store_n(&runtime->ending, 1, __ATOMIC_RELAXED);
		koru__shutdown_begin(loop);
	}
	if (result < 0)
		koru__runtime_root_failed(loop, result);
	if (koru__list_empty(&loop->root.koru__tasks))
		koru__runtime_release(runtime);
}

/* Sleep */

void koru__runtime_wake_one(struct koru__runtime *runtime)
{
	for (int i = 0; i < runtime->count; i++)
		if (koru__loop_rouse(&runtime->loops[i]))
			return;
}

void koru__runtime_stuck(struct koru__runtime *runtime)
{
	add(&runtime->stuck, 1);
}

void koru__runtime_unstuck(struct koru__runtime *runtime)
{
	add(&runtime->stirs, 1);
	sub(&runtime->stuck, 1);
}

bool koru__runtime_tell_deadlock(struct koru__runtime *runtime, uint32_t stirs)
{
	return __atomic_exchange_n(&runtime->told, stirs + 1, __ATOMIC_SEQ_CST) != stirs + 1;
}

bool koru__runtime_all_stuck(const struct koru__runtime *runtime, uint32_t stirs)
{
	/* If all were stuck when we counted, and none has stirred when we have looked into every
	 * inbox, then none has taken a message out in between. */
	if (__atomic_load_n(&runtime->stuck, __ATOMIC_SEQ_CST) < (uint32_t)runtime->count)
		return false;
	for (int i = 0; i < runtime->count; i++)
		if (!koru__inbox_asleep(&runtime->loops[i].inbox))
			return false;
	return koru__runtime_stirs(runtime) == stirs;
}

void koru__runtime_init(struct koru__runtime *runtime, int count, struct koru__loop *loops,
                        const struct koru_run_opts *opts)
{
	*runtime = (struct koru__runtime){
		.count = count,
		.forks = koru__forks,
		.loops = loops,
		.report = opts->report,
		.report_arg = opts->report_arg,
		.shutdown_timeout = opts->shutdown_timeout,
	};
}

/* Threads */

struct start {
	struct koru__runtime *runtime;
	int poller;
	unsigned size_class;
	uint32_t opened; /* loops whose opening has been tried */
	uint32_t go;     /* loops that know whether to run */
	uint32_t closed; /* loops that run no more */
	int error;
};

struct thread {
	struct start *start;
	struct koru__loop *loop;
	pthread_t id;
};

/* All loops meet here: nobody goes on before everybody has come. */
static void meet(uint32_t *counter, uint32_t count)
{
	uint32_t n = add(counter, 1);
	if (n == count)
		koru__futex_wake(counter, (int)count);
	while ((n = __atomic_load_n(counter, __ATOMIC_ACQUIRE)) < count)
		koru__futex_wait(counter, n, KORU_FOREVER);
}

static int open_loop(struct start *start, struct koru__loop *loop, void **ret_altstack)
{
	int rc = koru__loop_open(loop, start->runtime, start->poller, start->size_class);
	if (rc < 0)
		return rc;
	rc = koru__overflow_open(koru_task_name, ret_altstack);
	if (rc < 0)
		koru__loop_close(loop);
	return rc;
}

static void close_loop(struct koru__loop *loop, void *altstack)
{
	koru__overflow_close(altstack);
	koru__loop_close(loop);
}

static void note_error(struct start *start, int error)
{
	int none = 0;
	__atomic_compare_exchange_n(&start->error, &none, error, false, __ATOMIC_SEQ_CST,
	                            __ATOMIC_SEQ_CST);
}

/* What every thread does between starting and ending: nobody runs before all loops are open, nobody
 * closes before all have stopped sending to each other. */
static void take_part(struct start *start, struct koru__loop *loop, koru_fn *main_fn, void *arg)
{
	uint32_t count = (uint32_t)start->runtime->count;
	void *altstack;
	int opened = open_loop(start, loop, &altstack);
	if (opened < 0)
		note_error(start, opened);
	meet(&start->opened, count);
	int error = __atomic_load_n(&start->error, __ATOMIC_SEQ_CST);
	if (error == 0) {
		if (main_fn)
			error = koru__spawn_main(loop, main_fn, arg);
		if (error < 0)
			note_error(start, error);
		meet(&start->go, count);
		if (__atomic_load_n(&start->error, __ATOMIC_SEQ_CST) == 0)
			koru__loop_run(loop);
		if (loop->index == 0)
			koru__shutdown_end(loop);
	}
	meet(&start->closed, count);
	if (opened == 0)
		close_loop(loop, altstack);
}

static void *thread_main(void *arg)
{
	struct thread *thread = arg;
	take_part(thread->start, thread->loop, NULL, NULL);
	return NULL;
}

/* Main's own error first; but where it only says "cancelled", what the cause of that was. */
int koru__runtime_verdict(const struct koru__runtime *runtime)
{
	int result = runtime->loops[0].main_result;
	if (result < 0 && result != -ECANCELED)
		return result;
	for (int i = 0; i < runtime->count; i++) {
		int cause =
		        i == 0 ? runtime->loops[0].root.koru__cause : runtime->loops[i].root_error;
		if (cause && cause != -ECANCELED)
			return cause;
	}
	return runtime->late && result >= 0 ? -ETIMEDOUT : result;
}

static int run_threads(struct start *start, struct thread *threads, koru_fn *main_fn, void *arg)
{
	struct koru__runtime *runtime = start->runtime;
	int wanted = runtime->count;
	int made = 1;
	for (; made < wanted; made++) {
		threads[made] = (struct thread){ .start = start, .loop = &runtime->loops[made] };
		int rc = koru__fault(KORU__FAULT_THREAD);
		if (rc == 0)
			rc = pthread_create(&threads[made].id, NULL, thread_main, &threads[made]);
		if (rc != 0) {
			note_error(start, -rc);
			break;
		}
	}
	/* Those that could not be made come to the meetings through us. */
	uint32_t missing = (uint32_t)(wanted - made);
	add(&start->opened, missing);
	add(&start->go, missing);
	add(&start->closed, missing);
	take_part(start, &runtime->loops[0], main_fn, arg);
	for (int i = 1; i < made; i++) {
		int rc = pthread_join(threads[i].id, NULL);
		koru__assert(rc == 0);
	}
	for (int i = 0; i < wanted; i++) /* what their tasks did, the caller may look at */
		koru__sanitize_acquire(&runtime->loops[i].root);
	return start->error ? start->error : koru__runtime_verdict(runtime);
}

int koru__runtime_run(int count, const struct koru_run_opts *opts, unsigned size_class,
                      koru_fn *main_fn, void *arg)
{
	struct koru__runtime runtime;
	koru__runtime_init(&runtime, count, NULL, opts);
	struct start start = {
		.runtime = &runtime,
		.poller = opts->poller,
		.size_class = size_class,
	};
	int rc = -ENOMEM;
	runtime.loops = koru__zalloc((size_t)count, sizeof(struct koru__loop));
	struct thread *threads = koru__zalloc((size_t)count, sizeof(struct thread));
	if (runtime.loops && threads)
		rc = run_threads(&start, threads, main_fn, arg);
	koru__free(threads);
	koru__free(runtime.loops);
	return rc;
}
