/*
 * exec.c: execve(2) and execveat(2), until there is no way back (Linux
 * fs/exec.c, do_execveat_common): the program by the process's rules for paths,
 * its strings from the process's memory. Making the program of it is
 * vmm/exec/'s, the new address space the guest's.
 *
 * A program that may be executed but not read (mode 0111) is EACCES, unless the
 * process may read everything: the host reads it for the guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec.h"
#include "families.h"
#include "fdpath.h"
#include "message.h"
#include "path.h"

#ifndef AT_EXECVE_CHECK /* since Linux 6.14 */
#define AT_EXECVE_CHECK 0x10000
#endif
#define FLAGS  (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_EXECVE_CHECK)
#define ERRORS 4095 /* MAX_ERRNO: the highest addresses are errors, IS_ERR */

/* ---- The program -------------------------------------------------------- */

/*
 * Has somebody the file open for writing? A lease to read cannot be had then;
 * who may not have one of the file never learns (fcntl(2)). It is held for no
 * time, but whoever opens it just then has us sent a signal: one of no effect.
 */
static bool is_written(int fd)
{
	fcntl(fd, F_SETSIG, SIGURG);
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return errno == EAGAIN;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

/*
 * Of a file without a name the one who writes may be the VMM, for a mapping:
 * what natively is none, as a memfd's descriptor is none.
 */
static bool is_busy(const struct machine *m, int fd, const struct stat *st)
{
	const struct file *f =
		files_find(&m->files, files_number(&m->files, fd));

	return is_written(fd) && !(f && f->wfd >= 0 && !st->st_nlink);
}

/* What the process has stored in a mapping is in the file when it is read. */
static void sync_mapped(struct call *c, int fd)
{
	uint32_t number = files_number(&c->m->files, fd);
	const struct file *f = files_find(&c->m->files, number);
	const struct hv_call_file_upcall upcall = {
		.file = number,
		.op = HV_FILE_UPCALL_PUT,
		.end = INT64_MAX,
	};

	if (f && f->wfd >= 0)
		vcpu_file_upcall(c->v, &upcall);
}

/* Linux do_open_execat, of what the path led to. */
static int open_found(struct call *c, const struct path_ref *ref)
{
	char self[FDPATH_SELF_MAX];
	struct stat st;
	int64_t r;

	if (fstat(ref->fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (!S_ISREG(st.st_mode) || ref->proc)
		return -EACCES;
	/* Mounts that are noexec are EACCES, too. */
	r = host_call(SYS_faccessat2, ref->fd, "", X_OK,
		      AT_EMPTY_PATH | AT_EACCESS);
	if (r < 0)
		return (int)r;
	fdpath_self(self, ref->fd);
	r = host_call(SYS_openat, AT_FDCWD, self,
		      O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (r < 0)
		return (int)r;
	if (is_busy(c->m, (int)r, &st)) {
		close((int)r);
		return -ETXTBSY;
	}
	sync_mapped(c, (int)r);
	return (int)r;
}

static int open_program(struct call *c, int dirfd, const char *path,
			uint64_t flags)
{
	struct path_ref ref;
	int r = path_resolve(c->t, dirfd, path, path_flags(flags), 0, &ref);

	if (r == 0)
		r = open_found(c, &ref);
	path_release(&ref);
	return r;
}

/* An interpreter: exec_open_fn. */
static int open_interp(void *ctx, const char *path, struct elfload_error *e)
{
	int fd = open_program(ctx, AT_FDCWD, path, 0);

	if (fd < 0)
		*e = (struct elfload_error){.err = -fd};
	return fd;
}

/* ---- Strings ------------------------------------------------------------ */

static bool is_error(uint64_t pointer)
{
	return pointer > ~(uint64_t)ERRORS;
}

/* Linux count(): page by page, so that no page is read before its turn. */
static int count(struct call *c, uint64_t list, uint64_t *n)
{
	uint64_t *const at = (uint64_t *)io_buffer();

	*n = 0;
	while (list) {
		uint64_t va = list + *n * sizeof(*at), i;
		uint64_t here =
			(HV_PAGE_SIZE - va % HV_PAGE_SIZE) / sizeof(*at);

		here = here ? here : 1; /* it lies across two */
		if (call_get(c, va, at, here * sizeof(*at)) < 0)
			return -EFAULT;
		for (i = 0; i < here && at[i]; i++)
			if (is_error(at[i]))
				return -EFAULT;
		*n += i;
		if (*n > ARGS_STRINGS_MAX)
			return -E2BIG;
		if (i < here)
			break;
	}
	return 0;
}

/* Linux strnlen_user and copy_from_user: it may have no end. */
static int copy_string(struct call *c, struct exec_args *a, uint64_t va)
{
	char *const buf = (char *)io_buffer(), *to;
	size_t len = 0;
	int r;

	while (len < ARGS_STRING_MAX) {
		size_t n = HV_PAGE_SIZE - (va + len) % HV_PAGE_SIZE;
		const char *end;

		n = n < ARGS_STRING_MAX - len ? n : ARGS_STRING_MAX - len;
		if (call_get(c, va + len, buf + len, n) < 0)
			return -EFAULT;
		end = memchr(buf + len, '\0', n);
		len = end ? (size_t)(end - buf) + 1 : len + n;
		if (!end)
			continue;
		r = exec_args_room(a, len, &to);
		if (r == 0)
			memcpy(to, buf, len);
		return r;
	}
	return -E2BIG;
}

/* The last comes first. The list may have changed since it was counted. */
static int copy_strings(struct call *c, struct exec_args *a, uint64_t list,
			uint64_t n)
{
	uint64_t va;
	int r = 0;

	while (n-- && r == 0) {
		if (call_get(c, list + n * sizeof(va), &va, sizeof(va)) < 0 ||
		    is_error(va))
			return -EFAULT;
		r = copy_string(c, a, va);
	}
	return r;
}

static int gather(struct call *c, struct exec_args *a, const char *name,
		  uint64_t argv, uint64_t envp)
{
	uint64_t argc, envc;
	int r = count(c, argv, &argc);

	if (r == 0)
		r = count(c, envp, &envc);
	if (r == 0)
		r = exec_args_init(a, argc, envc,
				   c->p->limits.of[RLIMIT_STACK].rlim_cur);
	if (r == 0)
		r = exec_args_push(a, name);
	if (r == 0)
		r = copy_strings(c, a, envp, envc);
	if (r == 0)
		r = copy_strings(c, a, argv, argc);
	if (r == 0 && !argc) {
		r = exec_args_push(a, "");
		a->argc = 1;
	}
	return r;
}

/* ---- The call ----------------------------------------------------------- */

struct request {
	int dirfd;
	uint64_t flags, argv, envp;
	char path[PATH_MAX];
	char name[PATH_MAX + 32]; /* by which others find it: alloc_bprm */
	bool made_up, goes;
};

static void name_program(const struct process *p, struct request *q)
{
	const struct fd_entry *e = fdtable_entry(&p->fds, q->dirfd);

	q->made_up = false;
	if (q->dirfd == AT_FDCWD || q->path[0] == '/') {
		strcpy(q->name, q->path);
		return;
	}
	q->made_up = !q->path[0];
	q->goes = e && e->cloexec;
	snprintf(q->name, sizeof(q->name), "/dev/fd/%d%s%s", q->dirfd,
		 q->made_up ? "" : "/", q->path);
}

/* Linux is past the point of no return: force_fatal_sig. */
static void end_caller(struct call *c, const struct exec_error *e)
{
	note("%s: %s: execve finds out too late to fail, and SIGSEGV ends the "
	     "caller, as on Linux",
	     e->file, e->why.text);
	c->p->signals.action[SIGSEGV].handler = (uint64_t)SIG_DFL;
	signals_force_segv(&c->t->signals);
}

static int64_t run(struct call *c, const struct request *q, int fd,
		   struct exec_args *args)
{
	struct exec_request r = {
		.fd = fd,
		.name = q->name,
		.name_goes = q->goes,
		.name_is_made_up = q->made_up,
		.args = args,
		.open = open_interp,
		.ctx = c,
		.host = c->m->exec_host,
		.limits = &c->p->limits,
		.randomize = !(c->p->personality & ADDR_NO_RANDOMIZE),
		.seed = c->p->aslr_seed,
	};
	struct exec_error e;
	struct exec *exec;
	int64_t ret = exec_make(&exec, &r, &e);

	if (ret < 0) {
		if (e.why.late)
			end_caller(c, &e);
		return ret;
	}
	ret = exec_add_files(exec, &c->m->files);
	if (ret == 0)
		ret = call_exec_commit(c, exec);
	exec_put(exec);
	return ret;
}

static int64_t exec_at(struct call *c, struct request *q, uint64_t path)
{
	int64_t r = usermem_read_str(c->v, path, q->path, sizeof(q->path));
	struct exec_args args = {0};
	int fd;

	if (r < 0)
		return r;
	if (!r && !(q->flags & AT_EMPTY_PATH))
		return -ENOENT;
	if (q->flags & ~(uint64_t)FLAGS)
		return -EINVAL;
	fd = open_program(c, q->dirfd, q->path, q->flags);
	if (fd < 0)
		return fd;
	name_program(c->p, q);
	r = gather(c, &args, q->name, q->argv, q->envp);
	if (r == 0 && !(q->flags & AT_EXECVE_CHECK))
		return run(c, q, fd, &args);
	exec_args_free(&args);
	close(fd);
	return r;
}

int64_t exec_execve(struct call *c)
{
	struct request q = {
		.dirfd = AT_FDCWD,
		.argv = c->arg[1],
		.envp = c->arg[2],
	};

	return exec_at(c, &q, c->arg[0]);
}

int64_t exec_execveat(struct call *c)
{
	struct request q = {
		.dirfd = (int)c->arg[0],
		.argv = c->arg[2],
		.envp = c->arg[3],
		.flags = (uint32_t)c->arg[4],
	};

	return exec_at(c, &q, c->arg[1]);
}
