/* SPDX-License-Identifier: MIT
 * Undoing content codings: http/decode.h. */
#include "support/cmocka.h"

#include "base/fault.h"
#include "encode.h"
#include "http/decode.h"
#include "koru/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LEN 70000

/* Text with both repetition and noise in it, always the same. */
static char *make_text(void)
{
	char *text = malloc(TEXT_LEN);
	assert_non_null(text);
	unsigned seed = 1;
	for (size_t i = 0; i < TEXT_LEN; i++) {
		seed = seed * 1664525 + 1013904223;
		text[i] = (seed >> 28) < 3 ? (char)(seed >> 20) : "every tool is a weapon "[i % 23];
	}
	return text;
}

/* Decodes `in`, shown `in_step` bytes at a time, into rooms of `out_step`. Returns the last
 * result; what came out is in `out` (at most `out_max`). */
static int decode(const char *header, struct bytes in, size_t in_step, size_t out_step, char *out,
                  size_t out_max, size_t *ret_len)
{
	struct koru__decoder *decoder = NULL;
	int rc = koru__decode_add(&decoder, header, strlen(header));
	size_t shown = 0, made = 0;
	char *room = malloc(out_step);
	assert_non_null(room);
	while (rc == 0) {
		size_t len = in.len - shown < in_step ? in.len - shown : in_step;
		char *block = malloc(len ? len : 1); /* tight, for AddressSanitizer */
		assert_non_null(block);
		memcpy(block, in.ptr + shown, len);
		struct koru__decode_io io = { block, len, room, out_step };
		rc = koru__decode_run(decoder, &io, shown + len == in.len);
		free(block);
		size_t count = out_step - io.out_len;
		assert_true(rc < 0 || io.in_len == 0 || io.out_len == 0);
		if (made + count > out_max)
			rc = -KORU_EBODY;
		else if (rc >= 0)
			memcpy(out + made, room, count);
		made += count;
		shown += len - io.in_len;
	}
	free(room);
	koru__decode_free(decoder);
	*ret_len = made;
	return rc;
}

static void check(const char *header, struct bytes in, const char *text, size_t len)
{
	static const size_t steps[] = { SIZE_MAX / 2, 1, 7, 4096, 4097 };
	char *out = malloc(len + 1);
	size_t got;
	assert_non_null(out);
	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < 5; j++) {
			if (i && j && len > 10000 && steps[i] + steps[j] < 20)
				continue; /* would take long */
			size_t room = steps[j] < len + 1 ? steps[j] : len + 1;
			assert_int_equal(decode(header, in, steps[i], room, out, len, &got), 1);
			assert_int_equal(got, len);
			assert_memory_equal(out, text, len);
		}
	free(out);
}

static void all_codings(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{ "gzip", "gzip" },   { "gzip", " X-GZIP\t" }, { "deflate", "Deflate" },
		{ "raw", "deflate" }, { "br", "br" },          { "zstd", "zstd" },
	};
	char *text = make_text();
	for (size_t i = 0; i < 6; i++) {
		static const size_t lens[] = { 0, 1, 100, TEXT_LEN };
		for (size_t j = 0; j < 4; j++) {
			struct bytes in = encode(pairs[i][0], text, lens[j]);
			check(pairs[i][1], in, text, lens[j]);
			free(in.ptr);
		}
	}
	free(text);
}

static void several_codings(void **state)
{
	(void)state;
	char *text = make_text();
	struct bytes one = encode("gzip", text, TEXT_LEN);
	struct bytes two = encode("br", one.ptr, one.len);
	struct bytes three = encode("zstd", two.ptr, two.len);
	check("gzip, br", two, text, TEXT_LEN);
	check("gzip,,identity, br ,zstd", three, text, TEXT_LEN);
	size_t got;
	assert_int_equal(decode("br, gzip", two, SIZE_MAX / 2, TEXT_LEN, text, TEXT_LEN, &got),
	                 -KORU_EENCODING);
	free(one.ptr);
	free(two.ptr);
	free(three.ptr);
	free(text);
}

static void headers(void **state)
{
	(void)state;
	static const char *const none[] = { "", "identity", " , IDENTITY," };
	static const char *const unknown[] = { "compress", "gzip2",    "gzi",
		                               "gzip;q=1", "gzip, x",  "gzip, gzip, gzip, gzip",
		                               "\x01",     "aes128gcm" };
	for (size_t i = 0; i < 3; i++) {
		struct koru__decoder *decoder = NULL;
		assert_int_equal(koru__decode_add(&decoder, none[i], strlen(none[i])), 0);
		assert_null(decoder);
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct koru__decoder *decoder = NULL;
		assert_int_equal(koru__decode_add(&decoder, unknown[i], strlen(unknown[i])),
		                 -KORU_EENCODING);
		koru__decode_free(decoder);
	}
	koru__decode_free(NULL);
}

/* Each proper beginning of the encoded bytes is an error, but for the empty one; and so is
 * anything behind their end. */
