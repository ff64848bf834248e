/*
 * fdpath.c: see fdpath.h.
 */
#include "fdpath.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "machine.h"

void fdpath_self(char buf[FDPATH_SELF_MAX], int fd)
{
	snprintf(buf, FDPATH_SELF_MAX, "/proc/self/fd/%d", fd);
}

int fdpath_real(const struct machine *m, int fd, char *buf, size_t size)
{
	char name[FDPATH_SELF_MAX];
	ssize_t n;

	snprintf(name, sizeof(name), "fd/%d", fd);
	n = readlinkat(m->proc_fd, name, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

void fdpath_of_file(const struct machine *m, const struct file *file,
		    uint32_t opened, char *buf, size_t size)
{
	const struct file_name *name = file_name_of(file, opened);

	if (fdpath_real(m, name->fd, buf, size) < 0)
		snprintf(buf, size, "%s", name->path);
}
