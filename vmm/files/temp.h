/*
 * temp.h: temporary files. In a few directories (/tmp and the like) the program
 * may make new entries, may do with these and all below them as it likes, and
 * what is left of them at the end is removed. What others made there stays as
 * it is. The entries are real ones, and others see them as long as they last.
 *
 * An entry is known by its inode and time of birth, not by its name, so a name
 * that someone else takes is not the program's. Inodes that are gone must be
 * forgotten at once (temp_forget): their number may be used again.
 */
#ifndef TEMP_H
#define TEMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rw.h"

#define TEMP_DIRS_MAX 8

struct temp_id { /* all zero: a free place */
	uint64_t ino;
	uint32_t major, minor, nsec;
	int64_t sec;
};

struct temp {
	char *dir[TEMP_DIRS_MAX]; /* real paths */
	unsigned nr_dirs;
	struct temp_id *made; /* hash table; its size is a power of two */
	size_t size, used;    /* at most half of it is used */
};

/*
 * Directories that do not exist are left out, and those where everything may be
 * written anyway. 0 or -ENOMEM.
 */
int temp_init(struct temp *t, const char *const *dirs, unsigned n,
	      const struct rw *rw);
/* Removes what is left. */
void temp_fini(struct temp *t);

/* Is it one of the directories? Real path, as all of these. */
bool temp_is_dir(const struct temp *t, const char *real);
/* Is it an entry that the program made, or below one? */
bool temp_allows(const struct temp *t, const char *real);
/* The entry `name` of directory fd: not there, or made by the program. */
bool temp_is_free(const struct temp *t, int fd, const char *name);

/* The program made the entry `name` of one of the directories, fd; "": fd. */
void temp_made(struct temp *t, int fd, const char *name);
/* The inode behind fd has lost a name: forget it if that was the last. */
void temp_forget(struct temp *t, int fd);

/* One line for each entry that will be removed. */
void temp_report(const struct temp *t);

#endif
