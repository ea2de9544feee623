/* SPDX-License-Identifier: MIT
 *
 * Select. See koru/select.h.
 *
 * 1. Each case that seems possible is tried under its own object's lock, in random order.
 * 2. If none was, all objects are locked, in the order of their addresses. What is possible now is
 *    carried out; else the caller enters all the queues, and only then the locks are given up.
 * 3. Whoever makes one of the cases possible claims the caller (sched/wait.h), carries the case out
 *    on its behalf and wakes it. It leaves the queues it is still in.
 *
 * With all of them locked in between, two selects that could meet (one sends what the other
 * receives) cannot both look before either has entered; and nobody has to claim two waiters at
 * once, since one who tries is in no queue yet. models/select.pml is the proof.
 *
 * A process of one thread needs no locks and does without the first step.
 */
#include "sync/select.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/random.h"
#include "context/sanitize.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/scope.h"
#include "sched/task.h"
#include "sched/call.h"
#include "sync/chan.h"
#include "sync/selectable.h"

#include <errno.h>
#include <stddef.h>

struct select {
	struct koru_case *cases;
	int count;
	int fds;                    /* descriptors among them */
	int objects;                /* that are locked */
	int64_t now;                /* when there are moments among the cases */
	int64_t until;              /* when it has to end; KORU_FOREVER */
	int until_case;             /* which case that is; -1: the time limit of the whole */
	struct koru__waiter *other; /* to be woken when no lock is held any more */
	bool alone; /* from the beginning: a thread that ends meanwhile may leave something */
	bool waited;
	struct koru__wait wait;
};

static const struct koru__wait_kind selecting = { "one of several", koru__wait_interrupt };

static const struct koru__selectable *const kinds[] = {
	[KORU__CASE_SEND] = &koru__selectable_send,
	[KORU__CASE_RECV] = &koru__selectable_recv,
	[KORU__CASE_FUTURE] = &koru__selectable_future,
	[KORU__CASE_EVENT] = &koru__selectable_event,
	[KORU__CASE_TIME] = NULL, /* these and descriptors have none */
};

/* The kind of a case with an object, else NULL. */
static inline const struct koru__selectable *kind_of(const struct koru_case *c)
{
	return kinds[c->koru__kind];
}

static struct koru__random *random_stream(void)
{
	static __thread struct koru__random stream;
	static __thread bool seeded;
	if (koru__unlikely(!seeded)) {
		seeded = true;
		koru__random_init(&stream);
	}
	return &stream;
}

void koru_select_seed(uint64_t seed)
{
	koru__random_seed(random_stream(), seed);
}

static inline bool is_ready(const struct select *s, const struct koru_case *c)
{
	switch (c->koru__kind) {
	case KORU__CASE_RECV: /* by far the most, and the same as below */
		return koru__chan_may_recv(c->koru__object);
	case KORU__CASE_SEND: return koru__chan_may_send(c->koru__object);
	case KORU__CASE_TIME: return c->koru__when <= s->now;
	case KORU__CASE_FD: return c->result != 0;
	default: return kind_of(c) && kind_of(c)->ready(c);
	}
}

/* One of those that seem possible, each as likely as the others; -1: none. */
static int choose(const struct select *s)
{
	int chosen = -1;
	unsigned known = 0;
	for (int i = 0; i < s->count; i++) {
		if (!is_ready(s, &s->cases[i]))
			continue;
		if (known++ == 0 || koru__random_below(random_stream(), known) == 0)
			chosen = i;
	}
	return chosen;
}

static bool attempt(struct select *s, struct koru_case *c)
{
	const struct koru__selectable *kind = kind_of(c);
	if (koru__likely(kind != NULL))
		return kind->attempt(c, &s->other);
	if (c->koru__kind == KORU__CASE_TIME)
		c->result = 0;
	return true;
}

/* ThreadSanitizer wants to see the locks. */
static inline bool is_alone(void)
{
	return koru__alone() && !KORU__ONE_TASK_PER_CONTEXT;
}

/* The objects of cases begin with their lock. */
static void lock(void *object)
{
	koru__lock_take((struct koru__lock *)object);
	koru__sanitize_acquire(object);
}

static void unlock(void *object)
{
	koru__sanitize_release(object);
	koru__lock_give((struct koru__lock *)object);
}

/* The channel of a case of one. */
static inline struct koru_chan *channel_of(const struct koru_case *c)
{
	bool is_channel = c->koru__kind == KORU__CASE_RECV || c->koru__kind == KORU__CASE_SEND;
	return is_channel ? c->koru__object : NULL;
}

/* A single case's object, whole. */
static inline void lock_case(const struct koru_case *c)
{
	if (is_alone())
		return;
	lock(c->koru__object);
	if (channel_of(c))
		koru__chan_lock_rest(channel_of(c));
}

static inline void unlock_case(const struct koru_case *c)
{
	if (is_alone())
		return;
	if (channel_of(c))
		koru__chan_unlock_rest(channel_of(c));
	unlock(c->koru__object);
}

