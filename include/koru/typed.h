/* SPDX-License-Identifier: MIT
 *
 * Typed tasks and generators: functions of up to eight arguments of any types, which nobody packs
 * into a struct by hand.
 *
 *     KORU_TASK(fetch, (const char *, url), (int, retries))
 *     {
 *             … url … retries …
 *             return 0;
 *     }
 *
 * declares and begins `static int fetch(const char *url, int retries)`, an ordinary function, and
 * makes
 *
 *     int fetch_go(struct koru_scope *scope, const char *url, int retries);
 *     int fetch_go_with(struct koru_scope *scope, const struct koru_task_opts *opts,
 *                       const char *url, int retries);
 *     int fetch_async(struct koru_scope *scope, struct koru_future *future,
 *                     const char *url, int retries);
 *     int fetch_await(struct koru_future *future);
 *
 * which do what koru_go, koru_go_with, koru_async and koru_await do. The arguments are
 * copied; the copy belongs to the scope (see `alloc_max` in koru/scope.h) and is given back when
 * the task begins. Without memory for it: -ENOMEM, which fails the scope, as in koru_go.
 *
 *     KORU_GEN(count, int, (int, from), (int, to))
 *     {
 *             for (int i = from; i < to; i++) {
 *                     int rc = count_yield(gen, i);
 *                     if (rc < 0)
 *                             return rc;
 *             }
 *             return 0;
 *     }
 *
 * begins `static int count(struct count_gen *gen, int from, int to)`, a generator of int, and makes
 *
 *     int count_open(struct count_gen *gen, int from, int to);
 *     int count_next(struct count_gen *gen, int *ret_value);
 *     int count_throw(struct count_gen *gen, int error, int *ret_value);
 *     int count_close(struct count_gen *gen);
 *     int count_yield(struct count_gen *gen, int value);                       // in the body
 *     int count_yield_from(struct count_gen *gen, struct count_gen *from);     // in the body
 *
 * which do what their namesakes in koru/gen.h do. struct count_gen lies in the caller's storage.
 *
 * A type is written as in front of a plain variable's name: give arrays and pointers to functions a
 * typedef. It can be assigned to, so it is not const itself; in C++ it is trivially copyable.
 * Plain standard C, in functions that take no part in a program that does not call them.
 */
#ifndef KORU_TYPED_H
#define KORU_TYPED_H

#include <koru/future.h>
#include <koru/gen.h>
#include <koru/scope.h>
#include <koru/task.h>

#include <assert.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Starts run(block), with a copy of the `size` bytes of `args` in the block; `future` may be NULL.
 */
int koru__typed_go(struct koru_scope *scope, const struct koru_task_opts *opts,
                   struct koru_future *future, koru_fn *run, const void *args, size_t size,
                   const char *name);

/* In the task: copies them out and gives the block back. */
void koru__typed_take(void *block, void *ret_args, size_t size);

#ifdef __cplusplus
}
#endif

#define KORU_TASK(...) KORU__JOIN(KORU__TASK_, KORU__COUNT(__VA_ARGS__))(__VA_ARGS__)
#define KORU_GEN(...)  KORU__JOIN(KORU__GEN_, KORU__COUNT(__VA_ARGS__))(__VA_ARGS__)

/* Everything from here on is for these two. */
#define KORU__JOIN(a, b)  KORU__JOIN_(a, b)
#define KORU__JOIN_(a, b) a##b

#define KORU__COUNT(...)                                  KORU__TENTH(__VA_ARGS__, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define KORU__TENTH(a, b, c, d, e, f, g, h, i, j, n, ...) n

/* An argument (type, name), in each of its roles. */
#define KORU__FIELD(type, name)  type name;
#define KORU__PARAM(type, name)  , type name
#define KORU__FIRST(type, name)  type name
#define KORU__VALUE(type, name)  name
#define KORU__MEMBER(type, name) koru__args.name
#define KORU__OF_GEN(type, name) , gen->koru__args.name

#define KORU__EACH_0(m)
#define KORU__EACH_1(m, a)                      m a
#define KORU__EACH_2(m, a, b)                   m a m b
#define KORU__EACH_3(m, a, b, c)                m a m b m c
#define KORU__EACH_4(m, a, b, c, d)             m a m b m c m d
#define KORU__EACH_5(m, a, b, c, d, e)          m a m b m c m d m e
#define KORU__EACH_6(m, a, b, c, d, e, f)       m a m b m c m d m e m f
#define KORU__EACH_7(m, a, b, c, d, e, f, g)    m a m b m c m d m e m f m g
#define KORU__EACH_8(m, a, b, c, d, e, f, g, h) m a m b m c m d m e m f m g m h

#define KORU__LIST_1(m, a)                      m a
#define KORU__LIST_2(m, a, b)                   m a, m b
#define KORU__LIST_3(m, a, b, c)                m a, m b, m c
#define KORU__LIST_4(m, a, b, c, d)             m a, m b, m c, m d
#define KORU__LIST_5(m, a, b, c, d, e)          m a, m b, m c, m d, m e
#define KORU__LIST_6(m, a, b, c, d, e, f)       m a, m b, m c, m d, m e, m f
#define KORU__LIST_7(m, a, b, c, d, e, f, g)    m a, m b, m c, m d, m e, m f, m g
#define KORU__LIST_8(m, a, b, c, d, e, f, g, h) m a, m b, m c, m d, m e, m f, m g, m h

