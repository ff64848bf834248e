/*
 * finish.c: from a plan to the contract's terms, and to memory. See exec.h.
 */
#include "exec.h"

#include <errno.h>

#include "exec_internal.h"
#include "files.h"
#include "hv_const.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "memlock.h"
#include "rlimits.h"
#include "signals.h"
#include "usermem.h"
#include "vcpu.h"
#include "vm_setting.h"

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
		return e->host->vdso.vvar_size;
	case ELFLOAD_MAP_VDSO:
		return e->host->vdso.vvar_size + e->host->vdso.vclock_size;
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

void exec_describe(const struct exec *e, const struct rlimits *limits, int pid,
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
		.pid = (uint32_t)pid,
	};
	describe_file(out, e->program.number, e->program.image.file_size,
		      files_kind(e->program.fd));
	describe_file(out, e->interp.number, e->interp.image.file_size,
		      files_kind(e->interp.fd));
	describe_file(out, HV_FILE_VDSO, vdso_file_size(&e->host->vdso), 0);
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
	if (ret)
		return ret;
	vcpu_set_regs(v, &regs);
	exec_drop_strings(e);
	return 0;
}

int exec_reset_cpu(struct vcpu *v)
{
	int r = vcpu_set_fs_base(v, 0);

	r = r ? r : vcpu_set_gs_base(v, 0);
	return r ? r : sigframe_reset_fpu(v);
}
