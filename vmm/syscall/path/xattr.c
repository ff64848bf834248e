/*
 * xattr.c: extended attributes: all may be looked at; in --rw trees, those that
 * belong to users and access lists may be changed. Capabilities and labels
 * (security.*, trusted.*) may not: they would outlive the program on the host.
 *
 * The file is the O_PATH descriptor that was judged; xattr calls do not take
 * one, but its name in /proc/self/fd, which leads there even to a link itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "families.h"
#include "fdpath.h"
#include "path.h"

#define NAME_LEN  256	/* XATTR_NAME_MAX and the zero */
#define VALUE_MAX 65536 /* XATTR_SIZE_MAX, XATTR_LIST_MAX */
_Static_assert(VALUE_MAX <= IO_CHUNK, "io_buffer holds a value");

/* The file of a call: by path, the link itself, or a descriptor. */
enum xattr_by { BY_PATH, BY_LINK, BY_FD };

struct target {
	struct path_ref ref;
	char self[FDPATH_SELF_MAX];
};

/* Linux 6.13 and later take AT_FDCWD for a descriptor in two of the four. */
static int fd_host(const struct call *c)
{
	int host, mode;

	if ((int)c->arg[0] == AT_FDCWD &&
	    (c->nr == SYS_fgetxattr || c->nr == SYS_fsetxattr))
		return c->p->cwd;
	host = call_host_fd(c, 0);
	mode = host < 0 ? host : fcntl(host, F_GETFL);
	return mode < 0 || (mode & O_PATH) ? -EBADF : host;
}

/* target_release in any case. */
static int target_find(struct call *c, enum xattr_by by, struct target *t)
{
	int host, r;

	t->ref = (struct path_ref){.fd = -1, .parent = -1};
	if (by != BY_FD) {
		r = path_lookup(c, AT_FDCWD, c->arg[0],
				by == BY_LINK ? PATH_NOFOLLOW : 0, &t->ref);
		if (r < 0)
			return r;
	} else {
		host = fd_host(c);
		if (host < 0)
			return host;
		t->ref.fd = host;
		t->ref.borrowed = true;
	}
	fdpath_self(t->self, t->ref.fd);
	return 0;
}

static void target_release(struct target *t)
{
	path_release(&t->ref);
}

/* Linux fs/xattr.c, import_xattr_name. */
static int get_name(struct call *c, char name[NAME_LEN])
{
	int64_t r = usermem_read_str(c->v, c->arg[1], name, NAME_LEN);

	if (r == -ENAMETOOLONG || (r >= 0 && !*name))
		return -ERANGE;
	return r < 0 ? (int)r : 0;
}

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

static bool may_set(const char *name)
{
	return begins(name, "user.") || begins(name, "system.posix_acl_");
}

/* There are file systems that would take any name: as those that do not. */
static int64_t refuse(const char *name, const struct target *t)
{
	int64_t r;

	if (begins(name, "security.") || begins(name, "trusted.") ||
	    begins(name, "system."))
		return -EPERM;
	r = host_call(SYS_faccessat2, AT_FDCWD, t->self, W_OK, AT_EACCESS);
	return r < 0 ? r : -EOPNOTSUPP;
}

/* ---- Looking ----------------------------------------------------------- */

/* To the program what the host gave; as Linux, size 0 only asks for it. */
static int64_t give(struct call *c, uint64_t va, uint64_t size, int64_t r)
{
	if (r == -ERANGE && size >= VALUE_MAX)
		return -E2BIG;
	if (r > 0 && size && call_put(c, va, io_buffer(), (size_t)r) < 0)
		return -EFAULT;
	return r;
}

static uint64_t up_to_max(uint64_t size)
{
	return size < VALUE_MAX ? size : VALUE_MAX;
}

static int64_t get_by(struct call *c, enum xattr_by by)
{
	char name[NAME_LEN];
	struct target t;
	int64_t r = get_name(c, name);

	if (r < 0)
		return r;
	r = target_find(c, by, &t);
	if (r == 0)
		r = host_call(SYS_getxattr, t.self, name, io_buffer(),
			      up_to_max(c->arg[3]));
	target_release(&t);
	return give(c, c->arg[2], c->arg[3], r);
}

int64_t xattr_get(struct call *c)
{
	return get_by(c, BY_PATH);
}

int64_t xattr_lget(struct call *c)
{
	return get_by(c, BY_LINK);
}

int64_t xattr_fget(struct call *c)
{
	return get_by(c, BY_FD);
}

static int64_t list_by(struct call *c, enum xattr_by by)
{
	struct target t;
	int64_t r = target_find(c, by, &t);

	if (r == 0)
		r = host_call(SYS_listxattr, t.self, io_buffer(),
			      up_to_max(c->arg[2]));
	target_release(&t);
	return give(c, c->arg[1], c->arg[2], r);
}

int64_t xattr_list(struct call *c)
{
	return list_by(c, BY_PATH);
}

int64_t xattr_llist(struct call *c)
{
	return list_by(c, BY_LINK);
}

int64_t xattr_flist(struct call *c)
{
	return list_by(c, BY_FD);
}

/* ---- Changing ---------------------------------------------------------- */

/* The file of a call that changes the attribute `name`. */
static int64_t target_change(struct call *c, enum xattr_by by, const char *name,
			     struct target *t)
{
	int64_t r = target_find(c, by, t);

	if (r == 0)
		r = path_may_change(c->p, t->ref.fd, NULL);
	return r == 0 && !may_set(name) ? refuse(name, t) : r;
}

static int64_t set_by(struct call *c, enum xattr_by by)
{
	int flags = (int)c->arg[4];
	char name[NAME_LEN];
	struct target t;
	int64_t r;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	r = get_name(c, name);
	if (r < 0)
		return r;
	if (c->arg[3] > VALUE_MAX)
		return -E2BIG;
	if (c->arg[3] && call_get(c, c->arg[2], io_buffer(), c->arg[3]) < 0)
		return -EFAULT;
	r = target_change(c, by, name, &t);
	if (r == 0)
		r = host_call(SYS_setxattr, t.self, name, io_buffer(),
			      c->arg[3], flags);
	target_release(&t);
	return r;
}

int64_t xattr_set(struct call *c)
{
	return set_by(c, BY_PATH);
}

int64_t xattr_lset(struct call *c)
{
	return set_by(c, BY_LINK);
}

int64_t xattr_fset(struct call *c)
{
	return set_by(c, BY_FD);
}

static int64_t remove_by(struct call *c, enum xattr_by by)
{
	char name[NAME_LEN];
	struct target t;
	int64_t r = get_name(c, name);

	if (r < 0)
		return r;
	r = target_change(c, by, name, &t);
	if (r == 0)
		r = host_call(SYS_removexattr, t.self, name);
	target_release(&t);
	return r;
}

int64_t xattr_remove(struct call *c)
{
	return remove_by(c, BY_PATH);
}

int64_t xattr_lremove(struct call *c)
{
	return remove_by(c, BY_LINK);
}

int64_t xattr_fremove(struct call *c)
{
	return remove_by(c, BY_FD);
}
