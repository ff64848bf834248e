/*
 * change.c: calls that change the names of the file system: allowed in --rw
 * trees only, relative to the O_PATH descriptor of a directory that was judged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "fdpath.h"
#include "path.h"
#include "rights.h"

/* ---- Names ------------------------------------------------------------- */

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* Look up a name that is to be made: it must not exist, EEXIST goes first. */
static int lookup_new(struct call *c, int dirfd, uint64_t va,
		      struct path_ref *ref)
{
	int r = path_lookup(c, dirfd, va, PATH_PARENT, ref);

	if (r < 0)
		return r;
	if (ref->fd >= 0 || is_dots(ref->last))
		return -EEXIST;
	return path_may_change(c->p, ref->parent, ref->last);
}

/* Look up a name that is to be taken away. */
static int lookup_old(struct call *c, int dirfd, uint64_t va,
		      struct path_ref *ref)
{
	int r = path_lookup(c, dirfd, va, PATH_PARENT, ref);

	if (r < 0)
		return r;
	if (ref->fd < 0)
		return -ENOENT;
	return path_may_change(c->p, ref->parent, ref->last);
}

/* The call that makes what lookup_new has found free has answered r. */
static int64_t made(struct call *c, const struct path_ref *ref, int64_t r)
{
	if (r == 0)
		path_made(c->p, ref->parent, ref->last);
	return r;
}

static int64_t mkdir_at(struct call *c, int dirfd, uint64_t va, uint64_t mode)
{
	struct path_ref ref;
	int64_t r = lookup_new(c, dirfd, va, &ref);

	if (r == 0)
		r = made(c, &ref,
			 host_call(SYS_mkdirat, ref.parent, ref.last,
				   path_new_mode(c->p, ref.parent,
						 (mode_t)mode)));
	path_release(&ref);
	return r;
}

int64_t change_mkdir(struct call *c)
{
	return mkdir_at(c, AT_FDCWD, c->arg[0], c->arg[1]);
}

int64_t change_mkdirat(struct call *c)
{
	return mkdir_at(c, (int)c->arg[0], c->arg[1], c->arg[2]);
}

static mode_t new_mode(struct process *p, int at, mode_t mode)
{
	return rights_mode(p, at, path_new_mode(p, at, mode));
}

/* Devices would open the host's hardware: only files, pipes and sockets. */
static int64_t mknod_at(struct call *c, int dirfd, uint64_t va, uint64_t mode)
{
	uint64_t type = mode & S_IFMT;
	struct path_ref ref;
	int64_t r;

	if (type == S_IFCHR || type == S_IFBLK || type == S_IFDIR)
		return -EPERM;
	if (type && type != S_IFREG && type != S_IFIFO && type != S_IFSOCK)
		return -EINVAL;
	r = lookup_new(c, dirfd, va, &ref);
	if (r == 0 && ref.slash)
		r = -ENOENT;
	if (r == 0)
		r = made(c, &ref,
			 host_call(SYS_mknodat, ref.parent, ref.last,
				   new_mode(c->p, ref.parent, (mode_t)mode),
				   0));
	path_release(&ref);
	return r;
}

int64_t change_mknod(struct call *c)
{
	return mknod_at(c, AT_FDCWD, c->arg[0], c->arg[1]);
}

int64_t change_mknodat(struct call *c)
{
	return mknod_at(c, (int)c->arg[0], c->arg[1], c->arg[2]);
}

/* What the program has removed is its own, as long as it has it open. */
static void lost_name(struct call *c, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && !st.st_nlink)
		fdtable_set_own(&c->p->fds, &st);
	temp_forget(&c->m->temp, fd);
}

static int64_t unlink_at(struct call *c, int dirfd, uint64_t va, uint64_t flags)
{
	struct path_ref ref;
	struct stat st;
	int64_t r;

	if ((uint32_t)flags & ~AT_REMOVEDIR)
		return -EINVAL;
	r = lookup_old(c, dirfd, va, &ref);
	if (r == 0 && ref.slash && !(flags & AT_REMOVEDIR))
		r = fstat(ref.fd, &st) == 0 && S_ISDIR(st.st_mode) ? -EISDIR
								   : -ENOTDIR;
	if (r == 0)
		r = host_call(SYS_unlinkat, ref.parent, ref.last, flags);
	if (r == 0)
		lost_name(c, ref.fd);
	path_release(&ref);
	return r;
}

