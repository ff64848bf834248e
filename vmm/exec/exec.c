/*
 * exec.c: see exec.h.
 */
#include "exec.h"

#include <errno.h>
#include <linux/auxvec.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "hv_const.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "memlock.h"
#include "message.h"
#include "rlimits.h"
#include "usermem.h"
#include "vcpu.h"
#include "vm_setting.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

static bool may_run(const char *file)
{
	struct stat st;

	if (access(file, X_OK) || stat(file, &st))
		return false;
	errno = EACCES; /* what execve says of a directory */
	return S_ISREG(st.st_mode);
}

/* As execvp: the first match that may be run, or NULL with errno set. */
static char *search_path(const char *name)
{
	const char *path = getenv("PATH");
	int last_error = ENOENT;

	if (!*name)
		path = NULL; /* "" is no name: nothing matches */
	else if (!path)
		path = DEFAULT_PATH;
	while (path) {
		const char *end = strchrnul(path, ':');
		int len = (int)(end - path);
		char *file;

		if (asprintf(&file, "%.*s%s%s", len, path, len ? "/" : "./",
			     name) < 0)
			return NULL;
		if (may_run(file))
			return file;
		if (errno == EACCES)
			last_error = EACCES;
		free(file);
		path = *end ? end + 1 : NULL;
	}
	errno = last_error;
	return NULL;
}

static char *find_program(const char *name)
{
	char *file;
	int cause;

	if (strchr(name, '/'))
		return strdup(name);
	file = search_path(name);
	cause = errno;
	if (!file && !access(name, F_OK))
		return asprintf(&file, "./%s", name) < 0 ? NULL : file;
	errno = cause;
	return file;
}

static int exit_status(const struct elfload_error *e)
{
	return e->err == ENOENT || e->err == ENOTDIR ? 127 : 126;
}

/* Say what is wrong with `file`, which `program` needs if it is another. */
static int refuse(const char *program, const char *file,
		  const struct elfload_error *e)
{
	const char *text = e->text[0] ? e->text : strerror(e->err);

	if (strcmp(program, file))
		error("%s: its interpreter %s: %s", program, file, text);
	else
		error("%s: %s", program, text);
	return exit_status(e);
}

/* AT_RSEQ_*: Linux 6.3 and later; not in all headers. */
#define AUX_RSEQ_FEATURE_SIZE 27
#define AUX_RSEQ_ALIGN	      28
#define AUX_MINSIGSTKSZ	      51

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* AT_RANDOM: repeatable where the layout is. */
static int fill_random(uint8_t out[16], const struct exec_config *config)
{
	uint64_t state = config->aslr_seed, words[2];

	if (config->aslr != ELFLOAD_ASLR_SEED)
		return getrandom(out, 16, 0) == 16 ? 0 : -EIO;
	words[0] = splitmix64(&state);
	words[1] = splitmix64(&state);
	memcpy(out, words, 16);
	return 0;
}

/*
 * Not getauxval: glibc answers AT_HWCAP with bits of its own making.
 */
static uint64_t own_auxv(const uint64_t *auxv, uint64_t type)
{
	for (; auxv[0] != AT_NULL; auxv += 2)
		if (auxv[0] == type)
			return auxv[1];
	return 0;
}

static int plan(struct exec *e, const struct exec_config *config,
		const char *execfn, char *const *argv,
		struct elfload_error *err)
{
	struct elfload_params params = {
		.argv = (const char *const *)argv,
		.envp = config->envp,
		.execfn = execfn,
		.platform = "x86_64",
		.hwcap = own_auxv(config->auxv, AT_HWCAP),
		.hwcap2 = own_auxv(config->auxv, AT_HWCAP2),
		.clktck = own_auxv(config->auxv, AT_CLKTCK),
		.minsigstksz = own_auxv(config->auxv, AUX_MINSIGSTKSZ),
		.rseq_feature_size =
			own_auxv(config->auxv, AUX_RSEQ_FEATURE_SIZE),
		.rseq_align = own_auxv(config->auxv, AUX_RSEQ_ALIGN),
		.uid = getuid(),
		.euid = geteuid(),
		.gid = getgid(),
		.egid = getegid(),
		.rlim_stack = config->limits->of[RLIMIT_STACK].rlim_cur,
		.rlim_as = config->limits->of[RLIMIT_AS].rlim_cur,
		.rlim_data = config->limits->of[RLIMIT_DATA].rlim_cur,
		.aslr = config->aslr,
		.aslr_seed = config->aslr_seed,
		.mmap_rnd_bits =
			(unsigned)vm_setting("mmap_rnd_bits", ELFLOAD_RND_BITS),
		.thp_files = elfload_thp_files(e->program.fd),
		.vvar_size = e->vdso.vvar_size,
		.vclock_size = e->vdso.vclock_size,
		.vdso_size = e->vdso.vdso_size,
	};

