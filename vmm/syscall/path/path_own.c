/*
 * path_own.c: names in this process's part of /proc, which is the program's as
 * far as procfs.h says, and otherwise does not exist. See path.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "capable.h"
#include "families.h"
#include "fdpath.h"
#include "hv_describe.h"
#include "path.h"
#include "path_internal.h"
#include "procfs.h"
#include "tasks.h"

bool path_in_procfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/*
 * If fd is in this process's part of /proc (under any of its thread numbers),
 * give the rest of the path, such as "/fd", in `rest`; but what is below its
 * `net` is the host's. A proc file system mounted elsewhere counts as ours as a
 * whole, and nothing of it exists.
 */
bool path_is_own(const struct process *p, int fd, char rest[PATH_MAX])
{
	char real[PATH_MAX], task[32];
	char *end;
	long pid;

	strcpy(rest, "/?"); /* no directory that the program has */
	if (!path_in_procfs(fd))
		return false;
	if (fdpath_real(p->machine, fd, real, sizeof(real)) < 0)
		return true;
	if (strncmp(real, "/proc", 5) || (real[5] && real[5] != '/'))
		return true;
	if (!real[5] || real[6] < '0' || real[6] > '9')
		return false;
	pid = strtol(real + 6, &end, 10);
	if (*end && *end != '/')
		return false;
	snprintf(task, sizeof(task), "task/%ld", pid);
	if (faccessat(p->machine->proc_fd, task, F_OK, 0) < 0)
		return false;
	strcpy(rest, end);
	return !procfs_in_hosts(rest);
}

const char *path_of_other(struct process *p, int dirfd, const char *path,
			  char renamed[PATH_MAX], struct path_ref *out)
{
	const struct fd_entry *e =
		*path == '/' ? NULL : fdtable_entry(&p->fds, dirfd);
	struct process *of;
	char *end;
	long pid;

	if (e && e->proc_pid)
		out->of = tasks_process(p->tasks, e->proc_pid);
	if (strncmp(path, "/proc/", 6) || path[6] < '1' || path[6] > '9')
		return path;
	pid = strtol(path + 6, &end, 10);
	if ((*end && *end != '/') || pid > INT_MAX)
		return path;
	of = tasks_process(p->tasks, (int)pid);
	if (!of && tasks_was_ours(p->tasks, (int)pid))
		return "/proc/0";
	if (!of || !of->threads || (of->is_first && of == p))
		return path;
	out->of = of;
	if (snprintf(renamed, PATH_MAX, "/proc/self%s", end) >= PATH_MAX)
		return path;
	return renamed;
}

static int own_target(struct process *p, const char *name, struct path_ref *out)
{
	char link[FDPATH_SELF_MAX];

	snprintf(link, sizeof(link), "%.8s", name);
	out->own_link = true;
	out->fd = path_open(p->machine->proc_fd, link, false, 0);
	return out->fd < 0 ? out->fd : 0;
}

static int own_alias(struct process *p, int host, const char *name,
		     unsigned flags, struct path_ref *out)
{
	if (flags & (PATH_NOFOLLOW | PATH_PARENT)) {
		int r = fdpath_real(p->machine, host, out->target, PATH_MAX);

		return r < 0 ? r : own_target(p, name, out);
	}
	out->fd = host;
	out->borrowed = true;
	return 0;
}

/*
 * The program's descriptor itself. One of a file of procfs is a memory file
 * here; what it looks like is said by the host's file of that name.
 */
int path_use_descriptor(struct process *p, int fd, int host,
			struct path_ref *out)
{
	const struct fd_entry *e = fdtable_entry(&p->fds, fd);

	out->guest_fd = fd;
	out->proc = e ? e->proc : PROCFS_NONE;
	out->proc_arg = e ? e->proc_arg : 0;
	if (out->proc && !procfs_is_dir(out->proc)) {
		out->fd = procfs_open_host(p, out->proc, out->proc_arg);
		return out->fd < 0 ? out->fd : 0;
	}
	out->fd = host;
	out->borrowed = true;
	return 0;
}

static int descriptor_target(const struct process *p, int fd, int host,
			     char *buf)
{
	const struct fd_entry *e = fdtable_entry(&p->fds, fd);

	if (!e || !e->proc || procfs_is_dir(e->proc))
		return fdpath_real(p->machine, host, buf, PATH_MAX);
	procfs_path(p->pid, e->proc, e->proc_arg, buf);
	return 0;
}

