/* SPDX-License-Identifier: MIT
 *
 * Scope arenas: chunks that are cut up from front to back, and lists of blocks that came back. The
 * arena lies in its first chunk. It is the last hook of its scope, which nothing else is, so that
 * clean-up still finds the memory.
 */
#include "coro/arena.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/lock.h"
#include "base/macro.h"
#include "context/sanitize.h"
#include "koru/scope.h"
#include "sched/loop.h"
#include "sched/scope.h"

#include <stdbool.h>
#include <stdint.h>

#define ALIGN _Alignof(max_align_t)

enum {
	CHUNK_MIN = 4 << 10,  /* bytes of the first chunk; each is twice as large as the last … */
	CHUNK_MAX = 64 << 10, /* … up to this */
	BLOCK_MIN = 32,
	BLOCK_SIZES = 13, /* BLOCK_MIN << 0 … */
};

struct chunk {
	struct chunk *next;
};

struct arena {
	struct koru__scope_hook hook;
	struct koru__lock lock; /* its tasks may run on several loops */
	char *at;               /* the free rest of the newest chunk */
	size_t left;
	struct chunk *chunks;
	size_t chunk_size; /* of the next one */
	size_t taken;      /* bytes of all chunks */
	size_t max;
	struct block *free[BLOCK_SIZES];
};

/* In front of what is handed out as a block. */
struct block {
	_Alignas(max_align_t) union {
		struct arena *arena; /* while in use */
		struct block *next;  /* while free */
	};
	size_t size_index;
};

static_assert(sizeof(struct block) < BLOCK_MIN, "the smallest holds more than its head");
static_assert(((size_t)BLOCK_MIN << (BLOCK_SIZES - 1)) >= KORU__BLOCK_MAX + sizeof(struct block),
              "there is a size for each");

/* AddressSanitizer sees the end of what is handed out only if the system's allocator does. */
static size_t usual_chunk(size_t size)
{
	return KORU__SWITCHES_WATCHED ? 0 : size;
}

/* Of a size that is not SIZE_MAX or near it. */
static size_t round_up(size_t size)
{
	return (size + ALIGN - 1) / ALIGN * ALIGN;
}

static void arena_close(struct koru_scope *scope, struct koru__scope_hook *hook)
{
	(void)scope;
	struct arena *arena = koru__container_of(hook, struct arena, hook);
	koru__sanitize_acquire(arena);
	for (struct chunk *next, *c = arena->chunks; c; c = next) {
		next = c->next;
		koru__free(c);
	}
	koru__free(arena);
}

/* Of a scope that may have none yet: NULL. */
static struct arena *arena_of(const struct koru_scope *scope)
{
	struct koru__scope_hook *last = __atomic_load_n(&scope->koru__last_hook, __ATOMIC_ACQUIRE);
	return last ? koru__container_of(last, struct arena, hook) : NULL;
}

static struct arena *arena_open(struct koru_scope *scope)
{
	size_t max = scope->koru__alloc_max ? scope->koru__alloc_max : KORU_SCOPE_ALLOC_MAX_DEFAULT;
	size_t head = round_up(sizeof(struct arena));
	size_t size = usual_chunk(CHUNK_MIN);
	if (size > head + max)
		size = head + max;
	if (size < head)
		size = head;
	struct arena *arena = koru__alloc(size);
	if (!arena)
		return NULL;
	*arena = (struct arena){ .hook = { NULL, arena_close },
		                 .at = (char *)arena + head,
		                 .left = size - head,
		                 .chunk_size = usual_chunk((size_t)2 * CHUNK_MIN),
		                 .taken = size - head, /* what koru needs itself is not counted */
		                 .max = max };
	if (koru__scope_hook_last(scope, &arena->hook) != &arena->hook) {
		koru__free(arena); /* another loop has just made one */
		arena = arena_of(scope);
	}
	return arena;
}

/* `size` bytes, a multiple of ALIGN, in a chunk of `bytes`; the rest of it is what is cut up next.
 */
static void *cut_new(struct arena *arena, size_t size, size_t bytes)
{
	size_t head = round_up(sizeof(struct chunk));
	size_t room = arena->max - arena->taken;
	if (room < head || size > room - head)
		return NULL;
	if (bytes < head + size)
		bytes = head + size;
	if (bytes > room)
		bytes = room;
	struct chunk *chunk = koru__alloc(bytes);
	if (!chunk)
		return NULL;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->taken += bytes;
	size_t left = bytes - head - size;
	if (left >= arena->left) {
		arena->at = (char *)chunk + head + size;
		arena->left = left;
	}
	return (char *)chunk + head;
}

static void *cut(struct arena *arena, size_t size)
{
	if (size <= arena->left) {
		void *piece = arena->at;
		arena->at += size;
		arena->left -= size;
		return piece;
	}
	/* A large piece gets a chunk of its own, so that the rest of this one is not lost. */
	if (size > arena->chunk_size / 4)
		return cut_new(arena, size, 0);
	void *piece = cut_new(arena, size, arena->chunk_size);
	if (piece && arena->chunk_size < CHUNK_MAX)
		arena->chunk_size *= 2;
	return piece;
}

/* The scope's arena, made if there is none yet; NULL without memory or where it may not be used. */
static struct arena *arena_for(struct koru_scope *scope)
{
	if (!scope || koru__scope_hookable(scope, true) < 0)
		return NULL;
	struct arena *arena = arena_of(scope);
	return arena ? arena : arena_open(scope);
}

void *koru_scope_alloc(struct koru_scope *scope, size_t size)
{
	struct arena *arena = arena_for(scope);
	if (!arena || size > arena->max)
		return NULL;
	koru__lock_take(&arena->lock);
	void *piece = cut(arena, round_up(size ? size : 1));
	koru__lock_give(&arena->lock);
	return piece;
}

void *koru__block_take(struct koru_scope *scope, size_t size)
{
	koru__assert(size <= KORU__BLOCK_MAX);
	struct arena *arena = arena_for(scope);
	if (!arena)
		return NULL;
	unsigned i = 0;
	while (((size_t)BLOCK_MIN << i) < size + sizeof(struct block))
		i++;
	koru__lock_take(&arena->lock);
	struct block *block = arena->free[i];
	if (block)
		arena->free[i] = block->next;
	else
		block = cut(arena, (size_t)BLOCK_MIN << i);
	koru__lock_give(&arena->lock);
	if (!block)
		return NULL;
	koru__sanitize_acquire(block);
	block->arena = arena;
	block->size_index = i;
	return block + 1;
}

void koru__block_give(void *ptr)
{
	struct block *block = (struct block *)ptr - 1;
	struct arena *arena = block->arena;
	koru__sanitize_release(block); /* to who takes it next, */
	koru__sanitize_release(arena); /* and to who frees it */
	koru__lock_take(&arena->lock);
	block->next = arena->free[block->size_index];
	arena->free[block->size_index] = block;
	koru__lock_give(&arena->lock);
}
