/* SPDX-License-Identifier: MIT
 * The contract of pollers, without a loop: poll/poller.h. */
#include "support/cmocka.h"
#include "support/core.h"
#include "support/pair.h"

#include "base/fault.h"
#include "base/macro.h"
#include "koru/koru.h"
#include "poll/poller.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static struct koru__poller *poller;

static int open_poller(void **state)
{
	(void)state;
	return koru__poller_open(KORU_POLLER_AUTO, &poller);
}

static int close_poller(void **state)
{
	(void)state;
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	poller->ops->close(poller);
	return 0;
}

static bool is_uring(void)
{
	return strcmp(poller->ops->name, "uring") == 0;
}

static bool submit(struct koru__op *op)
{
	return poller->ops->submit(poller, op);
}

static void cancel(struct koru__op *op)
{
	poller->ops->cancel(poller, op);
}

/* Waits until `count` operations have completed, `max` at a time, and counts each once in its
 * `owner`, an int. */
static void complete(int count, int max)
{
	struct koru__op *done[512];
	int64_t end = koru_now() + 10 * KORU_SECOND;
	while (count > 0) {
		assert_true(koru_now() < end);
		int n = poller->ops->wait(poller, KORU_SECOND, done, max);
		assert_in_range(n, 0, max);
		for (int i = 0; i < n; i++)
			++*(int *)done[i]->owner;
		count -= n;
	}
	assert_int_equal(count, 0);
	assert_int_equal(poller->ops->wait(poller, 0, done, max), 0);
}

static void test_an_operation_completes_once(void **state)
{
	(void)state;
	struct pair p;
	char buf[8];
	int seen = 0;
	pair_open(&p, PAIR_SOCKET);
	struct koru__op op = {
		.owner = &seen, .fd = p.out, .code = KORU__OP_READ, .buf = buf, .len = 8
	};
	assert_false(submit(&op));
	assert_int_equal(write(p.in, "hey", 3), 3);
	complete(1, 16);
	assert_int_equal(seen, 1);
	assert_int_equal(op.result, 3);
	assert_memory_equal(buf, "hey", 3);
	cancel(&op); /* too late, and harmless: nothing more comes */
	pair_close(&p);
}

static void test_waiting_ends_in_time(void **state)
{
	(void)state;
	struct koru__op *done[4];
	assert_int_equal(poller->ops->wait(poller, 0, done, 4), 0);
	int64_t start = koru_now();
	assert_int_equal(poller->ops->wait(poller, 3 * KORU_MILLISECOND + 1, done, 4), 0);
	int64_t took = koru_now() - start;
	assert_true(took > 3 * KORU_MILLISECOND && took < KORU_SECOND);
}

static void test_cancelling(void **state)
{
	(void)state;
	struct pair p;
	char buf[8];
	int seen = 0;
	pair_open(&p, PAIR_SOCKET);
	struct koru__op op = {
		.owner = &seen, .fd = p.out, .code = KORU__OP_RECV, .buf = buf, .len = 8
	};
	assert_false(submit(&op));
	cancel(&op);
	complete(1, 4);
	assert_int_equal(op.result, -ECANCELED);
	/* The bytes that come now are for the next. */
	assert_int_equal(write(p.in, "x", 1), 1);
	op = (struct koru__op){
		.owner = &seen, .fd = p.out, .code = KORU__OP_RECV, .buf = buf, .len = 8
	};
	if (!submit(&op)) {
		complete(1, 4);
		assert_int_equal(seen, 2);
	}
	assert_int_equal(op.result, 1);
	/* Cancelled when the kernel has seen it, and when it has not. */
	for (int i = 0; i < 2; i++) {
		struct koru__op *done[1];
		op = (struct koru__op){
			.owner = &seen, .fd = p.out, .code = KORU__OP_READ, .buf = buf, .len = 8
		};
		assert_false(submit(&op));
		if (i == 0)
			assert_int_equal(poller->ops->wait(poller, 0, done, 1), 0);
		assert_int_equal(write(p.in, "x", 1), 1);
		cancel(&op);
		complete(1, 1);
		/* Either way what it says is what happened. */
		assert_true(op.result == 1 || op.result == -ECANCELED);
		assert_int_equal(recv(p.out, buf, 8, MSG_DONTWAIT), op.result == 1 ? -1 : 1);
	}
	pair_close(&p);
}

enum { MANY = 6000, PAIRS = 300 };

/* More operations at once than the queues hold, completions included; a few at a time. */
static void many(int max)
{
	static struct pair pairs[PAIRS];
	static struct koru__op ops[MANY];
	static int seen[MANY];
	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < PAIRS; i++)
		pair_open(&pairs[i], PAIR_SOCKET);
	for (int i = 0; i < MANY; i++) {
		ops[i] = (struct koru__op){
			.owner = &seen[i],
			.fd = pairs[i % PAIRS].out,
			.code = KORU__OP_POLL,
			.flags = POLLIN,
		};
		assert_false(submit(&ops[i]));
	}
	struct koru__op *done[1];
	assert_int_equal(poller->ops->wait(poller, 0, done, 1), 0);
	for (int i = 0; i < MANY; i += 3)
		cancel(&ops[i]);
	for (int i = 0; i < PAIRS; i++)
		assert_int_equal(write(pairs[i].in, "x", 1), 1);
	complete(MANY, max);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(seen[i], 1);
		if (i % 3)
			assert_int_equal(ops[i].result, POLLIN);
		else
			assert_true(ops[i].result == POLLIN || ops[i].result == -ECANCELED);
	}
	for (int i = 0; i < PAIRS; i++)
		pair_close(&pairs[i]);
}

