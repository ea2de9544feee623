/* SPDX-License-Identifier: MIT
 *
 * A scope's own memory: what koru_scope_alloc hands out, and the blocks that carry the arguments of
 * typed tasks. All of it is freed as the scope closes, after its clean-up.
 */
#ifndef KORU_CORO_ARENA_H
#define KORU_CORO_ARENA_H

#include <stddef.h>

struct koru_scope;

enum { KORU__BLOCK_MAX = 64 << 10 }; /* bytes of one */

/* A block of `size` bytes that may be given back before the scope closes; NULL without memory. In
 * any task inside the scope. */
void *koru__block_take(struct koru_scope *scope, size_t size);

/* On any loop, while the scope is there. */
void koru__block_give(void *block);

#endif
