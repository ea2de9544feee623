/* SPDX-License-Identifier: MIT
 * What random_test.c knows about its scopes. See random_model.h. */
#include "sched/random_model.h"

#include "support/cmocka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct totals totals;

void model_open(struct model *m, const struct koru_scope_opts *opts, void *local)
{
	struct koru_scope_opts all = *opts;
	m->policy = all.policy;
	m->local = local;
	m->has_deadline = all.timeout || all.deadline;
	m->decided = 0;
	m->is_decided = false;
	m->failures = m->may_count = 0;
	m->defers_left = m->defers_count = 0;
	m->pieces_count = 0;
	all.errors = m->errors;
	all.errors_max = ERRORS_MAX;
	assert_int_equal(koru_scope_open(&m->scope, &all), 0);
	if (all.timeout < 0)
		assert_true(koru_cancelled());
}

/* What koru/scope.h says of policies, once more. */
static void failed(struct model *m, int result)
{
	bool over = m->scope.koru__cause != 0;
	if (over && result == -ECANCELED)
		return;
	m->failures++;
	if (!over && !m->is_decided) {
		m->is_decided = true;
		m->decided = result;
	}
}

void model_ended(struct model *m, int result, bool has_future)
{
	if (!m)
		return;
	bool over = m->scope.koru__cause != 0;
	if (result >= 0) {
		if (m->policy == KORU_SCOPE_RACE && !over) {
			m->is_decided = true;
			m->decided = result;
		}
	} else if (has_future) {
		m->may_count++;
	} else {
		failed(m, result);
	}
}

void model_cancel(struct model *m)
{
	bool over = m->scope.koru__cause != 0;
	assert_int_equal(koru_scope_cancel(&m->scope), 0);
	if (!over && !m->is_decided) {
		m->is_decided = true;
		m->decided = -ECANCELED;
	}
}

static int clean_up(void *arg)
{
	struct defer *d = arg;
	struct model *m = d->model;
	assert_int_equal(d->index, --m->defers_left);
	for (int i = 0; i < m->pieces_count; i++)
		for (size_t k = 0; k < m->pieces[i].size; k++)
			assert_int_equal(m->pieces[i].bytes[k], (unsigned char)(i + 1));
	assert_ptr_equal(m->scope.koru__tasks.next, &m->scope.koru__tasks);
	totals.cleaned++;
	int rc = d->waits ? koru_yield() : 0;
	assert_true(rc == 0 || rc == -ECANCELED);
	if (d->result < 0 || rc < 0)
		failed(m, d->result < 0 ? d->result : -ETIMEDOUT);
	return d->result < 0 ? d->result : rc;
}

void model_defer(struct model *m, int result, bool waits)
{
	if (m->defers_count == DEFERS_MAX)
		return;
	struct defer *d = &m->defers[m->defers_count];
	d->model = m;
	d->index = m->defers_count;
	d->result = result;
	d->waits = waits;
	assert_int_equal(koru_defer(&m->scope, &d->koru, clean_up, d), 0);
	m->defers_left = ++m->defers_count;
}

void model_alloc(struct model *m, size_t size)
{
	if (m->pieces_count == PIECES_MAX)
		return;
	unsigned char *bytes = koru_scope_alloc(&m->scope, size);
	assert_non_null(bytes);
	m->pieces_count++;
	memset(bytes, m->pieces_count, size);
	m->pieces[m->pieces_count - 1] = (struct piece){ bytes, size };
}

/* An error of a future that nobody has awaited is among those listed. */
static bool is_listed(const struct model *m, int result)
{
	unsigned count = koru_scope_errors(&m->scope);
	if (count > ERRORS_MAX)
		return true; /* there was no room */
	for (unsigned i = 0; i < count; i++)
		if (m->errors[i].result == result)
			return true;
	return false;
}

void model_close(struct model *m)
{
	int before = m->scope.koru__cause;
	int rc = koru_scope_close(&m->scope);
	assert_int_equal(m->defers_left, 0);
	/* Elsewhere no failure cancels. */
	int cause = m->scope.koru__cause;
	if (m->policy != KORU_SCOPE_FAIL)
		assert_true(cause == 0 || cause == -ECANCELED || cause == -ETIMEDOUT);
	unsigned count = koru_scope_errors(&m->scope);
	totals.errors += count;
	assert_true(count >= m->failures);
	assert_true(count <= m->failures + m->may_count);
	for (unsigned i = 0; i < count && i < ERRORS_MAX; i++)
		assert_true(m->errors[i].result < 0 && m->errors[i].task);
	if (rc > 0 || (rc == 0 && m->is_decided))
		totals.won++;
	else
		++*(rc == 0            ? &totals.clean
		    : rc == -ETIMEDOUT ? &totals.timed_out
		                       : &totals.failed);
	if (m->is_decided && rc == m->decided)
		return;
	/* Something came first that no task did: its deadline, the scope around it, or an error
	 * that nobody awaited. */
	if (rc == 0)
		assert_false(m->is_decided);
	else if (rc == -ETIMEDOUT)
		assert_true(m->has_deadline || before == -ETIMEDOUT);
	else if (rc != -ECANCELED)
		assert_true(rc < 0 && m->may_count > 0 && is_listed(m, rc));
}

void totals_print(unsigned long long programs)
{
	print_message("%llu tasks, %llu calls, %llu cancelled, %llu values received, %llu "
	              "clean-ups, %llu errors; closes: %llu clean, %llu timed out, %llu failed, "
	              "%llu races won\n",
	              totals.tasks, totals.calls, totals.cancelled, totals.values, totals.cleaned,
	              totals.errors, totals.clean, totals.timed_out, totals.failed, totals.won);
	assert_true(programs < 100 ||
	            (totals.cancelled && totals.values && totals.cleaned && totals.errors &&
	             totals.clean && totals.timed_out && totals.failed && totals.won));
}