static void test_more_than_the_queues_hold(void **state)
{
	(void)state;
	many(256);
	many(7);
}

/* The submission queue is full and the kernel takes no more: what cannot be sent waits its turn,
 * and what is cancelled before it was sent never happens. */
static void test_a_backlog(void **state)
{
	(void)state;
	if (!is_uring())
		return;
	struct pair p;
	char in[10];
	static struct koru__op writes[10], reads[3];
	int seen[16] = { 0 };
	pair_open(&p, PAIR_SOCKET);
	koru__fault_arm(KORU__FAULT_URING, 1, 1, EBUSY);
	for (int i = 0; i < 10; i++) {
		/* The first is sent, the second is not, and the rest have to queue behind it. */
		in[i] = (char)('0' + i);
		writes[i] = (struct koru__op){ .owner = &seen[i],
			                       .fd = p.in,
			                       .code = KORU__OP_SEND,
			                       .buf = &in[i],
			                       .len = 1 };
		assert_false(submit(&writes[i]));
	}
	assert_int_equal(koru__fault_hits(), 1);
	cancel(&writes[4]); /* not sent yet */
	complete(10, 3);
	assert_int_equal(writes[4].result, -ECANCELED);
	char out[16];
	assert_int_equal(read(p.out, out, sizeof(out)), 9);
	assert_memory_equal(out, "012356789", 9);
	/* A cancellation that cannot be sent is sent later. */
	for (int i = 0; i < 3; i++) {
		reads[i] = (struct koru__op){
			.owner = &seen[10], .fd = p.out, .code = KORU__OP_RECV, .buf = out, .len = 4
		};
		assert_false(submit(&reads[i]));
	}
	koru__fault_arm(KORU__FAULT_URING, 0, 3, EBUSY);
	for (int i = 0; i < 3; i++)
		cancel(&reads[i]);
	assert_int_equal(koru__fault_hits(), 3);
	complete(3, 16);
	for (int i = 0; i < 3; i++)
		assert_int_equal(reads[i].result, -ECANCELED);
	/* … unless the operation completes before. */
	reads[0] = (struct koru__op){
		.owner = &seen[10], .fd = p.out, .code = KORU__OP_RECV, .buf = out, .len = 4
	};
	assert_false(submit(&reads[0]));
	struct koru__op *done[1];
	assert_int_equal(poller->ops->wait(poller, 0, done, 1), 0);
	koru__fault_arm(KORU__FAULT_URING, 0, 2, EBUSY);
	cancel(&reads[0]);
	assert_int_equal(write(p.in, "x", 1), 1);
	complete(1, 4);
	assert_int_equal(reads[0].result, 1);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	pair_close(&p);
}

/* The number of a closed descriptor comes to mean another file. */
static void test_a_number_is_used_again(void **state)
{
	(void)state;
	int seen = 0;
	char buf[8];
	for (int i = 0; i < 20; i++) {
		struct pair p;
		pair_open(&p, i % PAIR_KINDS);
		struct koru__op op = {
			.owner = &seen, .fd = p.out, .code = KORU__OP_READ, .buf = buf, .len = 8
		};
		assert_false(submit(&op));
		struct koru__op *done[1];
		assert_int_equal(poller->ops->wait(poller, 0, done, 1), 0);
		if (i % 3 == 0)
			cancel(&op);
		else
			assert_int_equal(write(p.in, "abc", 3), 3);
		complete(1, 4);
		assert_int_equal(op.result, i % 3 == 0 ? -ECANCELED : 3);
		int copy = i % 2 ? dup(p.out) : -1; /* keeps the file, not the number */
		pair_close(&p);
		if (copy >= 0 && i % 4 == 1)
			close(copy);
	}
	assert_int_equal(seen, 20);
}

/* One reader and one writer on a descriptor; each is told of its own. */
static void test_both_directions(void **state)
{
	(void)state;
	struct pair p;
	static char much[1 << 20];
	char buf[8];
	int read_seen = 0, write_seen = 0;
	pair_open(&p, PAIR_SOCKET);
	while (write(p.in, much, sizeof(much)) > 0)
		continue;
	struct koru__op in = {
		.owner = &read_seen, .fd = p.in, .code = KORU__OP_READ, .buf = buf, .len = 8
	};
	struct koru__op out = {
		.owner = &write_seen, .fd = p.in, .code = KORU__OP_SEND, .buf = much, .len = 100
	};
	assert_false(submit(&in));
	assert_false(submit(&out));
	assert_int_equal(write(p.out, "ping", 4), 4);
	complete(1, 4);
	assert_int_equal(read_seen, 1);
	assert_int_equal(write_seen, 0);
	assert_int_equal(in.result, 4);
	while (read(p.out, much, sizeof(much)) > 0 && write_seen == 0) {
		struct koru__op *done[2];
		if (poller->ops->wait(poller, 10 * KORU_MILLISECOND, done, 2) == 1)
			write_seen++;
	}
	assert_int_equal(write_seen, 1);
	assert_int_equal(out.result, 100);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_operation_completes_once, open_poller,
		                                close_poller),
		cmocka_unit_test_setup_teardown(test_waiting_ends_in_time, open_poller,
		                                close_poller),
		cmocka_unit_test_setup_teardown(test_cancelling, open_poller, close_poller),
		cmocka_unit_test_setup_teardown(test_more_than_the_queues_hold, open_poller,
		                                close_poller),
		cmocka_unit_test_setup_teardown(test_a_backlog, open_poller, close_poller),
		cmocka_unit_test_setup_teardown(test_a_number_is_used_again, open_poller,
		                                close_poller),
		cmocka_unit_test_setup_teardown(test_both_directions, open_poller, close_poller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
