/*
 * fdtable.c: guest descriptor numbers. See fdtable.h.
 */
#include "fdtable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "poslocks.h"

/* Linux NR_OPEN_DEFAULT: what a table holds at least. */
#define FDTABLE_MIN 64
/* What the VMM has open at once while it serves a call, and some to spare. */
#define FDTABLE_RESERVE 12

static int to_int(uint64_t limit)
{
	return limit > INT_MAX ? INT_MAX : (int)limit;
}

void fdtable_set_limit(struct fdtable *t, uint64_t limit)
{
	t->limit = (unsigned)to_int(limit);
}

void fdtable_init(struct fdtable *t, uint64_t limit)
{
	struct rlimit own = {INT_MAX, INT_MAX};

	*t = (struct fdtable){0};
	fdtable_set_limit(t, limit);
	getrlimit(RLIMIT_NOFILE, &own);
	t->host_end = to_int(own.rlim_cur) - FDTABLE_RESERVE;
}

void fdtable_fini(struct fdtable *t)
{
	for (unsigned i = 0; i < t->size; i++)
		if (t->entry[i].host >= 0)
			close(t->entry[i].host);
	free(t->entry);
	*t = (struct fdtable){0};
}

struct fd_entry *fdtable_entry(const struct fdtable *t, int fd)
{
	if (fd < 0 || (unsigned)fd >= t->size || t->entry[fd].host < 0)
		return NULL;
	return &t->entry[fd];
}

int fdtable_host(const struct fdtable *t, int fd)
{
	const struct fd_entry *e = fdtable_entry(t, fd);

	return e ? e->host : -EBADF;
}

/* Linux alloc_fdtable: to a power of two, and never back. */
static int grow(struct fdtable *t, unsigned fd)
{
	unsigned size = FDTABLE_MIN;
	struct fd_entry *e;

	if (fd < t->size)
		return 0;
	while (size <= fd)
		size *= 2;
	e = realloc(t->entry, size * sizeof(*e));
	if (!e)
		return -ENOMEM;
	for (unsigned i = t->size; i < size; i++)
		e[i] = (struct fd_entry){.host = -1};
	t->entry = e;
	t->size = size;
	return 0;
}

static bool is_same(const struct fd_entry *e, const struct stat *st)
{
	return e->host >= 0 && e->dev == st->st_dev && e->ino == st->st_ino;
}

void fdtable_set_own(struct fdtable *t, const struct stat *st)
{
	for (unsigned i = 0; i < t->size; i++)
		t->entry[i].own |= is_same(&t->entry[i], st);
}

bool fdtable_is_own(const struct fdtable *t, const struct stat *st)
{
	for (unsigned i = 0; i < t->size; i++)
		if (t->entry[i].own && is_same(&t->entry[i], st))
			return true;
	return false;
}

static void find_kind(const struct fdtable *t, struct fd_entry *e)
{
	struct stat st;

	if (fstat(e->host, &st) < 0)
		return;
	e->own = !st.st_nlink && fdtable_is_own(t, &st);
	e->dev = st.st_dev;
	e->ino = st.st_ino;
	/* Major 1: the endless devices, /dev/zero and such. */
	e->bulk = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode) ||
		  (S_ISCHR(st.st_mode) && major(st.st_rdev) == 1);
	e->streams = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
		     S_ISCHR(st.st_mode);
}

static int put(struct fdtable *t, unsigned fd, int host, bool cloexec)
{
	int r = grow(t, fd);

	if (r < 0) {
		close(host);
		return r;
	}
	t->entry[fd] = (struct fd_entry){
		.host = host,
		.cloexec = cloexec,
	};
	find_kind(t, &t->entry[fd]);
	return (int)fd;
}

int fdtable_install(struct fdtable *t, int host, bool cloexec, unsigned min)
{
	unsigned fd = min;

	while (fd < t->size && t->entry[fd].host >= 0)
		fd++;
	if (fd >= t->limit || host >= t->host_end) {
		close(host);
		return -EMFILE;
	}
	return put(t, fd, host, cloexec);
}

int fdtable_install_at(struct fdtable *t, int fd, int host, bool cloexec)
{
	if (fd < 0 || (unsigned)fd >= t->limit) {
		close(host);
		return -EBADF;
	}
	if (host >= t->host_end && !fdtable_entry(t, fd)) {
		close(host);
		return -EMFILE;
	}
	fdtable_close(t, fd);
	return put(t, (unsigned)fd, host, cloexec);
}

int fdtable_dup_host(const struct fdtable *t, int fd)
{
	int host = fdtable_host(t, fd);
	int copy;

	if (host < 0)
		return host;
	copy = fcntl(host, F_DUPFD_CLOEXEC, 3);
	return copy < 0 ? -errno : copy;
}

/*
 * The VMM's own copies of standard input and output must not keep a pipe open
 * that the program has closed; standard error stays for our messages.
 */
static void release_standard(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, fd);
	close(null);
}

static struct fd_hold *holder_of(const struct fdtable *t, int host)
{
	struct fd_hold *h = t->holds;

