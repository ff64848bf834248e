/*
 * mm_exec.c: see mm_exec.h.
 */
#include "mm_exec.h"

#include <asm/errno.h>

#include "hv_boot.h"
#include "hv_map.h"
#include "merge.h"
#include "mm_life.h"
#include "mmap.h"
#include "pkey.h"
#include "populate.h"
#include "writeback.h"

static bool map_is_valid(const struct hv_map *m)
{
	if ((m->start | m->end | m->offset) & (PAGE_SIZE - 1))
		return false;
	if (m->start >= m->end || m->end > HV_VA_USER_END)
		return false;
	if (m->kind >= HV_MAP_KINDS ||
	    m->prot & ~(uint32_t)(PROT_READ | PROT_WRITE | PROT_EXEC))
		return false;
	if (m->offset + (m->end - m->start) < m->offset)
		return false;
	return !(m->flags & HV_MAPF_SHARED && m->prot & PROT_WRITE && m->file);
}

static const struct hv_exec_file *exec_file(const struct hv_exec *e,
					    uint32_t number)
{
	for (uint32_t i = 0; i < e->nr_files; i++)
		if (e->files[i].file == number)
			return &e->files[i];
	return NULL;
}

static int map_one(struct mm *mm, const struct hv_exec *e,
		   const struct hv_map *m)
{
	const struct hv_exec_file *file = exec_file(e, m->file);
	struct vma like = {
		.mm = mm,
		.start = m->start,
		.end = m->end,
		.pgoff = m->start >> PAGE_SHIFT,
		.prot = m->prot,
		.flags = m->flags & VMA_LOG_FLAGS,
		.kind = m->kind,
	};
	int err;

	if (!map_is_valid(m) || vma_find_first(&mm->vmas, m->start, m->end))
		return -EINVAL;
	if (m->prot & PROT_WRITE && !(m->flags & HV_MAPF_SHARED))
		like.flags |= VMA_ACCOUNT;
	if (m->prot == PROT_EXEC)
		like.flags |= pkey_execute_only(mm) << VMA_PKEY_SHIFT;
	if (m->kind == HV_MAP_VDSO)
		like.flags |= VMA_SPECIAL;
	if (vma_is_pfnmap(&like))
		like.flags |= VMA_SPECIAL | VMA_NOWRITE | VMA_DONTDUMP;
	if (!m->file) {
		if (!(m->flags & HV_MAPF_SHARED))
			return mm_map(mm, &like);
		like.pgoff = 0;
		return mm_map_anon_shared(mm, &like);
	}
	like.pgoff = m->offset >> PAGE_SHIFT;
	if (m->flags & HV_MAPF_SHARED)
		like.flags |= VMA_NOWRITE;
	if (!file)
		return -EINVAL;
	like.file = file_open(m->file, file->size, mm_file_flags(file->flags));
	if (!like.file)
		return -ENOMEM;
	err = mm_map(mm, &like);
	file_put(like.file);
	return err;
}

struct mm *mm_create(const struct hv_exec *exec)
{
	struct mm *mm;

	if (exec->nr_maps > HV_EXEC_MAPS_MAX ||
	    exec->nr_files > HV_EXEC_FILES_MAX ||
	    exec->mmap_base & (PAGE_SIZE - 1) ||
	    exec->mmap_base > HV_VA_USER_END)
		return NULL;
	mm = mm_new(exec);
	for (uint32_t i = 0; mm && i < exec->nr_maps; i++)
		if (map_one(mm, exec, &exec->maps[i])) {
			mm_destroy(mm);
			return NULL;
		}
	return mm;
}

void mm_populate_strings(struct mm *mm)
{
	const struct vma *v =
		vma_find_first(&mm->vmas, mm->arg_start, mm->arg_start + 1);

	if (v)
		mm_populate(mm, mm->arg_start & PAGE_MASK, v->end, true);
}
