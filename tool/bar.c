/* SPDX-License-Identifier: MIT
 * The progress bar's text. See bar.h. */
#include "bar.h"

#include "koru/time.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BAR_LEN_MIN 10
#define BAR_LEN_MAX 40
#define PART_SIZE   96 /* of one part of the line, colours included */

#define RATE_MEMORY (2 * KORU_SECOND) /* how far back the rate looks, about */

uint64_t bar_rate_update(struct bar_rate *rate, uint64_t bytes, int64_t elapsed)
{
	int64_t step = elapsed - rate->when;
	if (step <= 0)
		return (uint64_t)rate->per_second;
	double now = (double)(bytes - rate->bytes) * (double)KORU_SECOND / (double)step;
	/* A running mean whose weights follow the time since the last update; the first
	 * update has nothing to be mixed with. */
	double keep = rate->when > 0 ? (double)RATE_MEMORY / (double)(RATE_MEMORY + step) : 0.0;
	rate->per_second = keep * rate->per_second + (1.0 - keep) * now;
	rate->when = elapsed;
	rate->bytes = bytes;
	return (uint64_t)rate->per_second;
}

/* One part of the line: what is printed, and how many columns that takes. */
struct part {
	char text[PART_SIZE];
	size_t columns;
};

static void set_part(struct part *part, const char *text, const char *colour)
{
	part->columns = strlen(text);
	if (colour)
		(void)snprintf(part->text, sizeof(part->text), "%s%s\x1b[0m", colour, text);
	else
		(void)snprintf(part->text, sizeof(part->text), "%s", text);
}

static void count_part(struct part *part, const struct bar_counts *counts)
{
	char done[TEXT_NUMBER_SIZE];
	char total[TEXT_NUMBER_SIZE];
	char text[2 * TEXT_NUMBER_SIZE + 4];
	text_count(done, sizeof(done), counts->done);
	text_count(total, sizeof(total), counts->total);
	/* As wide at the start as at the end, so that nothing behind it jumps. */
	(void)snprintf(text, sizeof(text), "%*s/%s%s", (int)strlen(total), done, total,
	               counts->total_known ? "" : "+");
	set_part(part, text, NULL);
}

/* done/total in 0..scale, rounded down, so that it is full only at the end. */
static uint64_t share(const struct bar_counts *counts, uint64_t scale)
{
	if (counts->total == 0)
		return 0;
	return (uint64_t)((double)counts->done / (double)counts->total * (double)scale);
}

static void bar_part(struct part *part, const struct bar_counts *counts, size_t len, bool colour)
{
	char full[BAR_LEN_MAX + 1];
	char rest[BAR_LEN_MAX + 1];
	size_t n = (size_t)share(counts, len);
	memset(full, '#', n);
	full[n] = '\0';
	memset(rest, '-', len - n);
	rest[len - n] = '\0';
	(void)snprintf(part->text, sizeof(part->text), "[%s%s%s%s]", colour ? "\x1b[32m" : "", full,
	               colour ? "\x1b[0m" : "", rest);
	part->columns = len + 2;
}

static size_t append(char buf[BAR_SIZE], size_t at, const char *text)
{
	size_t len = strlen(text);
	if (at + len >= BAR_SIZE)
		return at;
	memcpy(buf + at, text, len + 1);
	return at + len;
}

void bar_draw(char buf[BAR_SIZE], const struct bar_counts *counts, uint64_t per_second,
              unsigned width, bool colour)
{
	enum { COUNT, FAILED, CLOCK, PERCENT, BYTES, RATE, PARTS };
	/* What to keep when room is short, and where it stands in the line. */
	static const int importance[PARTS] = { COUNT, FAILED, CLOCK, PERCENT, BYTES, RATE };
	static const int place[PARTS] = { COUNT, PERCENT, BYTES, RATE, FAILED, CLOCK };
	struct part parts[PARTS];
	char text[TEXT_NUMBER_SIZE + 16];
	char number[TEXT_NUMBER_SIZE];

	count_part(&parts[COUNT], counts);
	(void)snprintf(text, sizeof(text), "%3" PRIu64 "%%", share(counts, 100));
	set_part(&parts[PERCENT], text, NULL);
	text_bytes(text, sizeof(text), counts->bytes);
	set_part(&parts[BYTES], text, NULL);
	text_bytes(number, sizeof(number), per_second);
	(void)snprintf(text, sizeof(text), "%s/s", number);
	set_part(&parts[RATE], text, NULL);
	text_count(number, sizeof(number), counts->failed);
	(void)snprintf(text, sizeof(text), "%s failed", number);
	set_part(&parts[FAILED], text, colour && counts->failed > 0 ? "\x1b[31m" : NULL);
	text_clock(text, sizeof(text), counts->elapsed);
	set_part(&parts[CLOCK], text, NULL);

	if (width > BAR_WIDTH_MAX)
		width = BAR_WIDTH_MAX;
	size_t used = 0;
	bool shown[PARTS] = { false };
	for (int i = 0; i < PARTS; i++) {
		size_t need = parts[importance[i]].columns + (used > 0 ? 2 : 0);
		if (used + need > width)
			break;
		used += need;
		shown[importance[i]] = true;
	}

	/* The bar takes what is left, when all the figures have found room. */
	struct part bar = { "", 0 };
	if (shown[RATE] && used + 2 + 2 + BAR_LEN_MIN <= width) {
		size_t len = width - used - 4;
		bar_part(&bar, counts, len < BAR_LEN_MAX ? len : BAR_LEN_MAX, colour);
	}

	size_t at = 0;
	buf[0] = '\0';
	for (int i = 0; i < PARTS; i++) {
		if (!shown[place[i]])
			continue;
		at = append(buf, at, at > 0 ? "  " : "");
		at = append(buf, at, parts[place[i]].text);
		if (place[i] == COUNT && bar.columns > 0) {
			at = append(buf, at, "  ");
			at = append(buf, at, bar.text);
		}
	}
}
