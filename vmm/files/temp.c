/*
 * temp.c: the entries that the program made in /tmp. See temp.h.
 */
#include "temp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

#define SIZE_MIN   64 /* of the table, when the first entry is made */
#define REPORT_MAX 10 /* lines */

int temp_init(struct temp *t, const char *const *dirs, unsigned n,
	      const struct rw *rw)
{
	*t = (struct temp){0};
	for (unsigned i = 0; i < n && t->nr_dirs < TEMP_DIRS_MAX; i++) {
		char *real = realpath(dirs[i], NULL);

		if (!real && errno == ENOMEM)
			return -ENOMEM;
		if (real && (temp_is_dir(t, real) || rw_allows(rw, real))) {
			free(real);
			real = NULL;
		}
		if (real)
			t->dir[t->nr_dirs++] = real;
	}
	return 0;
}

/* ---- The table --------------------------------------------------------- */

static bool identify(int fd, const char *name, struct temp_id *id,
		     uint32_t *links)
{
	struct statx st;

	if (statx(fd, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
		  STATX_INO | STATX_BTIME | STATX_NLINK, &st) < 0)
		return false;
	*id = (struct temp_id){
		.ino = st.stx_ino,
		.major = st.stx_dev_major,
		.minor = st.stx_dev_minor,
		.nsec = st.stx_mask & STATX_BTIME ? st.stx_btime.tv_nsec : 0,
		.sec = st.stx_mask & STATX_BTIME ? st.stx_btime.tv_sec : 0,
	};
	if (links)
		*links = st.stx_nlink;
	return true;
}

static bool is_same(const struct temp_id *a, const struct temp_id *b)
{
	return a->ino == b->ino && a->major == b->major &&
	       a->minor == b->minor && a->sec == b->sec && a->nsec == b->nsec;
}

/* The place of an inode, or the free one where it belongs. */
static size_t place_of(const struct temp *t, const struct temp_id *id)
{
	size_t i = id->ino * 0x9e3779b97f4a7c15u & (t->size - 1);

	while (t->made[i].ino && !is_same(&t->made[i], id))
		i = (i + 1) & (t->size - 1);
	return i;
}

static bool is_known(const struct temp *t, const struct temp_id *id)
{
	return t->size && t->made[place_of(t, id)].ino;
}

static void insert(struct temp *t, const struct temp_id *id)
{
	size_t i = place_of(t, id);

	t->used += !t->made[i].ino;
	t->made[i] = *id;
}

static bool grow(struct temp *t)
{
	struct temp old = *t;

	if (2 * (t->used + 1) <= t->size)
		return true;
	t->size = t->size ? 2 * t->size : SIZE_MIN;
	t->made = calloc(t->size, sizeof(*t->made));
	if (!t->made) {
		*t = old;
		return false;
	}
	t->used = 0;
	for (size_t i = 0; i < old.size; i++)
		if (old.made[i].ino)
			insert(t, &old.made[i]);
	free(old.made);
	return true;
}

void temp_made(struct temp *t, int fd, const char *name)
{
	struct temp_id id;

	/* Without memory it is as if someone else had made it. */
	if (identify(fd, name, &id, NULL) && id.ino && grow(t))
		insert(t, &id);
}

void temp_forget(struct temp *t, int fd)
{
	struct temp_id id, moved;
	uint32_t links;
	size_t i;

	if (!t->size || !identify(fd, "", &id, &links) || links)
		return;
	i = place_of(t, &id);
	if (!t->made[i].ino)
		return;
	t->made[i] = (struct temp_id){0};
	t->used--;
	/* Those behind it may belong further ahead now. */
	for (i = (i + 1) & (t->size - 1); t->made[i].ino;
	     i = (i + 1) & (t->size - 1)) {
		moved = t->made[i];
		t->made[i] = (struct temp_id){0};
		t->made[place_of(t, &moved)] = moved;
	}
}

/* ---- Questions --------------------------------------------------------- */

bool temp_is_dir(const struct temp *t, const char *real)
{
	for (unsigned i = 0; i < t->nr_dirs; i++)
		if (!strcmp(t->dir[i], real))
			return true;
	return false;
}

bool temp_allows(const struct temp *t, const char *real)
{
	char entry[PATH_MAX];
	struct temp_id id;

	for (unsigned i = 0; i < t->nr_dirs && t->used; i++) {
		size_t len = strlen(t->dir[i]);
		size_t end = len + 1;

		if (strncmp(real, t->dir[i], len) || real[len] != '/')
			continue;
		end += strcspn(real + end, "/");
		if (end >= sizeof(entry))
			continue;
		memcpy(entry, real, end);
		entry[end] = '\0';
		if (identify(AT_FDCWD, entry, &id, NULL) && is_known(t, &id))
			return true;
	}
	return false;
}