/* Sorts what is to be locked by address (Shell: A High-Speed Sorting Procedure, CACM 1959): short
 * arrays, and often in order already. */
static void sort(struct koru_case *cases, int count)
{
	static const int gaps[] = { 701, 301, 132, 57, 23, 10, 4, 1 };
	for (size_t g = 0; g < koru__array_len(gaps); g++) {
		int gap = gaps[g];
		for (int i = gap; i < count; i++) {
			void *object = cases[i].koru__locked;
			int k = i;
			for (; k >= gap && cases[k - gap].koru__locked > object; k -= gap)
				cases[k].koru__locked = cases[k - gap].koru__locked;
			cases[k].koru__locked = object;
		}
	}
}

static void lock_all(struct select *s)
{
	struct koru_case *cases = s->cases;
	int known = 0;
	for (int i = 0; i < s->count; i++)
		if (kind_of(&cases[i]))
			cases[known++].koru__locked = cases[i].koru__object;
	sort(cases, known);
	s->objects = 0;
	for (int i = 0; i < known; i++) {
		void *object = cases[i].koru__locked;
		if (s->objects > 0 && cases[s->objects - 1].koru__locked == object)
			continue;
		lock(object);
		cases[s->objects++].koru__locked = object;
	}
	for (int i = 0; i < s->count; i++)
		if (channel_of(&cases[i]))
			koru__chan_lock_rest(channel_of(&cases[i]));
}

static void unlock_all(struct select *s)
{
	for (int i = 0; s->objects > 0 && i < s->count; i++)
		if (channel_of(&s->cases[i]))
			koru__chan_unlock_rest(channel_of(&s->cases[i]));
	for (int i = s->objects; i-- > 0;)
		unlock(s->cases[i].koru__locked);
	s->objects = 0;
}

static void wake_other(const struct select *s)
{
	if (s->other)
		koru__wait_wake(s->other->wait, koru__wake_result(s->other, true));
}

/* The first step: the index of the case that was carried out, or -1. */
static int try_each(struct select *s)
{
	int i = choose(s);
	if (i < 0)
		return -1;
	struct koru_case *c = &s->cases[i];
	bool locks = kind_of(c) != NULL;
	if (locks)
		lock_case(c);
	bool done = attempt(s, c);
	if (locks)
		unlock_case(c);
	/* Somebody was quicker: the second step will tell. */
	return done ? i : -1;
}

/* With all objects locked: the same, exactly. Ends, since what seems possible and is not was a
 * waiter who has been served elsewhere, and has been taken out. */
static int try_locked(struct select *s)
{
	int i;
	while ((i = choose(s)) >= 0)
		if (attempt(s, &s->cases[i]))
			break;
	return i;
}

/* Where to wait for an object's case. */
static inline struct koru__waiters *queue_of(const struct koru_case *c)
{
	struct koru_chan *ch = c->koru__object;
	if (c->koru__kind == KORU__CASE_RECV)
		return &ch->koru__receivers;
	if (c->koru__kind == KORU__CASE_SEND)
		return &ch->koru__senders;
	return kind_of(c)->queue(c);
}

static void enter_all(struct select *s)
{
	for (int i = 0; i < s->count; i++) {
		struct koru_case *c = &s->cases[i];
		if (!kind_of(c))
			continue;
		struct koru__waiter *w = &c->koru__waiter;
		w->wait = &s->wait;
		w->data = c->koru__value;
		w->index = i;
		if (c->koru__kind == KORU__CASE_SEND)
			((struct koru_chan *)c->koru__object)->koru__awaited = true;
		koru__waiters_push(queue_of(c), w);
	}
}

static void leave_all(struct select *s)
{
	for (int i = 0; i < s->count; i++) {
		struct koru_case *c = &s->cases[i];
		if (!kind_of(c))
			continue;
		lock_case(c);
		koru__waiters_remove(queue_of(c), &c->koru__waiter);
		unlock_case(c);
	}
}

struct deadline {
	struct koru__timer timer;
	struct koru__wait *wait;
};

static void on_deadline(struct koru__timer *timer)
{
	struct deadline *d = koru__container_of(timer, struct deadline, timer);
	if (koru__claim(&d->wait->claimed))
		koru__unpark(d->wait->task, KORU__SELECT_TIMEOUT);
}

static int suspend(struct koru__wait *wait, int64_t until)
{
	if (koru__unlikely(!wait->task)) {
		int rc = koru__wait_block(wait, until);
		return rc == -ETIMEDOUT ? KORU__SELECT_TIMEOUT : rc;
	}
	if (until == KORU_FOREVER)
		return koru__wait_suspend(wait, &selecting);
	struct deadline d = { .wait = wait };
	koru__timer_add(wait->loop, &d.timer, until, on_deadline);
	int rc = koru__wait_suspend(wait, &selecting);
	koru__timer_remove(wait->loop, &d.timer);
	return rc;
}