int64_t change_unlink(struct call *c)
{
	return unlink_at(c, AT_FDCWD, c->arg[0], 0);
}

int64_t change_rmdir(struct call *c)
{
	return unlink_at(c, AT_FDCWD, c->arg[0], AT_REMOVEDIR);
}

int64_t change_unlinkat(struct call *c)
{
	return unlink_at(c, (int)c->arg[0], c->arg[1], c->arg[2]);
}

static int64_t symlink_at(struct call *c, uint64_t text, int dirfd, uint64_t va)
{
	char target[PATH_MAX];
	struct path_ref ref;
	int64_t r = usermem_read_str(c->v, text, target, sizeof(target));

	if (r < 0)
		return r;
	if (r == 0)
		return -ENOENT;
	r = lookup_new(c, dirfd, va, &ref);
	if (r == 0 && ref.slash)
		r = -ENOENT;
	if (r == 0)
		r = made(
			c, &ref,
			host_call(SYS_symlinkat, target, ref.parent, ref.last));
	path_release(&ref);
	return r;
}

int64_t change_symlink(struct call *c)
{
	return symlink_at(c, c->arg[0], AT_FDCWD, c->arg[1]);
}

int64_t change_symlinkat(struct call *c)
{
	return symlink_at(c, c->arg[0], (int)c->arg[1], c->arg[2]);
}

/*
 * The file itself must be in a --rw tree too: else a second name there would
 * open a way to write it.
 */
static int64_t link_to(struct call *c, const struct path_ref *from, int dirfd,
		       uint64_t va)
{
	char self[FDPATH_SELF_MAX];
	struct path_ref to;
	int64_t r = lookup_new(c, dirfd, va, &to);

	if (r == 0 && to.slash)
		r = -ENOENT;
	if (r == 0)
		r = from->own_link ? -EROFS
				   : path_may_change(c->p, from->fd, NULL);
	fdpath_self(self, from->fd);
	if (r == 0 && !rights_may_be_in(c->p, from->fd, to.parent))
		r = -EXDEV;
	if (r == 0)
		r = made(c, &to,
			 host_call(SYS_linkat, AT_FDCWD, self, to.parent,
				   to.last, AT_SYMLINK_FOLLOW));
	path_release(&to);
	return r;
}

/*
 * Linux LOOKUP_LINKAT_EMPTY: with AT_EMPTY_PATH, a file may be linked from a
 * descriptor by who opened it only. The host says who that is.
 */
static bool may_link_from(struct call *c, int fromfd, const char *path)
{
	int host = fdtable_host(&c->p->fds, fromfd);

	return *path == '/' || host < 0 ||
	       host_call(SYS_linkat, host, "", AT_FDCWD, ".", AT_EMPTY_PATH) !=
		       -ENOENT;
}