	while (h && h->host != host)
		h = h->next;
	return h;
}

/* Close it, or leave that to one who holds it. */
static int close_host(const struct fdtable *t, int host)
{
	struct fd_hold *holder = holder_of(t, host);

	if (!holder)
		return close(host) < 0 && errno != EINTR ? -errno : 0;
	holder->closed = true;
	return 0;
}

void fdtable_hold(struct fdtable *t, int host, struct fd_hold *hold)
{
	*hold = (struct fd_hold){.next = t->holds, .host = host};
	if (host >= 0)
		t->holds = hold;
}

void fdtable_release(struct fdtable *t, struct fd_hold *hold)
{
	struct fd_hold **at = &t->holds;

	if (hold->host < 0)
		return;
	while (*at != hold)
		at = &(*at)->next;
	*at = hold->next;
	if (hold->closed)
		close_host(t, hold->host);
}

/* Linux locks_remove_posix: by any descriptor of the file. */
static void drop_locks(const struct fdtable *t, int host)
{
	struct poslock_file file;
	struct stat st;

	if (!poslocks_any(t->owner) || fstat(host, &st))
		return;
	file = (struct poslock_file){st.st_dev, st.st_ino};
	poslocks_drop(t->owner, &file);
}

int fdtable_close(struct fdtable *t, int fd)
{
	struct fd_entry *e = fdtable_entry(t, fd);
	struct stat ours, its;
	int host;

	if (!e)
		return -EBADF;
	host = e->host;
	if (fd <= 1 && !fstat(fd, &ours) && !fstat(host, &its) &&
	    ours.st_dev == its.st_dev && ours.st_ino == its.st_ino)
		release_standard(fd);
	drop_locks(t, host);
	e->host = -1;
	return close_host(t, host);
}

void fdtable_close_on_exec(struct fdtable *t)
{
	for (unsigned fd = 0; fd < t->size; fd++)
		if (t->entry[fd].host >= 0 && t->entry[fd].cloexec)
			fdtable_close(t, (int)fd);
}

/* As execve: what is to be closed then is not the program's, but ours. */
static int inherit_standard(struct fdtable *t)
{
	for (int fd = 0; fd <= 2; fd++) {
		int flags = fcntl(fd, F_GETFD), copy, r;

		if (flags < 0 || (flags & FD_CLOEXEC))
			continue;
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (copy < 0)
			return -errno;
		r = put(t, (unsigned)fd, copy, false);
		if (r < 0)
			return r;
	}
	return 0;
}

static int inherit_one(struct fdtable *t, int fd)
{
	int flags = fcntl(fd, F_GETFD);
	int r;

	if (fd <= 2 || flags < 0 || (flags & FD_CLOEXEC))
		return 0;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	r = put(t, (unsigned)fd, fd, false);
	return r < 0 ? r : 0;
}

/* How many descriptors the table of this process holds, open or not. */
static unsigned host_table_size(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned size = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f) &&
	       sscanf(line, "FDSize: %u", &size) != 1)
		;
	if (f)
		fclose(f);
	return size > FDTABLE_MIN ? size : FDTABLE_MIN;
}

int fdtable_inherit(struct fdtable *t, bool all)
{
	struct dirent *d;
	DIR *dir;
	int r = grow(t, host_table_size() - 1);

	if (r == 0)
		r = inherit_standard(t);
	if (r < 0 || !all)
		return r;
	dir = opendir("/proc/self/fd"); /* opened with O_CLOEXEC */
	if (!dir)
		return -errno;
	while (r == 0 && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			r = inherit_one(t, atoi(d->d_name));
	closedir(dir);
	return r;
}

/*
 * An eventfd of the new process's own, for the copies of one signalfd; which is
 * low, as no signal waits there.
 */
static int new_signalfd(const struct fdtable *t, unsigned fd)
{
	const struct fd_entry *e = &t->entry[fd], *first = t->entry;

	while (first->host < 0 || first->signalfd != e->signalfd)
		first++;
	if (first != e)
		return fcntl(first->host, F_DUPFD_CLOEXEC, 3);
	return eventfd(0, EFD_CLOEXEC | (fcntl(e->host, F_GETFL) & O_NONBLOCK));
}

int fdtable_copy(struct fdtable *to, const struct fdtable *from)
{
	*to = *from;
	to->holds = NULL; /* they are of the parent's calls */
	to->entry = malloc(from->size * sizeof(*to->entry));
	if (!to->entry) {
		to->size = 0;
		return -ENOMEM;
	}
	for (unsigned fd = 0; fd < from->size; fd++) {
		struct fd_entry *e = &to->entry[fd];

		*e = from->entry[fd];
		if (e->host < 0)
			continue;
		e->host = e->signalfd ? new_signalfd(to, fd)
				      : fdtable_dup_host(from, (int)fd);
		if (e->host >= 0)
			continue;
		to->size = fd;
		fdtable_fini(to);
		*to = (struct fdtable){0};
		return -EMFILE;
	}
	return 0;
}
