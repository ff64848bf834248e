/*
 * poslocks.h: the record locks of fcntl(2) that processes of the guest have
 * against each other (Linux fs/locks.c). To the host they are all vmm's, which
 * has them there for the sake of others; who of the guest has which is here.
 */
#ifndef POSLOCKS_H
#define POSLOCKS_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/types.h>

struct poslock_file {
	dev_t dev;
	ino_t ino;
};

/* [start, end], of type F_RDLCK, F_WRLCK, or F_UNLCK. */
struct poslock {
	int pid;
	short type;
	off_t start, end;
};

/* One that excludes `lock`, by another process; false: there is none. */
bool poslocks_conflict(const struct poslock_file *file,
		       const struct poslock *lock, struct poslock *other);
/* Nobody excludes it: it replaces what the process had there. 0 or -ENOLCK. */
int poslocks_set(const struct poslock_file *file, const struct poslock *lock);
/* Does the process have any at all; in this file? */
bool poslocks_any(int pid);
/* It has closed a descriptor of the file, or ended (NULL). */
void poslocks_drop(int pid, const struct poslock_file *file);
/* Those of others that overlap, one by one: *at is NULL at first. */
bool poslocks_next(const struct poslock_file *file, const struct poslock *in,
		   const void **at, struct poslock *out);

#endif