static int64_t link_at(struct call *c, int fromfd, uint64_t from, int tofd,
		       uint64_t to, uint64_t flags)
{
	unsigned how = flags & AT_SYMLINK_FOLLOW ? 0 : PATH_NOFOLLOW;
	char path[PATH_MAX];
	struct path_ref ref;
	int64_t r;

	if ((uint32_t)flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		how |= PATH_EMPTY;
	r = usermem_read_str(c->v, from, path, sizeof(path));
	if (r < 0)
		return r;
	if (flags & AT_EMPTY_PATH && !may_link_from(c, fromfd, path))
		return -ENOENT;
	r = path_resolve(c->t, fromfd, path, how, 0, &ref);
	if (r == 0)
		r = link_to(c, &ref, tofd, to);
	path_release(&ref);
	return r;
}

int64_t change_link(struct call *c)
{
	return link_at(c, AT_FDCWD, c->arg[0], AT_FDCWD, c->arg[1], 0);
}

int64_t change_linkat(struct call *c)
{
	return link_at(c, (int)c->arg[0], c->arg[1], (int)c->arg[2], c->arg[3],
		       c->arg[4]);
}

/*
 * Both names have been judged. What was free in /tmp a moment ago may be
 * someone's by now, and is not to be replaced.
 */
static int64_t rename_judged(struct call *c, const struct path_ref *from,
			     const struct path_ref *to, uint64_t flags)
{
	bool keep = !flags && to->fd < 0 && path_is_temp_dir(c->p, to->parent);
	bool here = path_is_temporary(c->p, from->fd);
	bool there = flags && path_is_temporary(c->p, to->fd);
	char last[NAME_MAX + 2];
	int64_t r;

	/* The host judges a trailing slash: only for directories. */
	strcpy(last, to->last);
	if (to->slash)
		strcat(last, "/");
	r = host_call(SYS_renameat2, from->parent, from->last, to->parent, last,
		      keep ? RENAME_NOREPLACE : flags);
	if (r < 0)
		return keep && r == -EEXIST ? -EROFS : r;
	if (here)
		path_made(c->p, to->parent, to->last);
	if (there)
		path_made(c->p, from->parent, from->last);
	if (to->fd >= 0)
		lost_name(c, to->fd);
	return 0;
}

/*
 * Walk to the directory of a name. *last: 0, or what looking for the name there
 * gave, which Linux does when it has been to both directories.
 */
static int walk_to_parent(struct call *c, int dirfd, uint64_t va,
			  struct path_ref *ref, int *last)
{
	int r = path_lookup(c, dirfd, va, PATH_PARENT, ref);

	*last = r == 0 && ref->fd < 0 ? -ENOENT : r;
	/* EACCES is the directory's. */
	return ref->parent < 0 || r == -EACCES ? r : 0;
}

static bool is_dir(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* What is wrong with two names, in the order of Linux's do_renameat2. */
static int check_names(const struct path_ref *from, int from_last,
		       const struct path_ref *to, int to_last, uint64_t flags)
{
	bool swap = flags & RENAME_EXCHANGE, keep = flags & RENAME_NOREPLACE;

	if (is_dots(from->last))
		return -EBUSY;
	if (is_dots(to->last))
		return keep ? -EEXIST : -EBUSY;
	if (from_last < 0)
		return from_last;
	if (to_last < 0 && (to_last != -ENOENT || swap))
		return to_last;
	if (keep && to->fd >= 0)
		return -EEXIST;
	if (swap && to->slash && !is_dir(to->fd))
		return -ENOTDIR;
	if (is_dir(from->fd) || !(from->slash || (to->slash && !swap)))
		return 0;
	return -ENOTDIR;
}

static int64_t rename_found(struct call *c, const struct path_ref *from,
			    const struct path_ref *to, uint64_t flags)
{
	int r = path_may_change(c->p, from->parent, from->last);

	if (r == 0)
		r = path_may_change(c->p, to->parent, to->last);
	if (r < 0)
		return r;
	if (!rights_may_be_in(c->p, from->fd, to->parent) ||
	    (to->fd >= 0 && !rights_may_be_in(c->p, to->fd, from->parent)))
		return -EXDEV;
	/* It is a device: as of a file system that has none. */
	if (flags & RENAME_WHITEOUT)
		return -EINVAL;
	return rename_judged(c, from, to, flags);
}

static int64_t rename_at(struct call *c, int fromfd, uint64_t from, int tofd,
			 uint64_t to, uint64_t flags)
{
	const unsigned known =
		RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT;
	struct path_ref a, b = {.fd = -1, .parent = -1};
	int a_last, b_last;
	int64_t r;

	if ((uint32_t)flags & ~known ||
	    (flags & RENAME_EXCHANGE && flags & (known ^ RENAME_EXCHANGE)))
		return -EINVAL;
	r = walk_to_parent(c, fromfd, from, &a, &a_last);
	if (r == 0)
		r = walk_to_parent(c, tofd, to, &b, &b_last);
	if (r == 0)
		r = check_names(&a, a_last, &b, b_last, flags);
	if (r == 0)
		r = rename_found(c, &a, &b, (uint32_t)flags);
	path_release(&a);
	path_release(&b);
	return r;
}

int64_t change_rename(struct call *c)
{
	return rename_at(c, AT_FDCWD, c->arg[0], AT_FDCWD, c->arg[1], 0);
}

int64_t change_renameat(struct call *c)
{
	return rename_at(c, (int)c->arg[0], c->arg[1], (int)c->arg[2],
			 c->arg[3], 0);
}

int64_t change_renameat2(struct call *c)
{
	return rename_at(c, (int)c->arg[0], c->arg[1], (int)c->arg[2],
			 c->arg[3], c->arg[4]);
}
