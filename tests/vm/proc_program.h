/*
 * proc_program.h: the program that reads its own /proc (guest/proc.c), for the
 * tests of it. Included once by each.
 */
#ifndef PROC_PROGRAM_H
#define PROC_PROGRAM_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

static const struct run_how fixed = {.no_aslr = true};

/*
 * The program: a copy for this test alone, since smaps natively tells of pages
 * that another process has too, and of pages that are not on the disk yet. Not
 * in the scratch directory, whose files may live in memory.
 */
static char copy[4096];

static const char *proc(void)
{
	const char *path = path_in(image("."), "../vm/guest/proc");
	size_t len;
	char *bytes;
	int fd;

	if (copy[0])
		return copy;
	bytes = read_file(path, &len);
	snprintf(copy, sizeof(copy), "%s.%07d", path, getpid());
	fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	cr_assert(fd >= 0 && write(fd, bytes, len) == (ssize_t)len &&
		  !fsync(fd) && !close(fd));
	free(bytes);
	return copy;
}

static void remove_copy(void)
{
	if (copy[0])
		unlink(copy);
	scratch_remove();
}

#endif
