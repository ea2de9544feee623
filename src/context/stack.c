/* SPDX-License-Identifier: MIT
 * Stacks: the arena of the process, and the pools that loops keep. See stack.h. */
#include "context/stack.h"

#include "base/assert.h"
#include "base/fault.h"
#include "base/macro.h"
#include "koru/error.h"
#include "koru/task.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* A piece of reserved address space:
 *
 *     base                                                 base + slots * size
 *     | guard | stack 0 | guard | stack 1 | …              | struct koru__stack 0, 1, …
 *
 * Pieces double, so that a small program reserves little and a million stacks need but a few
 * mappings. They are never given back: a stack that is not used holds no memory. */
struct piece {
	char *base;
	struct koru__stack *stacks;
	size_t slots;
	size_t used; /* slots that have been handed out at least once */
};

enum {
	PIECES_MAX = 32, /* of one class */
	FIRST_PIECE_BYTES = 64 << 20,
	TRIM_KEEP = 16,  /* warm stacks of a class that are left alone */
	TRIM_BATCH = 64, /* stacks trimmed in one go: about 100 µs */
	COLOURS = 32,    /* cache lines by which the tops of stacks are spread */
};

static const size_t piece_bytes_max = (size_t)64 << 30;

struct arena {
	struct piece pieces[PIECES_MAX];
	atomic_size_t count;    /* pieces; only grows, so a signal handler may read them */
	struct koru__list free; /* bare stacks that ended loops gave back */
};

static pthread_mutex_t arena_lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena arenas[KORU__STACK_CLASSES];

static_assert(KORU_STACK_SIZE_MIN << (KORU__STACK_CLASSES - 1) == KORU_STACK_SIZE_MAX,
              "one class for each power of two");

int koru__stack_class(size_t size)
{
	if (size == 0)
		size = KORU_STACK_SIZE_DEFAULT;
	for (unsigned c = 0; c < KORU__STACK_CLASSES; c++)
		if (size <= koru__stack_class_size(c))
			return (int)c;
	return -EINVAL;
}

/* Tops of stacks would all fall into the same sets of the caches, since slots are aligned to
 * their size; a shift inside the topmost page, different from neighbour to neighbour, spreads
 * them. It is at most half a page, so that a shallow task still needs only one. */
static uint32_t colour(size_t slot)
{
	return (uint32_t)(slot % COLOURS) * 64;
}

/* Reserves address space; under the lock. Halves the wish until the kernel grants it. */
static int add_piece(struct arena *arena, unsigned size_class)
{
	size_t count = atomic_load(&arena->count);
	if (count == PIECES_MAX)
		return -ENOMEM;
	size_t size = koru__stack_class_size(size_class);
	size_t wish = (size_t)FIRST_PIECE_BYTES << count;
	if (wish > piece_bytes_max || wish >> count != FIRST_PIECE_BYTES)
		wish = piece_bytes_max;
	void *map = MAP_FAILED;
	size_t slots = 0;
	size_t bytes = 0;
	for (; wish >= size; wish /= 2) {
		slots = wish / size;
		bytes = slots * (size + sizeof(struct koru__stack));
		if (koru__fault(KORU__FAULT_MMAP))
			continue;
		map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
		if (map != MAP_FAILED)
			break;
	}
	if (map == MAP_FAILED)
		return -ENOMEM;
	/* A huge page would make the first touch of one stack pay for thirty-two. A kernel that
	 * has no huge pages answers -EINVAL, which is as good. */
	if (!koru__fault(KORU__FAULT_MADVISE))
		(void)!madvise(map, bytes, MADV_NOHUGEPAGE);
	arena->pieces[count] = (struct piece){
		.base = map,
		.stacks = (struct koru__stack *)((char *)map + slots * size),
		.slots = slots,
	};
	atomic_store(&arena->count, count + 1);
	return 0;
}

/* The next slot that was never used, guarded; under the lock. */
static int carve(struct arena *arena, unsigned size_class, struct koru__stack **ret_stack)
{
	size_t count = atomic_load(&arena->count);
	if (count == 0 || arena->pieces[count - 1].used == arena->pieces[count - 1].slots) {
		int rc = add_piece(arena, size_class);
		if (rc < 0)
			return rc;
		count++;
	}
	struct piece *piece = &arena->pieces[count - 1];
	char *slot = piece->base + piece->used * koru__stack_class_size(size_class);
	int rc = koru__guard_install(slot);
	if (rc < 0)
		return rc;
	struct koru__stack *stack = &piece->stacks[piece->used];
	*stack = (struct koru__stack){
		.low = slot + koru__page_size(),
		.top = slot + koru__stack_class_size(size_class) - colour(piece->used),
		.size_class = size_class,
	};
	piece->used++;
	*ret_stack = stack;
	return 0;
}