/* Functions that a program need not use. */
#define KORU__OFFERS static inline __attribute__((unused))

#ifdef __cplusplus
#define KORU__COPYABLE(type)                                                                       \
	static_assert(__is_trivially_copyable(type), "arguments are copied byte by byte");
#else
#define KORU__COPYABLE(type)
#endif

#define KORU__TASK_1(name)                                                                         \
	static int name(void);                                                                     \
	static int name##_koru_run(void *koru__none)                                               \
	{                                                                                          \
		(void)koru__none;                                                                  \
		return name();                                                                     \
	}                                                                                          \
	KORU__OFFERS int name##_go_with(struct koru_scope *koru__scope,                            \
	                                const struct koru_task_opts *koru__opts)                   \
	{                                                                                          \
		return koru__go_with(koru__scope, name##_koru_run, 0, #name, koru__opts);          \
	}                                                                                          \
	KORU__OFFERS int name##_go(struct koru_scope *koru__scope)                                 \
	{                                                                                          \
		return koru__go(koru__scope, name##_koru_run, 0, #name);                           \
	}                                                                                          \
	KORU__OFFERS int name##_async(struct koru_scope *koru__scope,                              \
	                              struct koru_future *koru__future)                            \
	{                                                                                          \
		return koru__async(koru__scope, koru__future, name##_koru_run, 0, #name, 0);       \
	}                                                                                          \
	KORU__TASK_AWAIT(name)                                                                     \
	static int name(void)

#define KORU__TASK_AWAIT(name)                                                                     \
	KORU__OFFERS int name##_await(struct koru_future *koru__future)                            \
	{                                                                                          \
		return koru_await(koru__future);                                                   \
	}

#define KORU__TASK_2(name, ...) KORU__TASK_OF(1, name, __VA_ARGS__)
#define KORU__TASK_3(name, ...) KORU__TASK_OF(2, name, __VA_ARGS__)
#define KORU__TASK_4(name, ...) KORU__TASK_OF(3, name, __VA_ARGS__)
#define KORU__TASK_5(name, ...) KORU__TASK_OF(4, name, __VA_ARGS__)
#define KORU__TASK_6(name, ...) KORU__TASK_OF(5, name, __VA_ARGS__)
#define KORU__TASK_7(name, ...) KORU__TASK_OF(6, name, __VA_ARGS__)
#define KORU__TASK_8(name, ...) KORU__TASK_OF(7, name, __VA_ARGS__)
#define KORU__TASK_9(name, ...) KORU__TASK_OF(8, name, __VA_ARGS__)

#define KORU__TASK_OF(n, name, ...)                                                                \
	struct name##_koru_args {                                                                  \
		KORU__EACH_##n(KORU__FIELD, __VA_ARGS__)                                           \
	};                                                                                         \
	KORU__COPYABLE(name##_koru_args)                                                           \
	static_assert(sizeof(struct name##_koru_args) <= 65536, "too large to be copied");         \
	static int name(KORU__LIST_##n(KORU__FIRST, __VA_ARGS__));                                 \
	static int name##_koru_run(void *koru__block)                                              \
	{                                                                                          \
		struct name##_koru_args koru__args;                                                \
		koru__typed_take(koru__block, &koru__args, sizeof(koru__args));                    \
		return name(KORU__LIST_##n(KORU__MEMBER, __VA_ARGS__));                            \
	}                                                                                          \
	KORU__OFFERS int name##_go_with(                                                           \
	        struct koru_scope *koru__scope,                                                    \
	        const struct koru_task_opts *koru__opts KORU__EACH_##n(KORU__PARAM, __VA_ARGS__))  \
	{                                                                                          \
		struct name##_koru_args koru__args = { KORU__LIST_##n(KORU__VALUE, __VA_ARGS__) }; \
		return koru__typed_go(koru__scope, koru__opts, 0, name##_koru_run, &koru__args,    \
		                      sizeof(koru__args), #name);                                  \
	}                                                                                          \
	KORU__OFFERS int name##_go(                                                                \
	        struct koru_scope *koru__scope KORU__EACH_##n(KORU__PARAM, __VA_ARGS__))           \
	{                                                                                          \
		return name##_go_with(koru__scope, 0, KORU__LIST_##n(KORU__VALUE, __VA_ARGS__));   \
	}                                                                                          \
	KORU__OFFERS int name##_async(                                                             \
	        struct koru_scope *koru__scope,                                                    \
	        struct koru_future *koru__future KORU__EACH_##n(KORU__PARAM, __VA_ARGS__))         \
	{                                                                                          \
		struct name##_koru_args koru__args = { KORU__LIST_##n(KORU__VALUE, __VA_ARGS__) }; \
		return koru__typed_go(koru__scope, 0, koru__future, name##_koru_run, &koru__args,  \
		                      sizeof(koru__args), #name);                                  \
	}                                                                                          \
	KORU__TASK_AWAIT(name)                                                                     \
	static int name(KORU__LIST_##n(KORU__FIRST, __VA_ARGS__))

#define KORU__GEN_2(name, type)                                                                    \
	struct name##_gen {                                                                        \
		struct koru_gen koru__gen;                                                         \
	};                                                                                         \
	static int name(struct name##_gen *gen);                                                   \
	static int name##_koru_run(struct koru_gen *koru__gen, void *koru__self)                   \
	{                                                                                          \
		(void)koru__gen;                                                                   \
		return name((struct name##_gen *)koru__self);                                      \
	}                                                                                          \
	KORU__OFFERS int name##_open(struct name##_gen *gen)                                       \
	{                                                                                          \
		return koru_gen_open(&gen->koru__gen, name##_koru_run, gen);                       \
	}                                                                                          \
	KORU__GEN_CALLS(name, type)                                                                \
	static int name(struct name##_gen *gen)

#define KORU__GEN_3(name, type, ...)  KORU__GEN_OF(1, name, type, __VA_ARGS__)
#define KORU__GEN_4(name, type, ...)  KORU__GEN_OF(2, name, type, __VA_ARGS__)
#define KORU__GEN_5(name, type, ...)  KORU__GEN_OF(3, name, type, __VA_ARGS__)
#define KORU__GEN_6(name, type, ...)  KORU__GEN_OF(4, name, type, __VA_ARGS__)
#define KORU__GEN_7(name, type, ...)  KORU__GEN_OF(5, name, type, __VA_ARGS__)
#define KORU__GEN_8(name, type, ...)  KORU__GEN_OF(6, name, type, __VA_ARGS__)
#define KORU__GEN_9(name, type, ...)  KORU__GEN_OF(7, name, type, __VA_ARGS__)
#define KORU__GEN_10(name, type, ...) KORU__GEN_OF(8, name, type, __VA_ARGS__)

#define KORU__GEN_OF(n, name, type, ...)                                                           \
	struct name##_koru_args {                                                                  \
		KORU__EACH_##n(KORU__FIELD, __VA_ARGS__)                                           \
	};                                                                                         \
	struct name##_gen {                                                                        \
		struct koru_gen koru__gen;                                                         \
		struct name##_koru_args koru__args;                                                \
	};                                                                                         \
	static int name(struct name##_gen *gen KORU__EACH_##n(KORU__PARAM, __VA_ARGS__));          \
	static int name##_koru_run(struct koru_gen *koru__gen, void *koru__self)                   \
	{                                                                                          \
		struct name##_gen *gen = (struct name##_gen *)koru__self;                          \
		(void)koru__gen;                                                                   \
		return name(gen KORU__EACH_##n(KORU__OF_GEN, __VA_ARGS__));                        \
	}                                                                                          \
	KORU__OFFERS int name##_open(                                                              \
	        struct name##_gen *gen KORU__EACH_##n(KORU__PARAM, __VA_ARGS__))                   \
	{                                                                                          \
		struct name##_koru_args koru__args = { KORU__LIST_##n(KORU__VALUE, __VA_ARGS__) }; \
		gen->koru__args = koru__args;                                                      \
		return koru_gen_open(&gen->koru__gen, name##_koru_run, gen);                       \
	}                                                                                          \
	KORU__GEN_CALLS(name, type)                                                                \
	static int name(struct name##_gen *gen KORU__EACH_##n(KORU__PARAM, __VA_ARGS__))

/* A value stays on the stack of the body, which stops while it is looked at. */
#define KORU__GEN_CALLS(name, type)                                                                \
	KORU__OFFERS int name##_next(struct name##_gen *gen, type *ret_value)                      \
	{                                                                                          \
		void *koru__value = 0;                                                             \
		int koru__rc = koru_gen_next(&gen->koru__gen, &koru__value);                       \
		if (koru__rc == 1)                                                                 \
			*ret_value = *(type *)koru__value;                                         \
		return koru__rc;                                                                   \
	}                                                                                          \
	KORU__OFFERS int name##_throw(struct name##_gen *gen, int error, type *ret_value)          \
	{                                                                                          \
		void *koru__value = 0;                                                             \
		int koru__rc = koru_gen_throw(&gen->koru__gen, error, &koru__value);               \
		if (koru__rc == 1)                                                                 \
			*ret_value = *(type *)koru__value;                                         \
		return koru__rc;                                                                   \
	}                                                                                          \
	KORU__OFFERS int name##_close(struct name##_gen *gen)                                      \
	{                                                                                          \
		return koru_gen_close(&gen->koru__gen);                                            \
	}                                                                                          \
	KORU__OFFERS int name##_yield(struct name##_gen *gen, type value)                          \
	{                                                                                          \
		return koru_gen_yield(&gen->koru__gen, &value, 0);                                 \
	}                                                                                          \
	KORU__OFFERS int name##_yield_from(struct name##_gen *gen, struct name##_gen *from)        \
	{                                                                                          \
		return koru_gen_yield_from(&gen->koru__gen, &from->koru__gen);                     \
	}

#endif
