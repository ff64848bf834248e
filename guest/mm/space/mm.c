/*
 * mm.c: see mm.h.
 */
#include "mm.h"

#include "hv_map.h"

void pt_gather_init(struct pt_gather *g, struct mm *mm)
{
	*g = (struct pt_gather){
		.mm = mm,
		.root = mm_root(mm),
		.users = &mm->users,
		.start = ~0ull,
	};
}

enum hv_map_kind mm_map_kind(const struct mm *mm, const struct vma *v)
{
	if (v->flags & VMA_SPECIAL)
		return v->kind;
	if (v->file)
		return v->file->number ? HV_MAP_FILE : HV_MAP_ANON;
	if (v->start < mm->brk && v->end > mm->start_brk)
		return HV_MAP_HEAP;
	if (v->start <= mm->start_stack && v->end >= mm->start_stack)
		return HV_MAP_STACK;
	return HV_MAP_ANON;
}