int koru__stack_get_slow(struct koru__stack_pool *pool, unsigned size_class,
                         struct koru__stack **ret_stack)
{
	struct koru__list *node = koru__list_pop_front(&pool->classes[size_class].bare);
	if (node) {
		*ret_stack = koru__container_of(node, struct koru__stack, link);
		return 0;
	}
	struct arena *arena = &arenas[size_class];
	pthread_mutex_lock(&arena_lock);
	int rc = 0;
	if (arena->free.next && !koru__list_empty(&arena->free))
		*ret_stack = koru__container_of(koru__list_pop_front(&arena->free),
		                                struct koru__stack, link);
	else
		rc = carve(arena, size_class, ret_stack);
	pthread_mutex_unlock(&arena_lock);
	return rc;
}

/* Gives a free stack's pages back to the kernel; the guard stays. */
static void strip(struct koru__stack *stack)
{
	char *low = koru__stack_low(stack);
	size_t size = koru__stack_class_size(stack->size_class) - koru__page_size();
	if (koru__fault(KORU__FAULT_MADVISE))
		return; /* it keeps its pages: a cost, not an error */
	(void)!madvise(low, size, MADV_DONTNEED);
}

void koru__stack_pool_init(struct koru__stack_pool *pool)
{
	for (unsigned c = 0; c < KORU__STACK_CLASSES; c++) {
		koru__list_init(&pool->classes[c].warm);
		koru__list_init(&pool->classes[c].bare);
		pool->classes[c].warm_count = 0;
		pool->classes[c].idle_count = 0;
	}
}

void koru__stack_pool_done(struct koru__stack_pool *pool)
{
	for (unsigned c = 0; c < KORU__STACK_CLASSES; c++) {
		struct koru__list *node;
		while ((node = koru__list_pop_front(&pool->classes[c].warm))) {
			strip(koru__container_of(node, struct koru__stack, link));
			koru__list_push_back(&pool->classes[c].bare, node);
		}
		pool->classes[c].warm_count = 0;
		pthread_mutex_lock(&arena_lock);
		if (!arenas[c].free.next)
			koru__list_init(&arenas[c].free);
		while ((node = koru__list_pop_front(&pool->classes[c].bare)))
			koru__list_push_back(&arenas[c].free, node);
		pthread_mutex_unlock(&arena_lock);
	}
}

bool koru__stack_pool_has_surplus(const struct koru__stack_pool *pool)
{
	for (unsigned c = 0; c < KORU__STACK_CLASSES; c++)
		if (pool->classes[c].warm_count > TRIM_KEEP)
			return true;
	return false;
}

bool koru__stack_pool_trim(struct koru__stack_pool *pool, uint64_t *count)
{
	unsigned budget = TRIM_BATCH;
	for (unsigned c = 0; c < KORU__STACK_CLASSES; c++) {
		while (pool->classes[c].idle_count > TRIM_KEEP) {
			if (budget-- == 0)
				return false;
			/* The last one is the one longest unused. */
			struct koru__list *node = pool->classes[c].warm.prev;
			koru__list_remove(node);
			strip(koru__container_of(node, struct koru__stack, link));
			koru__list_push_back(&pool->classes[c].bare, node);
			pool->classes[c].warm_count--;
			pool->classes[c].idle_count--;
			(*count)++;
		}
		pool->classes[c].idle_count = pool->classes[c].warm_count;
	}
	return true;
}

bool koru__stack_guard_contains(const void *address, size_t *ret_size)
{
	uintptr_t a = (uintptr_t)address;
	for (unsigned c = 0; c < KORU__STACK_CLASSES; c++) {
		size_t size = koru__stack_class_size(c);
		size_t count = atomic_load(&arenas[c].count);
		for (size_t i = 0; i < count; i++) {
			uintptr_t base = (uintptr_t)arenas[c].pieces[i].base;
			if (a < base || a >= base + arenas[c].pieces[i].slots * size)
				continue;
			if ((a - base) % size >= koru__page_size())
				return false;
			*ret_size = size;
			return true;
		}
	}
	return false;
}
