/*
 * cwd.c: the working directory, a descriptor of the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "fdpath.h"
#include "path.h"

int64_t cwd_getcwd(struct call *c)
{
	char real[PATH_MAX];
	struct stat st;
	size_t len;
	int r = fdpath_real(c->m, c->p->cwd, real, sizeof(real));

	if (r < 0)
		return r;
	if (fstat(c->p->cwd, &st) < 0 || st.st_nlink == 0)
		return -ENOENT;
	len = strlen(real) + 1;
	if (len > c->arg[1])
		return -ERANGE;
	return call_put(c, c->arg[0], real, len) < 0 ? -EFAULT : (int64_t)len;
}

/* Make a copy of fd the working directory, if it may be one. */
static int64_t set_cwd(struct process *p, int fd)
{
	struct stat st;
	int copy;
	int64_t r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	r = host_call(SYS_faccessat2, fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS);
	if (r < 0)
		return r;
	copy = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (copy < 0)
		return -errno;
	close(p->cwd);
	p->cwd = copy;
	return 0;
}

int64_t cwd_chdir(struct call *c)
{
	struct path_ref ref;
	int64_t r = path_lookup(c, AT_FDCWD, c->arg[0], 0, &ref);

	if (r == 0)
		r = set_cwd(c->p, ref.fd);
	path_release(&ref);
	return r;
}

int64_t cwd_fchdir(struct call *c)
{
	int host = call_host_fd(c, 0);

	return host < 0 ? host : set_cwd(c->p, host);
}

/* Only the path is looked at. */
int64_t cwd_chroot(struct call *c)
{
	struct path_ref ref;
	struct stat st;
	int64_t r = path_lookup(c, AT_FDCWD, c->arg[0], 0, &ref);

	if (r == 0 && fstat(ref.fd, &st) == 0 && !S_ISDIR(st.st_mode))
		r = -ENOTDIR;
	if (r == 0)
		r = host_call(SYS_faccessat2, ref.fd, "", X_OK,
			      AT_EMPTY_PATH | AT_EACCESS);
	path_release(&ref);
	return r < 0 ? r : -EPERM;
}
