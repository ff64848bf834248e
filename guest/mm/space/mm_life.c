/*
 * mm_life.c: guest/mm as a whole, and an address space from exec to exit.
 */
#include "buddy.h"
#include "internal.h"
#include "panic.h"
#include "parts.h"
#include "slab.h"

struct mm_globals mm_globals;

static struct kmem_cache *mm_cache;

void mm_init(const struct hv_boot *boot)
{
	struct page *zero;
	uint64_t around = boot->fault_around >> PAGE_SHIFT;

	buddy_init(boot->banks, boot->nr_banks);
	slab_init();
	vma_init();
	filemap_init();
	parts_init();
	mm_cache = kmem_cache_create("mm_struct", sizeof(struct mm), 0, NULL);
	zero = buddy_alloc(0, GFP_ZERO);
	if (!mm_cache || !zero)
		panic("mm: no memory to start with");
	if (around & (around - 1))
		panic("mm: fault_around %#lx", boot->fault_around);
	mm_globals.zero_pfn = page_to_pfn(zero);
	mm_globals.faults = 0;
	mm_globals.huge_zero_pfn = 0;
	mm_globals.thp = boot->thp;
	mm_globals.thp_events = (struct hv_thp_events){0};
	mm_globals.read_zero = boot->flags & HV_BOOT_ZERO_PAGE;
	mm_globals.thp_zero = boot->flags & HV_BOOT_THP_ZERO;
	mm_globals.pkeys = boot->flags & HV_BOOT_PKEYS;
	mm_commit_init(&boot->commit);
	mm_globals.around =
		around > FILEMAP_BATCH ? FILEMAP_BATCH : (unsigned)around;
}

void mm_set_limits(struct mm *mm, const struct hv_limits *limits)
{
	mm->rlim_stack = limits->stack;
	mm->rlim_data = limits->data;
	mm->rlim_data_max = limits->data_max;
	mm->rlim_as = limits->as;
	mm->rlim_memlock = limits->memlock;
	mm->read_adds = limits->read_exec ? PROT_EXEC : 0;
	mm->refuses_exec = limits->mdwe;
	mm->lowest = limits->lowest;
	huge_set_disabled(mm, limits->thp_disabled);
}

hv_gpa_t mm_root(const struct mm *mm)
{
	return arch_virt_to_phys(mm->root);
}

/* ---- Birth and death --------------------------------------------------- */

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

static void copy_fields(struct mm *mm, const struct hv_exec *e)
{
	mm->start_code = e->start_code;
	mm->end_code = e->end_code;
	mm->start_data = e->start_data;
	mm->end_data = e->end_data;
	mm->start_brk = e->start_brk;
	mm->brk = e->brk;
	mm->start_stack = e->start_stack;
	mm->arg_start = e->arg_start;
	mm->arg_end = e->arg_end;
	mm->env_start = e->env_start;
	mm->env_end = e->env_end;
	mm->mmap_base = e->mmap_base;
	mm->min_addr = mm->lowest = page_align(e->mmap_min_addr);
	/* Linux TASK_UNMAPPED_BASE, without its random part. */
	mm->mmap_legacy_base = page_align(HV_VA_USER_END / 3);
	mm->hiwater_vm = e->hiwater_vm >> PAGE_SHIFT;
	mm->rlim_stack = e->rlim_stack;
	mm->rlim_data = e->rlim_data;
	mm->rlim_data_max = e->rlim_data_max;
	mm->rlim_as = e->rlim_as;
	mm->rlim_memlock = e->rlim_memlock;
	mm->pid = e->pid;
	huge_set_disabled(mm, 0);
}

struct mm *mm_create(const struct hv_exec *exec)
{
	struct mm *mm;

	if (exec->nr_maps > HV_EXEC_MAPS_MAX ||
	    exec->nr_files > HV_EXEC_FILES_MAX ||
	    exec->mmap_base & (PAGE_SIZE - 1) ||
	    exec->mmap_base > HV_VA_USER_END)
		return NULL;
	mm = kmem_cache_zalloc(mm_cache);
	if (!mm)
		return NULL;
	copy_fields(mm, exec);
	pkeys_init(mm);
	mm->root = pt_root_alloc();
	if (!mm->root)
		goto err_free;
	for (uint32_t i = 0; i < exec->nr_maps; i++)
		if (map_one(mm, exec, &exec->maps[i]))
			goto err_destroy;
	return mm;

err_destroy:
	mm_destroy(mm);
	return NULL;
err_free:
	kmem_cache_free(mm_cache, mm);
	return NULL;
}

void mm_destroy(struct mm *mm)
{
	for (struct vma *v = mm->vmas.first; v; v = v->next)
		vma_set_flags(&mm->vmas, v, v->flags & ~VMA_SEALED);
	BUG_ON(mm_unmap(mm, 0, HV_VA_USER_END));
	BUG_ON(mm->vmas.root || mm->total_vm);
	for (unsigned i = 0; i < NR_RSS; i++)
		BUG_ON(mm->rss[i]);
	pt_root_free(mm->root);
	kmem_cache_free(mm_cache, mm);
}