/* What select returns for what its wait was woken with. */
static int finish(struct select *s, int woken)
{
	if (koru__unlikely(woken < 0))
		return woken;
	if (woken == KORU__SELECT_TIMEOUT) {
		if (s->until_case < 0)
			return -ETIMEDOUT;
		s->cases[s->until_case].result = 0;
		return s->until_case;
	}
	int i = koru__wake_index(woken);
	struct koru_case *c = &s->cases[i];
	const struct koru__selectable *kind = kind_of(c);
	if (kind)
		c->result = kind->finish(c, koru__wake_passed(woken));
	return i;
}

/* Waits for the descriptors too. */
static __attribute__((noinline)) int suspend_with_fds(struct select *s,
                                                      struct koru__select_fds *fds)
{
	int woken = koru__select_fds_suspend(fds, &selecting, s->until);
	koru__select_fds_close(fds);
	return woken;
}

/* The third step: in all queues, and no lock is held. */
static int sleep_until_woken(struct select *s, struct koru__select_fds *fds)
{
	s->waited = true;
	int woken = fds ? suspend_with_fds(s, fds) : suspend(&s->wait, s->until);
	leave_all(s);
	return finish(s, woken);
}

/* The second and the third step; -EAGAIN when nothing is possible and it is not to wait. */
static int wait_for_one(struct select *s, bool waits)
{
	struct koru__select_fds *fds = NULL;
	if (waits) {
		int rc = koru__wait_begin(&s->wait);
		if (rc == 0 && koru__unlikely(s->fds > 0))
			rc = koru__select_fds_open(s->cases, s->count, s->fds, &s->wait, &fds);
		if (koru__unlikely(rc < 0))
			return rc;
	}
	int i = -1;
	if (!s->alone) {
		lock_all(s);
		i = try_locked(s);
	}
	if (i < 0 && waits)
		enter_all(s);
	unlock_all(s);
	if (i < 0 && waits)
		return sleep_until_woken(s, fds);
	if (koru__unlikely(fds != NULL))
		koru__select_fds_close(fds);
	return i >= 0 ? i : -EAGAIN;
}

/* Looks the cases over, once: descriptors, moments, mistakes. */
static int survey(struct select *s)
{
	int possible = 0;
	for (int i = 0; i < s->count; i++) {
		struct koru_case *c = &s->cases[i];
		const struct koru__selectable *kind = kind_of(c);
		if (koru__likely(kind != NULL)) {
			int rc = kind->admit ? kind->admit(c, koru__task_self()) : 0;
			if (koru__unlikely(rc < 0))
				return rc;
			possible++;
		} else if (c->koru__kind == KORU__CASE_FD) {
			s->fds++;
			possible++;
		} else if (c->koru__kind == KORU__CASE_TIME && c->koru__when <= s->until) {
			s->until = c->koru__when;
			s->until_case = i;
		}
	}
	if (koru__unlikely(s->fds > KORU_SELECT_FDS_MAX))
		return -EINVAL;
	if (s->until != KORU_FOREVER)
		s->now = koru__clock_now();
	return possible;
}

static void set_limit(struct select *s, const struct koru_select_opts *opts)
{
	if (opts->timeout)
		s->until = koru__clock_add(koru__clock_now(), opts->timeout);
	if (opts->deadline && opts->deadline < s->until)
		s->until = opts->deadline;
}

int koru_select(struct koru_case cases[], int count, const struct koru_select_opts *opts)
{
	if (count < 0)
		return -EINVAL;
	struct select s;
	s.cases = cases;
	s.count = count;
	s.fds = 0;
	s.objects = 0;
	s.now = INT64_MIN;
	s.until = KORU_FOREVER;
	s.until_case = -1;
	s.alone = is_alone();
	s.waited = false;
	s.other = NULL;
	bool no_wait = opts && opts->no_wait;
	if (!no_wait && koru__call_begin() < 0)
		return -ECANCELED;
	if (opts && !no_wait)
		set_limit(&s, opts);
	int rc = survey(&s);
	if (koru__unlikely(rc < 0))
		return rc;
	if (koru__unlikely(rc == 0 && s.until == KORU_FOREVER && !no_wait))
		return -EINVAL;
	if (koru__unlikely(s.fds > 0)) {
		rc = koru__select_fds_look(cases, count, s.fds);
		if (rc < 0)
			return rc;
	}
	bool waits = !no_wait && s.until > s.now;
	/* Without others the second step needs no locks, and is as good as the first. */
	rc = s.alone ? try_locked(&s) : try_each(&s);
	if (rc < 0)
		rc = !waits && s.alone ? -EAGAIN : wait_for_one(&s, waits);
	wake_other(&s);
	if (!no_wait && !s.waited)
		koru__call_spared();
	return rc == -EAGAIN && !no_wait ? -ETIMEDOUT : rc;
}
