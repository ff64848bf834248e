/*
 * account.c: see account.h.
 */
#include "account.h"

#include "mm_machine.h"

/* Linux is_exec_mapping, is_stack_mapping, is_data_mapping. */
static bool is_exec(uint32_t prot, uint32_t flags)
{
	return prot & PROT_EXEC && !(prot & PROT_WRITE) &&
	       !(flags & VMA_GROWSDOWN);
}

static bool is_data(uint32_t prot, uint32_t flags)
{
	return prot & PROT_WRITE && !(flags & (VMA_SHARED | VMA_GROWSDOWN));
}

bool mm_may_expand(const struct mm *mm, uint32_t prot, uint32_t flags,
		   uint64_t pages)
{
	/* Linux may_expand_vm, for Valgrind: 0 leaves it to the hard limit. */
	uint64_t data = mm->rlim_data ? mm->rlim_data : mm->rlim_data_max;

	if (mm->total_vm + pages > mm->rlim_as >> PAGE_SHIFT)
		return false;
	return !is_data(prot, flags) ||
	       mm->data_vm + pages <= data >> PAGE_SHIFT;
}

bool mm_may_lock(const struct mm *mm, uint32_t flags, uint64_t bytes)
{
	return !(flags & VMA_LOCKED) || mm->locked_vm + (bytes >> PAGE_SHIFT) <=
						mm->rlim_memlock >> PAGE_SHIFT;
}

void mm_account(struct mm *mm, uint32_t prot, uint32_t flags, int64_t pages)
{
	mm->total_vm += (uint64_t)pages;
	if (flags & VMA_LOCKED)
		mm->locked_vm += (uint64_t)pages;
	if (flags & VMA_ACCOUNT) {
		mm->committed += (uint64_t)pages;
		mm_machine.committed += (uint64_t)pages;
	}
	if (is_exec(prot, flags))
		mm->exec_vm += (uint64_t)pages;
	else if (flags & VMA_GROWSDOWN)
		mm->stack_vm += (uint64_t)pages;
	else if (is_data(prot, flags))
		mm->data_vm += (uint64_t)pages;
}

void mm_note_peaks(struct mm *mm)
{
	uint64_t rss =
		mm->rss[RSS_ANON] + mm->rss[RSS_FILE] + mm->rss[RSS_SHMEM];

	if (rss > mm->hiwater_rss)
		mm->hiwater_rss = rss;
	if (mm->total_vm > mm->hiwater_vm)
		mm->hiwater_vm = mm->total_vm;
}

uint64_t mm_count_pages(struct mm *mm, uint64_t start, uint64_t end)
{
	struct vma *v = vma_find_first(&mm->vmas, start, end);
	uint64_t bytes = 0;

	for (; v && v->start < end; v = v->next)
		bytes += (v->end < end ? v->end : end) -
			 (v->start > start ? v->start : start);
	return bytes >> PAGE_SHIFT;
}