	if (e->interp.fd >= 0) {
		params.interp = &e->interp.image;
		params.interp_thp_files = elfload_thp_files(e->interp.fd);
	}

	if (fill_random(params.random, config)) {
		err->err = EIO;
		snprintf(err->text, sizeof(err->text), "no random bytes");
		return -EIO;
	}
	return elfload_plan(&e->program.image, &params, &e->plan, err);
}

typedef int read_fn(int fd, struct elfload_image *img,
		    struct elfload_error *err);

static int open_file(struct exec_file *f, const char *path, read_fn *read,
		     struct elfload_error *err)
{
	f->fd = elfload_open(path, err);
	if (f->fd < 0)
		return -err->err;
	f->path = realpath(path, NULL);
	if (!f->path) {
		err->err = errno;
		return -errno;
	}
	return read(f->fd, &f->image, err);
}

static void close_file(struct exec_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	f->path = NULL;
	f->fd = -1;
}

/* As open_exec(): the path is as the file has it, relative to here or not. */
static int open_interp(struct exec *e, struct elfload_error *err)
{
	if (!e->program.image.dynamic)
		return 0;
	return open_file(&e->interp, e->program.image.interp,
			 elfload_read_interp, err);
}

static int load(struct exec *e, const struct exec_config *config,
		const char *file)
{
	const struct script *script = &e->script;
	struct elfload_error err = {0};

	if (open_file(&e->program, script->file, elfload_read, &err))
		return refuse(file, script->file, &err);
	if (open_interp(e, &err))
		return refuse(script->file, e->program.image.interp, &err);
	if (plan(e, config, file, script->argv, &err))
		return refuse(file, script->file, &err);
	return 0;
}

int exec_load(struct exec *e, const struct exec_config *config)
{
	char *file = find_program(config->program);
	struct elfload_error err = {0};
	int status;

	*e = (struct exec){.program.fd = -1, .interp.fd = -1};
	vdso_init(&e->vdso);
	if (!file) {
		status = errno == ENOENT ? 127 : 126;
		error("%s: %s", config->program,
		      errno == ENOENT ? "no such program in PATH or here"
		      : errno == EACCES
			      ? "what PATH has of that name cannot be "
				"executed"
			      : strerror(errno));
		return status;
	}
	if (script_follow(&e->script, file, config->argv, &err))
		status = refuse(file, e->script.file ? e->script.file : file,
				&err);
	else
		status = load(e, config, file);
	free(file);
	if (status)
		exec_unload(e);
	return status;
}

void exec_unload(struct exec *e)
{
	script_free(&e->script);
	elfload_plan_free(&e->plan);
	close_file(&e->program);
	close_file(&e->interp);
}

static int add_file(struct exec_file *f, struct files *files)
{
	int number;

	if (f->fd < 0)
		return 0;
	number = files_add(files, f->fd, f->path);
	if (number < 0)
		return number;
	f->number = (uint32_t)number;
	return 0;
}

int exec_add_files(struct exec *e, struct files *files)
{
	int ret = add_file(&e->program, files);

	return ret ? ret : add_file(&e->interp, files);
}

static const uint32_t map_kinds[] = {
	[ELFLOAD_MAP_FILE] = HV_MAP_FILE, [ELFLOAD_MAP_INTERP] = HV_MAP_FILE,
	[ELFLOAD_MAP_ANON] = HV_MAP_ANON, [ELFLOAD_MAP_STACK] = HV_MAP_STACK,
	[ELFLOAD_MAP_VVAR] = HV_MAP_VVAR, [ELFLOAD_MAP_VCLOCK] = HV_MAP_VCLOCK,
	[ELFLOAD_MAP_VDSO] = HV_MAP_VDSO,
};

_Static_assert(ELFLOAD_MAPS_MAX <= HV_EXEC_MAPS_MAX, "plans fit the contract");

static uint32_t map_file(const struct exec *e, const struct elfload_map *m)
{
	switch (m->kind) {
	case ELFLOAD_MAP_FILE:
		return e->program.number;
	case ELFLOAD_MAP_INTERP:
		return e->interp.number;
	case ELFLOAD_MAP_VVAR:
	case ELFLOAD_MAP_VCLOCK:
	case ELFLOAD_MAP_VDSO:
		return HV_FILE_VDSO;
	default:
		return 0;
	}
}

