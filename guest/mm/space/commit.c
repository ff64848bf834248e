/*
 * commit.c: how much memory may be committed (Linux mm/util.c,
 * __vm_enough_memory). What is committed is counted by mm_account and with
 * shared anonymous memory; here is only asked.
 */
#include "account.h"
#include "hv_boot.h"
#include "mm_machine.h"

static struct hv_commit commit;

void mm_commit_init(const struct hv_commit *rules)
{
	commit = *rules;
}

bool mm_commit_never(void)
{
	return commit.mode > OVERCOMMIT_ALWAYS;
}

bool mm_may_commit(const struct mm *mm, uint64_t pages)
{
	uint64_t limit = commit.limit, reserve = mm->total_vm / 32;

	if (commit.mode == OVERCOMMIT_ALWAYS)
		return true;
	if (commit.mode == OVERCOMMIT_GUESS)
		return pages <= commit.total;
	if (reserve > commit.reserve)
		reserve = commit.reserve;
	limit = limit > reserve ? limit - reserve : 0;
	return mm_machine.committed + pages < limit;
}

uint64_t mm_accounted_pages(struct mm *mm, uint64_t start, uint64_t end)
{
	struct vma *v = vma_find_first(&mm->vmas, start, end);
	uint64_t bytes = 0;

	for (; v && v->start < end; v = v->next)
		if (v->flags & VMA_ACCOUNT)
			bytes += (v->end < end ? v->end : end) -
				 (v->start > start ? v->start : start);
	return bytes >> PAGE_SHIFT;
}
