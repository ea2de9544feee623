/* SPDX-License-Identifier: MIT
 * Where URLs come from. See source.h. */
#include "source.h"

#include "base/alloc.h"
#include "koru/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int source_open(struct source *source, char *const *words, const char *path)
{
	memset(source, 0, sizeof(*source));
	source->words = words;
	source->fd = -1;
	while (words[source->known])
		source->known++;
	if (!path) {
		source->finished = true;
		return 0;
	}

	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	source->fd = fd;
	source->fd_is_own = !standard;

	struct stat st;
	int rc = fstat(fd, &st) < 0 ? -errno : S_ISDIR(st.st_mode) ? -EISDIR : 0;
	if (rc == 0) {
		source->regular = S_ISREG(st.st_mode);
		source->lines = koru__alloc(sizeof(*source->lines));
		rc = source->lines ? 0 : -ENOMEM;
	}
	if (rc < 0) {
		source_done(source);
		return rc;
	}
	lines_init(source->lines);
	return 0;
}

static void close_file(struct source *source)
{
	if (source->fd_is_own)
		(void)close(source->fd);
	source->fd = -1;
	source->fd_is_own = false;
	koru__free(source->lines);
	source->lines = NULL;
	source->finished = true;
}

void source_done(struct source *source)
{
	close_file(source);
	job_queue_done(&source->ahead);
}

static int push(struct source *source, const struct line *line, const char *bad)
{
	/* Of a line that is too long its beginning is enough to know it by. */
	struct job *job = job_new(line->text, bad && line->len > 64 ? 64 : line->len);
	if (!job)
		return -ENOMEM;
	if (bad)
		job->bad = bad;
	job_push(&source->ahead, job);
	source->known++;
	return 0;
}

/* Reads once and queues the lines that are complete. */
static int read_some(struct source *source)
{
	size_t room;
	char *to = lines_room(source->lines, &room);
	ssize_t n = koru_read(source->fd, to, room);
	if (n < 0)
		return (int)n;
	if (n > 0)
		lines_fill(source->lines, (size_t)n);
	else
		lines_finish(source->lines);

	for (;;) {
		struct line line;
		int rc = 0;
		switch (lines_next(source->lines, &line)) {
		case LINES_LINE: rc = push(source, &line, NULL); break;
		case LINES_TOO_LONG:
			rc = push(source, &line, "malformed URL: longer than 8,192 bytes");
			break;
		case LINES_MORE: return 0;
		case LINES_END: close_file(source); return 0;
		}
		if (rc < 0)
			return rc;
	}
}

/* Whether reading would not have to wait. */
static bool is_ready(const struct source *source)
{
	struct pollfd p = { .fd = source->fd, .events = POLLIN };
	return source->regular || poll(&p, 1, 0) != 0; /* an error shows when reading */
}

/* Fills the queue with what there is to read now; waits only where `wait` says so and the
 * queue is empty. */
static int read_ahead(struct source *source, bool wait)
{
	while (!source->finished && source->ahead.count < SOURCE_AHEAD_MAX &&
	       ((wait && source->ahead.count == 0) || is_ready(source))) {
		int rc = read_some(source);
		if (rc == -ECANCELED || rc == -ENOMEM)
			return rc;
		if (rc < 0) {
			source->error = rc;
			close_file(source);
			return rc;
		}
	}
	return 0;
}

struct job *source_take(struct source *source)
{
	if (!*source->words)
		return job_pop(&source->ahead);
	struct job *job = job_new(*source->words, strlen(*source->words));
	if (job)
		source->words++;
	return job;
}

int source_next(struct source *source, struct job **ret_job)
{
	/* Words of the command line need not wait for a pipe. */
	int rc = read_ahead(source, !*source->words);
	if (rc < 0)
		return rc;
	bool left = *source->words || source->ahead.count > 0;
	struct job *job = source_take(source);
	if (!job)
		return left ? -ENOMEM : 0;
	*ret_job = job;
	return 1;
}
