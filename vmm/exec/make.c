/*
 * make.c: scripts, headers, plan, in the order of Linux fs/exec.c (exec_binprm)
 * and fs/binfmt_elf.c (load_elf_binary). See exec.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "exec.h"
#include "exec_internal.h"
#include "rlimits.h"
#include "script.h"
#include "vm_setting.h"

#define DEPTH_MAX     5		   /* exec_binprm */
#define STACK_DEFAULT (8ull << 20) /* _STK_LIM */

static int fail(struct exec_error *e, int err, const char *text)
{
	e->why.err = err;
	e->why.late = 0;
	snprintf(e->why.text, sizeof(e->why.text), "%s", text);
	return -err;
}

static void name_file(char out[PATH_MAX], const char *path)
{
	snprintf(out, PATH_MAX, "%s", path);
}

/* ---- Scripts ------------------------------------------------------------ */

static int read_head(int fd, struct script *s, struct exec_error *e)
{
	ssize_t n;

	memset(s->head, 0, sizeof(s->head));
	do
		n = pread(fd, s->head, sizeof(s->head), 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? fail(e, errno, "cannot be read") : 0;
}

/* interp [argument] script, in the place of argv[0]. */
static int put_strings(struct exec *e, const struct script *s,
		       const char *script)
{
	int ret;

	exec_args_pop(&e->args);
	ret = exec_args_push(&e->args, script);
	if (ret == 0 && s->argument)
		ret = exec_args_push(&e->args, s->argument);
	if (ret == 0)
		ret = exec_args_push(&e->args, s->interp);
	e->args.argc += s->argument ? 3 : 2;
	return ret;
}

/* The program is a script, by that name: let its interpreter be it. */
static int descend(struct exec *e, const struct exec_request *r,
		   const struct script *s, const char *name,
		   struct exec_error *err)
{
	int ret;

	if (r->name_goes)
		return fail(err, ENOENT, "a script whose name execve closes");
	ret = put_strings(e, s, name);
	if (ret)
		return fail(err, -ret, "no room for a script's arguments");
	if (!*s->interp) /* Linux opens the working directory */
		return fail(err, EACCES,
			    "a script whose first line names no interpreter");
	name_file(err->file, s->interp);
	close(e->program.fd);
	e->program.fd = r->open(r->ctx, s->interp, &err->why);
	return e->program.fd < 0 ? e->program.fd : 0;
}

static int follow(struct exec *e, const struct exec_request *r,
		  struct exec_error *err)
{
	const char *name = e->name;
	char interp[SCRIPT_HEAD];
	struct script s;

	for (int depth = 0; depth <= DEPTH_MAX; depth++) {
		int ret = read_head(e->program.fd, &s, err);

		ret = ret ? ret : script_parse(&s);
		if (ret == 0)
			return 0;
		if (ret == -ENOEXEC)
			return fail(err, ENOEXEC,
				    "a script whose first line names no "
				    "interpreter, or too long a one");
		if (ret > 0)
			ret = descend(e, r, &s, name, err);
		if (ret < 0)
			return ret;
		name = strcpy(interp, s.interp);
	}
	return fail(err, ELOOP, "a script of a script, too many deep");
}

/* ---- Headers ------------------------------------------------------------ */

/*
 * What is wrong with segments is late, so an interpreter that is missing, or is
 * none, comes before what is wrong with those of the program.
 */
static int read_images(struct exec *e, const struct exec_request *r,
		       struct exec_error *err)
{
	struct elfload_error program = {0};
	int ret = elfload_read(e->program.fd, &e->program.image, &err->why);
	const char *interp = e->program.image.interp;

	if (ret && !err->why.late)
		return ret;
	program = err->why;
	name_file(err->program, err->file);
	if (e->program.image.dynamic) {
		e->interp.fd = r->open(r->ctx, interp, &err->why);
		ret = e->interp.fd;
		if (ret >= 0)
			ret = elfload_read_interp(e->interp.fd,
						  &e->interp.image, &err->why);
		if (ret < 0 && !(program.err && err->why.late)) {
			name_file(err->file, interp);
			return ret;
		}
	}
	err->why = program;
	return -program.err;
}

/* ---- The plan ----------------------------------------------------------- */

/* AT_RANDOM: repeatable where the layout is. */
static int fill_random(uint8_t out[16], const struct elfload_params *p)
{
	uint64_t state = p->aslr_seed, words[2];

	if (p->aslr != ELFLOAD_ASLR_SEED)
		return getrandom(out, 16, 0) == 16 ? 0 : -EIO;
	words[0] = exec_draw(&state);
	words[1] = exec_draw(&state);
	memcpy(out, words, 16);
	return 0;
}

static void set_host(struct elfload_params *p, const struct exec_host *h)
{
	p->platform = "x86_64";
	p->hwcap = h->hwcap;
	p->hwcap2 = h->hwcap2;
	p->clktck = h->clktck;
	p->minsigstksz = h->minsigstksz;
	p->rseq_feature_size = h->rseq_feature_size;
	p->rseq_align = h->rseq_align;
	p->mmap_rnd_bits =
		(unsigned)vm_setting("mmap_rnd_bits", ELFLOAD_RND_BITS);
	p->vvar_size = h->vdso.vvar_size;
	p->vclock_size = h->vdso.vclock_size;
	p->vdso_size = h->vdso.vdso_size;
}

/* Linux cap_bprm_creds_from_file: ids that differ are as good as a set-id bit.
 */
static void set_ids(struct elfload_params *p)
{
	p->uid = getuid();
	p->euid = geteuid();
	p->gid = getgid();
	p->egid = getegid();
	p->secure = p->uid != p->euid || p->gid != p->egid;
	if (p->secure && p->rlim_stack > STACK_DEFAULT)
		p->rlim_stack = STACK_DEFAULT;
}

static int plan(struct exec *e, const struct exec_request *r,
		struct exec_error *err)
{
	const struct rlimit *limit = r->limits->of;
	struct elfload_params params = {
		.argv = (const char *const *)e->argv,
		.envp = (const char *const *)e->envp,
		.execfn = e->name,
		.strings_fit = 1,
		.rlim_stack = limit[RLIMIT_STACK].rlim_cur,
		.rlim_as = limit[RLIMIT_AS].rlim_cur,
		.rlim_data = limit[RLIMIT_DATA].rlim_cur,
		.aslr = !r->randomize	      ? ELFLOAD_ASLR_OFF
			: r->host->repeatable ? ELFLOAD_ASLR_SEED
					      : ELFLOAD_ASLR_ON,
		.aslr_seed = r->seed,
		.thp_files = elfload_thp_files(e->program.fd),
	};

	set_host(&params, r->host);
	set_ids(&params);
	e->secure = params.secure;
	if (e->interp.fd >= 0) {
		params.interp = &e->interp.image;
		params.interp_thp_files = elfload_thp_files(e->interp.fd);
	}
	if (fill_random(params.random, &params))
		return fail(err, EIO, "no random bytes");
	e->next_seed = exec_next_seed(r->seed);
	return elfload_plan(&e->program.image, &params, &e->plan, &err->why);
}

/* ---- All together ------------------------------------------------------- */

/* Where fd is, as the host has it; else the name that led to it. */
static char *path_of(int fd, const char *name)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return strdup(name);
	path[n] = '\0';
	return strdup(path);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A file's own name, which may contain what the host puts around it. */
static char *name_of_file(const char *path)
{
	static const char memfd[] = "/memfd:", gone[] = " (deleted)";
	const char *name = strncmp(path, memfd, sizeof(memfd) - 1)
				   ? base_name(path)
				   : path + 1;
	size_t len = strlen(name), tail = sizeof(gone) - 1;

	if (len > tail && !strcmp(name + len - tail, gone))
		len -= tail;
	return strndup(name, len);
}

static int name_all(struct exec *e, const struct exec_request *r)
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", e->program.fd);
	e->exe_fd = open(link, O_PATH | O_CLOEXEC);
	if (e->exe_fd < 0)
		return -errno;
	e->program.path = path_of(e->program.fd, e->name);
	e->interp.path = e->interp.fd < 0 ? NULL
					  : path_of(e->interp.fd,
						    e->program.image.interp);
	if (!e->program.path || (e->interp.fd >= 0 && !e->interp.path))
		return -ENOMEM;
	e->comm = r->name_is_made_up ? name_of_file(e->program.path)
				     : strdup(base_name(e->name));
	return e->comm ? 0 : -ENOMEM;
}

