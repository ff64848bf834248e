/*
 * mm_life.c: see mm_life.h.
 */
#include "mm_life.h"

#include "huge.h"
#include "hv_map.h"
#include "panic.h"
#include "pkey.h"
#include "slab.h"
#include "unmap.h"

static struct kmem_cache *mm_cache;

void mm_life_init(void)
{
	mm_cache = kmem_cache_create("mm_struct", sizeof(struct mm), 0);
	if (!mm_cache)
		panic("mm: no memory for the cache of address spaces");
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
	mm->users = 1;
	huge_set_disabled(mm, 0);
}

static struct mm *with_root(struct mm *mm)
{
	mm->root = pt_root_alloc();
	if (!mm->root) {
		kmem_cache_free(mm_cache, mm);
		return NULL;
	}
	return mm;
}

struct mm *mm_new(const struct hv_exec *exec)
{
	struct mm *mm = kmem_cache_zalloc(mm_cache);

	if (!mm)
		return NULL;
	copy_fields(mm, exec);
	pkeys_init(mm);
	return with_root(mm);
}

/* Linux mm_init, dup_mm: what is not the mappings'. */
struct mm *mm_new_like(const struct mm *from)
{
	struct mm *mm = kmem_cache_alloc(mm_cache);

	if (!mm)
		return NULL;
	*mm = *from;
	mm->vmas = (struct vma_tree){0};
	mm->users = 1;
	mm->def_flags = 0;
	mm->total_vm = mm->data_vm = mm->exec_vm = mm->stack_vm = 0;
	mm->locked_vm = mm->locked_lost = mm->committed = 0;
	for (unsigned i = 0; i < NR_RSS; i++)
		mm->rss[i] = 0;
	mm->hiwater_vm = mm->hiwater_rss = 0;
	mm->faults = mm->nr_huge = 0;
	return with_root(mm);
}

struct mm *mm_get(struct mm *mm)
{
	mm->users++;
	return mm;
}

void mm_put(struct mm *mm)
{
	if (!--mm->users)
		mm_destroy(mm);
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