bool temp_is_free(const struct temp *t, int fd, const char *name)
{
	struct temp_id id;

	if (!identify(fd, name, &id, NULL))
		return errno == ENOENT;
	return is_known(t, &id);
}

/* ---- The end ----------------------------------------------------------- */

/* Call `see` for each entry that is left; returns how many there were. */
static unsigned each_left(const struct temp *t,
			  void (*see)(const struct temp *t, unsigned dir,
				      int fd, const char *name, void *arg),
			  void *arg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->nr_dirs && t->used; i++) {
		DIR *dir = opendir(t->dir[i]);
		struct temp_id id;
		struct dirent *e;

		while (dir && (e = readdir(dir))) {
			if (!identify(dirfd(dir), e->d_name, &id, NULL) ||
			    !is_known(t, &id))
				continue;
			see(t, i, dirfd(dir), e->d_name, arg);
			n++;
		}
		if (dir)
			closedir(dir);
	}
	return n;
}

static void report_one(const struct temp *t, unsigned dir, int fd,
		       const char *name, void *arg)
{
	unsigned *lines = arg;

	(void)fd;
	if ((*lines)++ < REPORT_MAX)
		note("%s/%s: removed: what the program makes in %s is "
		     "temporary; --rw %s keeps it",
		     t->dir[dir], name, t->dir[dir], t->dir[dir]);
}

void temp_report(const struct temp *t)
{
	unsigned lines = 0, n = each_left(t, report_one, &lines);

	if (n > REPORT_MAX)
		note("%u more temporary files removed", n - REPORT_MAX);
}

/*
 * A tree is removed by descriptors, never by a path: a name may come to lead
 * elsewhere, and in it directories lie in each other as deep as the program
 * liked. So nothing is followed down: what is in the directories of the top one
 * is moved up into that, until it is flat.
 */

/*
 * To read and empty, whatever its mode was; from now on nobody else can put
 * anything there. If `known`, it must be one that the program made. Or -1.
 */
static int open_dir(int fd, const char *name, const struct temp *known)
{
	int at =
		openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char self[32];
	struct temp_id id;
	int dir = -1;

	if (at < 0)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	if (!known || (identify(at, "", &id, NULL) && is_known(known, &id))) {
		chmod(self, 0700);
		dir = open(self, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	close(at);
	return dir;
}

/* Its rename needs the right to write to it: ".." changes. */
static bool move_up(int fd, const char *name, int top)
{
	int dir = open_dir(fd, name, NULL);
	char to[24];

	if (dir >= 0)
		close(dir);
	for (unsigned i = 0; dir >= 0 && i < UINT32_MAX; i++) {
		snprintf(to, sizeof(to), "%u", i);
		if (renameat(fd, name, top, to) == 0)
			return true;
		if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
			return false;
	}
	return false;
}

static bool remove_flat(int fd, const char *name)
{
	return unlinkat(fd, name, 0) == 0 ||
	       unlinkat(fd, name, AT_REMOVEDIR) == 0;
}

/* Empty fd, which is used up; directories into top. Has anything changed? */
static bool sweep(int fd, int top)
{
	DIR *dir = fdopendir(fd);
	bool changed = false;
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			changed |= remove_flat(fd, e->d_name) ||
				   move_up(fd, e->d_name, top);
	if (dir)
		closedir(dir);
	else
		close(fd);
	return changed;
}

/* One entry of top: gone, or less in it. */
static bool reduce(int top, const char *name)
{
	bool swept;
	int dir;

	if (remove_flat(top, name))
		return true;
	dir = open_dir(top, name, NULL);
	swept = dir >= 0 && sweep(dir, top);
	return remove_flat(top, name) || swept;
}

/* Until it is empty, or nothing can be done; top is used up. */
static void empty(int top)
{
	DIR *dir = fdopendir(top);
	bool changed = dir;
	struct dirent *e;

	while (changed) {
		changed = false;
		rewinddir(dir);
		while ((e = readdir(dir)))
			if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
				changed |= reduce(top, e->d_name);
	}
	if (dir)
		closedir(dir);
	else
		close(top);
}

static void remove_one(const struct temp *t, unsigned dir, int fd,
		       const char *name, void *arg)
{
	int top;

	(void)arg;
	if (remove_flat(fd, name))
		return;
	top = open_dir(fd, name, t);
	if (top >= 0)
		empty(top);
	if (!remove_flat(fd, name))
		error("%s/%s: temporary, but it cannot be removed: %s",
		      t->dir[dir], name, strerror(errno));
}

void temp_fini(struct temp *t)
{
	each_left(t, remove_one, NULL);
	for (unsigned i = 0; i < t->nr_dirs; i++)
		free(t->dir[i]);
	free(t->made);
	*t = (struct temp){0};
}
