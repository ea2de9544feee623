/* SPDX-License-Identifier: MIT
 *
 * Random programs over several loops, and a plain thread beside them: trees of tasks in all places
 * that lock, send, receive, select, await, sleep, cancel and fail, each tree under a deadline.
 * Whatever happens, every task that begins ends, what was sent was received or is still there, and
 * what a mutex guards was never touched by two. A failure prints the seed (support/seeds.h). */
#include "support/cmocka.h"
#include "support/core.h"
#include "support/seeds.h"

#include "base/random.h"
#include "koru/koru.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { ROOM = 4, DEPTH = 5, CHILDREN_MAX = 4 };

struct world {
	struct koru_scope top;
	struct koru_mutex mutex;
	long guarded; /* by the mutex */
	struct koru_chan bounded;
	long bounded_room[ROOM];
	struct koru_chan meeting;
	struct koru_sem sem;
	struct koru_event event;
	atomic_long locked;
	atomic_long sent;
	atomic_long received;
	atomic_long begun;
	atomic_long ended;
	atomic_long awaited;
	atomic_int stop; /* for the plain thread */
};

struct branch {
	struct world *world;
	struct koru_scope *scope; /* that of its parent, which it may cancel or join */
	uint64_t seed;
	int depth;
};

static int grows(void *arg);

static enum koru_place any_place(struct koru__random *r)
{
	switch (koru__random_below(r, 4)) {
	case 0: return KORU_HERE;
	case 1: return KORU_LOOP((int)koru__random_below(r, (uint64_t)koru_loop_count()));
	default: return KORU_ANY_LOOP;
	}
}

static void lock_and_count(struct world *w, bool wait_inside)
{
	if (koru_mutex_lock(&w->mutex) < 0)
		return;
	long seen = w->guarded;
	if (wait_inside)
		koru_yield();
	w->guarded = seen + 1;
	w->locked++;
	assert_int_equal(koru_mutex_unlock(&w->mutex), 0);
}

static int send_or_receive(struct world *w, struct koru__random *r)
{
	long value = 1;
	struct koru_chan *ch = koru__random_below(r, 2) ? &w->bounded : &w->meeting;
	int rc;
	switch (koru__random_below(r, 4)) {
	case 0:
		rc = koru_chan_send(ch, &value);
		w->sent += rc == 0;
		break;
	case 1:
		rc = koru_chan_recv(ch, &value);
		w->received += rc == 1;
		break;
	case 2:
		rc = koru_chan_try_send(ch, &value);
		w->sent += rc == 0;
		break;
	default:
		rc = koru_chan_try_recv(ch, &value);
		w->received += rc == 1;
		break;
	}
	return rc == -ECANCELED ? rc : 0;
}

static int select_one(struct world *w, struct koru__random *r)
{
	long in[2];
	long out = 1;
	struct koru_case cases[] = {
		koru_case_recv(&w->bounded, &in[0]),
		koru_case_recv(&w->meeting, &in[1]),
		koru_case_send(koru__random_below(r, 2) ? &w->bounded : &w->meeting, &out),
		koru_case_event(&w->event),
		koru_case_after((int64_t)koru__random_below(r, 100) * KORU_MICROSECOND),
	};
	int chosen = koru_select(cases, 5, NULL);
	if (chosen == 0 || chosen == 1)
		w->received += cases[chosen].result == 1;
	else if (chosen == 2)
		w->sent += cases[2].result == 0;
	return chosen < 0 ? chosen : 0;
}

/* A scope of its own with tasks in it, some of them with futures. */
static int branch_out(const struct branch *b, struct koru__random *r)
{
	struct koru_scope scope;
	struct branch child[CHILDREN_MAX];
	struct koru_future future[CHILDREN_MAX];
	bool shield = koru__random_below(r, 16) == 0;
	int64_t timeout = koru__random_below(r, 3)
	                          ? 0
	                          : (int64_t)(1 + koru__random_below(r, 300)) * KORU_MICROSECOND;
	koru_scope_open(&scope, &(struct koru_scope_opts){
	                                .shield = shield,
	                                .timeout = shield ? 200 * KORU_MICROSECOND : timeout,
	                                .policy = (enum koru_scope_policy)koru__random_below(r, 3),
	                        });
	int count = (int)koru__random_below(r, CHILDREN_MAX + 1);
	bool async[CHILDREN_MAX] = { false };
	for (int i = 0; i < count; i++) {
		child[i] = (struct branch){ b->world, &scope, koru__random_next(r), b->depth - 1 };
		async[i] = koru__random_below(r, 3) == 0;
		if (async[i])
			koru_async_with(&scope, &future[i], grows, &child[i],
			                &(struct koru_task_opts){ .place = any_place(r) });
		else
			koru_go_on(&scope, any_place(r), grows, &child[i]);
	}
	if (koru__random_below(r, 8) == 0)
		koru_scope_cancel(&scope);
	for (int i = 0; i < count; i++)
		if (async[i] && koru__random_below(r, 2))
			b->world->awaited += koru_await(&future[i]) >= 0;
	int rc = koru_scope_close(&scope);
	return koru__random_below(r, 2) ? rc : 0;
}

