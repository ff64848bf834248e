/*
 * logfile.c: see logfile.h.
 */
#include "logfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The lowest descriptor but `fd` that is open on the same file, or -1. */
static int other_descriptor(int fd, const struct stat *log)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *d;
	struct stat st;
	int found = -1;

	while (dir && (d = readdir(dir))) {
		int other = atoi(d->d_name);

		if (d->d_name[0] == '.' || other == fd || other == dirfd(dir) ||
		    fstat(other, &st) || !same(&st, log))
			continue;
		if (found < 0 || other < found)
			found = other;
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool names(const char *path, const struct stat *log)
{
	struct stat st;

	return !stat(path, &st) && same(&st, log);
}

/* What the program or an argument of it is called that is the same file. */
static const char *given(const char *program, char *const *argv,
			 const struct stat *log)
{
	if (names(program, log))
		return program;
	for (argv++; *argv; argv++)
		if (names(*argv, log))
			return *argv;
	return NULL;
}

/* Would the log be written over something that is in use? Then say so. */
static bool in_use(const char *path, int other, const char *name)
{
	if (name)
		error("-o %s: the log would overwrite %s, which the program is "
		      "given; name another file",
		      path, name);
	else if (other == 0)
		error("-o %s: the log would overwrite standard input; name "
		      "another file",
		      path);
	else if (other > 0)
		error("-o %s: the log would overwrite a file that is in use, "
		      "as descriptor %d; name another file",
		      path, other);
	return name || other >= 0;
}

/* The descriptor to write to: fd, or in its place a copy of a standard one. */
static int claim(const char *path, int fd, const char *program,
		 char *const *argv)
{
	struct stat st;
	int other;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return fd; /* a terminal, a pipe: nothing is overwritten */
	other = other_descriptor(fd, &st);
	if (other == 1 || other == 2) {
		fd = fcntl(other, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? -errno : fd;
	}
	if (in_use(path, other, given(program, argv, &st)))
		return -EBUSY;
	return S_ISREG(st.st_mode) && ftruncate(fd, 0) ? -errno : fd;
}

FILE *logfile_open(const char *path, const char *program, char *const *argv)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	int use = fd < 0 ? -errno : claim(path, fd, program, argv);
	FILE *file = use < 0 ? NULL : fdopen(use, "w");

	if (fd >= 0 && (fd != use || !file))
		close(fd);
	if (file)
		setvbuf(file, NULL, _IONBF, 0); /* trace.c gathers lines */
	if (!file && use != -EBUSY)
		error("-o %s: %s", path, strerror(use < 0 ? -use : errno));
	return file;
}
