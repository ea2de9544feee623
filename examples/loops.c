/* SPDX-License-Identifier: MIT
 *
 * Several loops: a sum that is divided among whoever is idle, one task for each loop, and a
 * deadline that reaches tasks on all of them.
 */
#include <koru/koru.h>

#include <stdio.h>
#include <stdlib.h>

enum { NUMBERS = 1 << 20, FEW = 1 << 12 };

/* Half of it is somebody else's, half of the rest too, and so on. */
struct part {
	const int *numbers;
	int count;
	long sum;
};

static int add_up(void *arg)
{
	struct part *p = arg;
	if (p->count <= FEW) {
		for (int i = 0; i < p->count; i++)
			p->sum += p->numbers[i];
		return 0;
	}
	int half = p->count / 2;
	struct part left = { p->numbers, half, 0 };
	struct part right = { p->numbers + half, p->count - half, 0 };
	struct koru_scope both;
	koru_scope_open(&both, NULL);
	koru_go_on(&both, KORU_ANY_LOOP, add_up, &left);
	koru_go_on(&both, KORU_ANY_LOOP, add_up, &right);
	int rc = koru_scope_close(&both); /* from here on both sums can be read */
	p->sum = left.sum + right.sum;
	return rc;
}

static int divide(void)
{
	int *numbers = malloc(NUMBERS * sizeof(*numbers));
	if (!numbers)
		return -1;
	for (int i = 0; i < NUMBERS; i++)
		numbers[i] = i;
	struct part all = { numbers, NUMBERS, 0 };
	int rc = add_up(&all);
	printf("the sum: %ld\n", all.sum);
	free(numbers);
	return rc;
}

/* Some state, each part of which belongs to a loop: whoever wants to touch it does so there, and so
 * it needs no lock. */
static struct shard {
	int index; /* of the loop it belongs to */
	int visits;
} shards[2];

static int visit(void *arg)
{
	struct shard *shard = arg;
	if (koru_loop_index() == shard->index)
		shard->visits++;
	return 0;
}

static int visit_all(void)
{
	struct koru_scope visits;
	koru_scope_open(&visits, NULL);
	for (int i = 0; i < 2; i++)
		shards[i].index = i % koru_loop_count(); /* there may be one loop only */
	for (int i = 0; i < 100; i++)
		koru_go_on(&visits, KORU_LOOP(shards[i % 2].index), visit, &shards[i % 2]);
	int rc = koru_scope_close(&visits);
	printf("visits: %d and %d\n", shards[0].visits, shards[1].visits);
	return rc;
}

static int waits(void *arg)
{
	int *ret_result = arg;
	*ret_result = koru_sleep(KORU_HOUR);
	return 0;
}

static void give_up(void)
{
	int results[4];
	struct koru_scope hopeless;
	koru_scope_open(&hopeless, &(struct koru_scope_opts){ .timeout = 5 * KORU_MILLISECOND });
	for (int i = 0; i < 4; i++)
		koru_go_on(&hopeless, KORU_LOOP(i % koru_loop_count()), waits, &results[i]);
	int rc = koru_scope_close(&hopeless);
	printf("the scope: %s; its tasks:", koru_strerror(rc));
	for (int i = 0; i < 4; i++)
		printf(" %s%s", koru_strerror(results[i]), i < 3 ? "," : "\n");
}

static int app(void *arg)
{
	(void)arg;
	int rc = divide();
	if (rc == 0)
		rc = visit_all();
	give_up();
	return rc;
}

int main(void)
{
	return koru_run(app, NULL, &(struct koru_run_opts){ .loops = KORU_ALL_CORES }) < 0;
}
