/* SPDX-License-Identifier: MIT
 * What this process has used. See meter.h. */
#include "meter.h"

#include "koru/time.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The number behind `field` in the text of /proc/self/status. */
static uint64_t status_field(const char *status, const char *field)
{
	const char *p = strstr(status, field);
	return p ? strtoull(p + strlen(field), NULL, 10) : 0;
}

void meter_read(struct meter *meter)
{
	*meter = (struct meter){ 0, 0, 0 };
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		meter->cpu_ns =
		        (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * KORU_SECOND +
		        (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * KORU_MICROSECOND;

	/* Not ru_maxrss: that also counts what the process was before it became koru, which
	 * is a copy of whoever started it. */
	char status[4096];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t len = read(fd, status, sizeof(status) - 1);
	(void)close(fd);
	if (len <= 0)
		return;
	status[len] = '\0';
	meter->peak_bytes = status_field(status, "\nVmHWM:") * 1024;
	meter->threads = (unsigned)status_field(status, "\nThreads:");
}
