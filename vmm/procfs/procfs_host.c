/*
 * procfs_host.c: the host's own files of /proc, as patterns: their lines, and
 * the order of them, differ from one kernel version to the next.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"
#include "procfs_internal.h"

int procfs_host_lines(const char *path, FILE *out, procfs_line_fn *fn,
		      void *ctx)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, name[64];
	size_t size = 0;

	if (!f)
		return -errno;
	while (getline(&line, &size, f) > 0) {
		size_t n = strcspn(line, ": \t\n");

		if (n >= sizeof(name))
			n = sizeof(name) - 1;
		memcpy(name, line, n);
		name[n] = '\0';
		fn(out, line, name, ctx);
	}
	free(line);
	fclose(f);
	return 0;
}

int64_t procfs_host_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	buf[n] = '\0';
	return n;
}
