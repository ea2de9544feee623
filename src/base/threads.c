/* SPDX-License-Identifier: MIT
 * Counting threads. See threads.h. */
#include "base/threads.h"

#include "base/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* io_uring's workers are listed among a process's threads, under names of their own. */
static bool is_worker(int tasks_fd, const char *tid)
{
	char path[64];
	char name[16];
	if (snprintf(path, sizeof(path), "%s/comm", tid) >= (int)sizeof(path))
		return false;
	int fd = openat(tasks_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ESRCH; /* it has ended meanwhile */
	ssize_t n = read(fd, name, sizeof(name));
	close(fd);
	return n >= 4 && memcmp(name, "iou-", 4) == 0;
}

int koru__threads_count(void)
{
	if (koru__alone())
		return 1;
	DIR *dir = opendir("/proc/self/task");
	if (!dir)
		return INT_MAX;
	int count = 0;
	for (struct dirent *d; (d = readdir(dir)) != NULL;)
		if (d->d_name[0] != '.' && !is_worker(dirfd(dir), d->d_name))
			count++;
	closedir(dir);
	return count;
}