static int act(const struct branch *b, struct koru__random *r)
{
	struct world *w = b->world;
	switch (koru__random_below(r, 12)) {
	case 0: return koru_yield();
	case 1: return koru_sleep((int64_t)koru__random_below(r, 100) * KORU_MICROSECOND);
	case 2: lock_and_count(w, koru__random_below(r, 2)); return 0;
	case 3:
	case 4: return send_or_receive(w, r);
	case 5: return select_one(w, r);
	case 6:
		if (koru_sem_wait(&w->sem) == 0) {
			koru_yield();
			koru_sem_post(&w->sem);
		}
		return 0;
	case 7:
		if (koru__random_below(r, 8) == 0)
			koru_scope_cancel(b->scope);
		return 0;
	case 8: return koru__random_below(r, 20) == 0 ? -EIO : 0;
	default: return b->depth > 0 ? branch_out(b, r) : 0;
	}
}

static int grows(void *arg)
{
	struct branch *b = arg;
	struct koru__random r;
	koru__random_seed(&r, b->seed);
	b->world->begun++;
	int rc = 0;
	for (uint64_t n = 1 + koru__random_below(&r, 5); n > 0 && rc >= 0; n--)
		rc = act(b, &r);
	b->world->ended++;
	return rc;
}

static void *stirs(void *arg)
{
	struct world *w = arg;
	long value = 1;
	while (!w->stop) {
		lock_and_count(w, false);
		w->sent += koru_chan_try_send(&w->bounded, &value) == 0;
		w->received += koru_chan_try_recv(&w->meeting, &value) == 1;
		koru_event_set(&w->event);
		usleep(20);
		koru_event_clear(&w->event);
	}
	return NULL;
}

static int main_grows(void *arg)
{
	struct world *w = arg;
	uint64_t seed = (uint64_t)w->begun;
	w->begun = 0;
	struct branch roots[3];
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, stirs, w), 0);
	koru_scope_open(&w->top, &(struct koru_scope_opts){ .timeout = 2 * KORU_MILLISECOND });
	for (int i = 0; i < 3; i++) {
		roots[i] = (struct branch){ w, &w->top, seed * 3 + (uint64_t)i, DEPTH };
		koru_go_on(&w->top, KORU_ANY_LOOP, grows, &roots[i]);
		koru_yield();
	}
	int rc = koru_scope_close(&w->top);
	assert_true(rc == 0 || rc == -ETIMEDOUT || rc == -ECANCELED || rc == -EIO);
	w->stop = 1;
	pthread_join(thread, NULL);
	return 0;
}

static void run_one(uint64_t seed)
{
	int loops = 1 + (int)(seed % 3);
	struct world w = { .mutex = KORU_MUTEX_INIT,
		           .sem = KORU_SEM_INIT(2),
		           .event = KORU_EVENT_INIT };
	alarm(60); /* for one that hangs */
	koru_chan_init(&w.bounded, w.bounded_room, sizeof(long), ROOM, NULL);
	koru_chan_init(&w.meeting, NULL, sizeof(long), 0, NULL);
	w.begun = (long)seed;
	assert_int_equal(run_with(main_grows, &w, &(struct koru_run_opts){ .loops = loops }), 0);
	long left = (long)koru_chan_count(&w.bounded);
	if (w.begun != w.ended || w.guarded != w.locked || w.sent != w.received + left ||
	    koru_sem_value(&w.sem) != 2)
		fail_msg("seed %llu on %d loops: %ld tasks begun, %ld ended; %ld locked, %ld "
		         "counted; %ld sent, %ld received, %ld left; semaphore %d",
		         (unsigned long long)seed, loops, w.begun, w.ended, w.locked, w.guarded,
		         w.sent, w.received, left, koru_sem_value(&w.sem));
	assert_int_equal(koru_chan_done(&w.bounded), 0);
	assert_int_equal(koru_chan_done(&w.meeting), 0);
	alarm(0);
}

static void test_random_programs_over_several_loops(void **state)
{
	(void)state;
	(void)run_seeds(8000, 500, run_one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_programs_over_several_loops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