static void cut_off_and_followed(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{ "gzip", "gzip" }, { "deflate", "deflate" }, { "raw", "deflate" },
		{ "br", "br" },     { "zstd", "zstd" },
	};
	const char *text = "some words, some words, some more words";
	char out[64];
	size_t got;
	for (size_t i = 0; i < 5; i++) {
		struct bytes in = encode(pairs[i][0], text, strlen(text));
		for (size_t len = 0; len < in.len; len++)
			for (size_t step = 1; step <= in.len; step += in.len - 1)
				assert_int_equal(decode(pairs[i][1], (struct bytes){ in.ptr, len },
				                        step, 64, out, 64, &got),
				                 len == 0 ? 1 : -KORU_EENCODING);
		struct bytes tail = { malloc(3), 3 };
		assert_non_null(tail.ptr);
		memcpy(tail.ptr, "abc", 3);
		in = joined(in, tail);
		assert_int_equal(decode(pairs[i][1], in, in.len, 64, out, 64, &got),
		                 -KORU_EENCODING);
		assert_int_equal(decode(pairs[i][1], in, 1, 64, out, 64, &got), -KORU_EENCODING);
		free(in.ptr);
	}
}

/* RFC 1952 2.2 and RFC 8878 3.1 allow several parts one behind the other. */
static void several_parts(void **state)
{
	(void)state;
	struct bytes gzip = joined(encode("gzip", "ab", 2), encode("gzip", "c", 1));
	check("gzip", gzip, "abc", 3);
	free(gzip.ptr);
	struct bytes zstd = joined(encode("zstd", "ab", 2), encode("zstd", "c", 1));
	check("zstd", zstd, "abc", 3);
	free(zstd.ptr);
}

/* Every single flipped bit is either noticed or harmless, and never more than a crash-free
 * run. Formats with a checksum must notice whatever changes the data. */
static void damaged(void **state)
{
	(void)state;
	const char *text = "some words, some words, some more words";
	static const char *const codings[] = { "gzip", "deflate", "br", "zstd" };
	char out[4096];
	size_t got;
	for (size_t c = 0; c < 4; c++) {
		struct bytes in = encode(codings[c], text, strlen(text));
		for (size_t bit = 0; bit < in.len * 8; bit++) {
			in.ptr[bit / 8] ^= (char)(1 << bit % 8);
			int rc =
			        decode(codings[c], in, in.len, sizeof(out), out, sizeof(out), &got);
			if (rc == 1 && c < 2) {
				assert_int_equal(got, strlen(text));
				assert_memory_equal(out, text, got);
			} else if (rc != 1 && rc != -KORU_EBODY) {
				assert_int_equal(rc, -KORU_EENCODING);
			}
			in.ptr[bit / 8] ^= (char)(1 << bit % 8);
		}
		free(in.ptr);
	}
}

/* A bomb: what comes out is handed over a room at a time, so the caller can stop. */
static void bombs(void **state)
{
	(void)state;
	static const char *const codings[] = { "gzip", "br", "zstd" };
	size_t size = (size_t)32 << 20;
	char *zeros = calloc(1, size);
	char *out = malloc(65536);
	size_t got;
	assert_non_null(zeros);
	assert_non_null(out);
	for (size_t i = 0; i < 3; i++) {
		struct bytes in = encode(codings[i], zeros, size);
		assert_in_range(in.len, 1, 65536);
		assert_int_equal(decode(codings[i], in, in.len, 4096, out, 65536, &got),
		                 -KORU_EBODY);
		assert_in_range(got, 65537, 65536 + 4096);
		free(in.ptr);
	}
	free(zeros);
	free(out);
}

/* RFC 9659: windows over 8 MB are refused, so that a small body cannot take much memory. */
static void large_windows(void **state)
{
	(void)state;
	char *text = make_text();
	char *out = malloc(TEXT_LEN);
	size_t got;
	assert_non_null(out);
	struct bytes fits = encode_zstd_window(text, TEXT_LEN, 23);
	assert_int_equal(decode("zstd", fits, fits.len, TEXT_LEN, out, TEXT_LEN, &got), 1);
	struct bytes large = encode_zstd_window(text, TEXT_LEN, 24);
	assert_int_equal(decode("zstd", large, large.len, TEXT_LEN, out, TEXT_LEN, &got),
	                 -KORU_EENCODING);
	free(fits.ptr);
	free(large.ptr);
	free(text);
	free(out);
}

static void no_memory(void **state)
{
	(void)state;
	static const char *const codings[] = { "gzip", "deflate", "br", "zstd" };
	char *text = make_text();
	char *out = malloc(TEXT_LEN);
	size_t got;
	assert_non_null(out);
	for (size_t i = 0; i < 4; i++) {
		struct bytes in = encode(codings[i], text, TEXT_LEN);
		unsigned nth = 0;
		int rc;
		do {
			koru__fault_arm(KORU__FAULT_ALLOC, nth++, 1, ENOMEM);
			rc = decode(codings[i], in, in.len, TEXT_LEN, out, TEXT_LEN, &got);
			assert_int_equal(rc, koru__fault_hits() ? -ENOMEM : 1);
		} while (rc != 1);
		koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
		assert_true(nth > 1);
		free(in.ptr);
	}
	free(text);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_codings),   cmocka_unit_test(several_codings),
		cmocka_unit_test(headers),       cmocka_unit_test(cut_off_and_followed),
		cmocka_unit_test(several_parts), cmocka_unit_test(damaged),
		cmocka_unit_test(bombs),         cmocka_unit_test(large_windows),
		cmocka_unit_test(no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