/* The host's descriptor for the name of one, or -ENOENT. */
static int named_fd(const struct process *p, const char *name, int *fd)
{
	char *end;
	long n = strtol(name, &end, 10);
	int host = *name >= '0' && *name <= '9' && !*end && n <= INT_MAX
			   ? fdtable_host(&p->fds, (int)n)
			   : -EBADF;

	*fd = (int)n;
	return host < 0 ? -ENOENT : host;
}

static int own_fdinfo(struct process *p, const char *name, struct path_ref *out)
{
	int fd, host = named_fd(p, name, &fd);

	if (host < 0)
		return host;
	out->proc = procfs_find_fdinfo();
	out->proc_arg = (unsigned)fd;
	out->fd = procfs_open_host(p, out->proc, out->proc_arg);
	return out->fd < 0 ? out->fd : 0;
}

/* Linux proc_map_files_get_link: who may follow them. */
static int own_mapped(struct thread *t, const char *name, unsigned flags,
		      struct path_ref *out)
{
	struct hv_desc_vma v;
	const struct file *file;
	int r = procfs_find_mapped(t, name, &v);

	if (r < 0)
		return r;
	file = files_find(&t->process->machine->files, v.file);
	if (flags & (PATH_NOFOLLOW | PATH_PARENT)) {
		if (!file)
			strcpy(out->target, "/dev/zero (deleted)");
		else
			fdpath_of_file(t->process->machine, file, v.opened,
				       out->target, PATH_MAX);
		return own_target(t->process, "exe", out);
	}
	if (!file)
		return -ENXIO;
	if (!capable(CAP_SYS_ADMIN) && !capable(CAP_CHECKPOINT_RESTORE))
		return -EPERM;
	out->fd = file_name_of(file, v.opened)->fd;
	out->borrowed = true;
	return out->fd < 0 ? -ENFILE : 0;
}

static int own_fd(struct process *p, const char *name, unsigned flags,
		  struct path_ref *out)
{
	char link[FDPATH_SELF_MAX];
	int fd, host = named_fd(p, name, &fd), r;

	if (host < 0)
		return host;
	if (!(flags & (PATH_NOFOLLOW | PATH_PARENT)))
		return path_use_descriptor(p, fd, host, out);
	out->guest_fd = fd;
	r = descriptor_target(p, fd, host, out->target);
	if (r < 0)
		return r;
	snprintf(link, sizeof(link), "fd/%d", host);
	out->own_link = true;
	out->fd = path_open(p->machine->proc_fd, link, false, 0);
	return out->fd < 0 ? out->fd : 0;
}

static int own_root(struct process *p, unsigned flags, struct path_ref *out)
{
	int root = open("/", O_PATH | O_CLOEXEC), r;

	if (root < 0)
		return -errno;
	r = own_alias(p, root, "root", flags, out);
	if (r == 0 && out->borrowed)
		out->borrowed = false;
	else
		close(root);
	return r;
}

/* fd is a directory of ours, or what "..", seen from there, leads to. */
int path_own_dir(const struct process *p, int fd, struct path_ref *out)
{
	char rest[PATH_MAX];

	if (fd < 0)
		return fd;
	if (path_is_own(p, fd, rest)) {
		out->proc = procfs_find_dir(rest);
		if (!out->proc) {
			close(fd);
			return -ENOENT;
		}
	}
	out->fd = fd;
	return 0;
}

/* An entry of our own process's directory: what the program sees instead. */
int path_own_lookup(struct thread *t, const char *rest, const char *name,
		    unsigned flags, struct path_ref *out)
{
	struct process *p = out->of ? out->of : t->process;
	unsigned dir = procfs_find_dir(rest);

	if (!strcmp(name, ".") || !strcmp(name, "..") || dir == PROCFS_TASK)
		return path_own_dir(p, path_open(out->parent, name, false, 0),
				    out);
	if (dir == PROCFS_FD)
		return own_fd(p, name, flags, out);
	if (dir == PROCFS_FDINFO)
		return own_fdinfo(p, name, out);
	if (dir == PROCFS_MAP_FILES)
		return own_mapped(t, name, flags, out);
	if (dir == PROCFS_NONE)
		return -ENOENT;
	if (procfs_find_subdir(dir, name))
		return path_own_dir(p, path_open(out->parent, name, false, 0),
				    out);
	if (!strcmp(name, "exe"))
		return own_alias(p, p->exe_fd, name, flags, out);
	if (!strcmp(name, "cwd"))
		return own_alias(p, p->cwd, name, flags, out);
	if (!strcmp(name, "root"))
		return own_root(p, flags, out);
	out->proc = procfs_find(dir, name);
	if (!out->proc && !procfs_is_hosts(name))
		return -ENOENT;
	out->fd = path_open(out->parent, name, false, 0);
	return out->fd < 0 ? out->fd : 0;
}