static int build(struct exec *e, const struct exec_request *r,
		 struct exec_error *err)
{
	int ret = follow(e, r, err);

	if (ret == 0)
		ret = read_images(e, r, err);
	if (ret < 0)
		return ret;
	ret = name_all(e, r);
	if (ret == 0)
		ret = exec_args_lists(&e->args, &e->argv, &e->envp);
	return ret ? fail(err, -ret, "") : plan(e, r, err);
}

static struct exec *new_exec(struct exec_request *r)
{
	struct exec *e = calloc(1, sizeof(*e));
	char *name = strdup(r->name);

	if (!e || !name) {
		free(e);
		free(name);
		return NULL;
	}
	e->refs = 1;
	e->host = r->host;
	e->name = name;
	e->program.fd = r->fd;
	e->interp.fd = e->exe_fd = -1;
	e->args = *r->args;
	*r->args = (struct exec_args){0};
	return e;
}

int exec_make(struct exec **out, struct exec_request *r, struct exec_error *err)
{
	struct exec *e = new_exec(r);
	int ret;

	err->why = (struct elfload_error){0};
	name_file(err->program, r->name);
	name_file(err->file, r->name);
	if (!e) {
		close(r->fd);
		exec_args_free(r->args);
		return fail(err, ENOMEM, "");
	}
	ret = build(e, r, err);
	if (ret == 0)
		*out = e;
	else
		exec_put(e);
	return ret;
}
