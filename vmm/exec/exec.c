/*
 * exec.c: what an exec owns, and what all have in common. See exec.h.
 */
#include "exec.h"

#include <linux/auxvec.h>
#include <stdlib.h>
#include <unistd.h>

#include "exec_internal.h"
#include "files.h"

/* AT_RSEQ_*: Linux 6.3 and later; not in all headers. */
#define AUX_RSEQ_FEATURE_SIZE 27
#define AUX_RSEQ_ALIGN	      28
#define AUX_MINSIGSTKSZ	      51

/* ---- Of the host -------------------------------------------------------- */

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

void exec_host_init(struct exec_host *h, const uint64_t *auxv)
{
	*h = (struct exec_host){
		.hwcap = own_auxv(auxv, AT_HWCAP),
		.hwcap2 = own_auxv(auxv, AT_HWCAP2),
		.clktck = own_auxv(auxv, AT_CLKTCK),
		.minsigstksz = own_auxv(auxv, AUX_MINSIGSTKSZ),
		.rseq_feature_size = own_auxv(auxv, AUX_RSEQ_FEATURE_SIZE),
		.rseq_align = own_auxv(auxv, AUX_RSEQ_ALIGN),
	};
}

uint64_t exec_draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* Of another sequence than the one that begins with the seed itself. */
uint64_t exec_next_seed(uint64_t seed)
{
	uint64_t state = ~seed;

	return exec_draw(&state);
}

uint64_t exec_seed_split(uint64_t *seed)
{
	return exec_draw(seed);
}

/* ---- References --------------------------------------------------------- */

struct exec *exec_get(struct exec *e)
{
	__atomic_add_fetch(&e->refs, 1, __ATOMIC_RELAXED);
	return e;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void exec_drop_strings(struct exec *e)
{
	free(e->argv);
	e->argv = e->envp = NULL;
	exec_args_free(&e->args);
	free(e->plan.stack);
	e->plan.stack = NULL;
	close_fd(&e->program.fd);
	close_fd(&e->interp.fd);
}

static void release(struct exec *e, bool given)
{
	if (e->program.number)
		files_release(e->files, e->program.number, given);
	if (e->interp.number)
		files_release(e->files, e->interp.number, given);
	e->files = NULL;
}

void exec_put(struct exec *e)
{
	if (!e || __atomic_sub_fetch(&e->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (e->files)
		release(e, false);
	exec_drop_strings(e);
	elfload_plan_free(&e->plan);
	close_fd(&e->exe_fd);
	free(e->program.path);
	free(e->interp.path);
	free(e->name);
	free(e->comm);
	free(e);
}

/* ---- Numbers ------------------------------------------------------------ */

static int hold_file(struct exec_file *f, struct files *files)
{
	int number;

	if (f->fd < 0)
		return 0;
	number = files_hold(files, f->fd, f->path);
	if (number < 0)
		return number;
	f->number = (uint32_t)number;
	return 0;
}

int exec_add_files(struct exec *e, struct files *files)
{
	int r = hold_file(&e->program, files);

	e->files = files;
	return r ? r : hold_file(&e->interp, files);
}

void exec_given(struct exec *e)
{
	if (e->files)
		release(e, true);
}
