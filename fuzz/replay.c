/* SPDX-License-Identifier: MIT
 * What runs a fuzz target over its corpus where there is no libFuzzer: each argument is a
 * file, or a directory of files. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t size = 0;
	FILE *copy = open_memstream(&text, &size);
	int c;
	if (!file || !copy) {
		perror(path);
		return -1;
	}
	while ((c = getc(file)) != EOF)
		putc(c, copy);
	fclose(file);
	fclose(copy);
	uint8_t *tight = malloc(size ? size : 1);
	if (!tight)
		return -1;
	memcpy(tight, text, size);
	free(text);
	(void)LLVMFuzzerTestOneInput(tight, size);
	free(tight);
	return 1;
}

static int replay_dir(const char *dir_path)
{
	DIR *dir = opendir(dir_path);
	int count = 0;
	if (!dir)
		return replay_file(dir_path);
	for (struct dirent *entry; (entry = readdir(dir)) && count >= 0;) {
		char path[4096];
		if (entry->d_name[0] == '.')
			continue;
		int len = snprintf(path, sizeof(path), "%s/%s", dir_path, entry->d_name);
		int rc = len < (int)sizeof(path) ? replay_file(path) : -1;
		count = rc < 0 ? rc : count + rc;
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	int count = 0;
	for (int i = 1; i < argc; i++) {
		int rc = replay_dir(argv[i]);
		if (rc < 0)
			return EXIT_FAILURE;
		count += rc;
	}
	printf("%d inputs\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
