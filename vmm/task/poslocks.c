/*
 * poslocks.c: see poslocks.h. One list for the machine.
 */
#include "poslocks.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

struct entry {
	struct poslock_file file;
	struct poslock lock;
	struct entry *next;
};

static struct entry *all;

static bool is_same(const struct poslock_file *a, const struct poslock_file *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

static bool overlaps(const struct poslock *a, const struct poslock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

bool poslocks_conflict(const struct poslock_file *file,
		       const struct poslock *lock, struct poslock *other)
{
	for (const struct entry *e = all; e; e = e->next)
		if (is_same(&e->file, file) && e->lock.pid != lock->pid &&
		    overlaps(&e->lock, lock) &&
		    (e->lock.type == F_WRLCK || lock->type == F_WRLCK)) {
			*other = e->lock;
			return true;
		}
	return false;
}

static int add(const struct poslock_file *file, const struct poslock *lock)
{
	struct entry *e = malloc(sizeof(*e));

	if (!e)
		return -ENOLCK;
	*e = (struct entry){*file, *lock, all};
	all = e;
	return 0;
}

/* What the process has in the range goes; what sticks out of it stays. */
static int cut(const struct poslock_file *file, const struct poslock *lock)
{
	for (struct entry **at = &all, *e; (e = *at);) {
		struct poslock low = e->lock, high = e->lock;

		if (!is_same(&e->file, file) || e->lock.pid != lock->pid ||
		    !overlaps(&e->lock, lock)) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		free(e);
		low.end = lock->start - 1;
		high.start = lock->end + 1;
		if ((low.start < lock->start && add(file, &low)) ||
		    (high.end > lock->end && add(file, &high)))
			return -ENOLCK;
		at = &all; /* the list has changed */
	}
	return 0;
}

int poslocks_set(const struct poslock_file *file, const struct poslock *lock)
{
	int ret = cut(file, lock);

	return ret || lock->type == F_UNLCK ? ret : add(file, lock);
}

bool poslocks_any(int pid)
{
	for (const struct entry *e = all; e; e = e->next)
		if (e->lock.pid == pid)
			return true;
	return false;
}

void poslocks_drop(int pid, const struct poslock_file *file)
{
	for (struct entry **at = &all, *e; (e = *at);) {
		if (e->lock.pid != pid || (file && !is_same(&e->file, file))) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		free(e);
	}
}

bool poslocks_next(const struct poslock_file *file, const struct poslock *in,
		   const void **at, struct poslock *out)
{
	const struct entry *e = *at ? ((const struct entry *)*at)->next : all;

	for (; e; e = e->next)
		if (is_same(&e->file, file) && e->lock.pid != in->pid &&
		    overlaps(&e->lock, in)) {
			*at = e;
			*out = e->lock;
			return true;
		}
	return false;
}