/* Those of the vDSO's file follow from the order in it. */
static uint64_t map_offset(const struct exec *e, const struct elfload_map *m)
{
	switch (m->kind) {
	case ELFLOAD_MAP_VCLOCK:
		return e->vdso.vvar_size;
	case ELFLOAD_MAP_VDSO:
		return e->vdso.vvar_size + e->vdso.vclock_size;
	default:
		return m->offset;
	}
}

static void describe_map(const struct exec *e, const struct elfload_map *m,
			 struct hv_map *out)
{
	*out = (struct hv_map){
		.start = m->start,
		.end = m->end,
		.offset = map_offset(e, m),
		.prot = m->prot,
		.flags = m->growsdown ? HV_MAPF_GROWSDOWN : 0,
		.kind = map_kinds[m->kind],
		.file = map_file(e, m),
	};
}

static void describe_file(struct hv_exec *out, uint32_t file, uint64_t size,
			  uint32_t flags)
{
	if (file && size)
		out->files[out->nr_files++] = (struct hv_exec_file){
			.size = size,
			.file = file,
			.flags = flags,
		};
}

void exec_describe(const struct exec *e, const struct rlimits *limits,
		   struct hv_exec *out)
{
	const struct elfload_plan *p = &e->plan;
	const struct rlimit *limit = limits->of;

	*out = (struct hv_exec){
		.start_code = p->start_code,
		.end_code = p->end_code,
		.start_data = p->start_data,
		.end_data = p->end_data,
		.start_brk = p->start_brk,
		.brk = p->brk,
		.start_stack = p->start_stack,
		.arg_start = p->arg_start,
		.arg_end = p->arg_end,
		.env_start = p->env_start,
		.env_end = p->env_end,
		.mmap_base = p->mmap_base,
		.mmap_min_addr = vm_min_addr(),
		.hiwater_vm = p->hiwater_vm,
		.rlim_stack = limit[RLIMIT_STACK].rlim_cur,
		.rlim_data = limit[RLIMIT_DATA].rlim_cur,
		.rlim_data_max = limit[RLIMIT_DATA].rlim_max,
		.rlim_as = limit[RLIMIT_AS].rlim_cur,
		.rlim_memlock = memlock_limit(limit[RLIMIT_MEMLOCK].rlim_cur),
		.nr_maps = p->nr_maps,
		.pid = (uint32_t)getpid(),
	};
	describe_file(out, e->program.number, e->program.image.file_size,
		      files_kind(e->program.fd));
	describe_file(out, e->interp.number, e->interp.image.file_size,
		      files_kind(e->interp.fd));
	describe_file(out, HV_FILE_VDSO, vdso_file_size(&e->vdso), 0);
	for (uint32_t i = 0; i < p->nr_maps; i++)
		describe_map(e, &p->maps[i], &out->maps[i]);
}

static int clear(struct vcpu *v, const struct elfload_clear *c)
{
	int ret = usermem_zero(v, c->start, c->end - c->start);

	return ret == -EFAULT && c->fails ? 0 : ret;
}

bool exec_is_promised(const struct exec *e, const struct hv_commit *c)
{
	const struct elfload_plan *p = &e->plan;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < p->nr_maps; i++) {
		uint64_t pages =
			(p->maps[i].end - p->maps[i].start) >> HV_PAGE_SHIFT;

		if (!(p->maps[i].prot & ELFLOAD_WRITE))
			continue;
		sum += pages;
		if ((c->mode == 0 && pages > c->total) ||
		    (c->mode == 2 && sum >= c->limit))
			return false;
	}
	return true;
}

/*
 * In Linux's order: strings, before the old address space goes; bss; then
 * arguments, environment and auxiliary vector.
 */
int exec_finish(struct exec *e, struct vcpu *v)
{
	const struct elfload_plan *p = &e->plan;
	struct hv_regs regs = {
		.rip = p->entry,
		.cs = HV_SEL_USER_CS,
		.rflags = 0x202,
		.rsp = p->sp,
		.ss = HV_SEL_USER_DS,
	};
	size_t strings = p->arg_start - p->sp;
	int ret;

	ret = usermem_write(v, p->arg_start, p->stack + strings,
			    p->stack_len - strings);
	for (uint32_t i = 0; i < p->nr_clears && !ret; i++)
		ret = clear(v, &p->clears[i]);
	ret = ret ? ret : usermem_write(v, p->sp, p->stack, p->tables_len);
	if (!ret)
		vcpu_set_regs(v, &regs);
	return ret;
}
