/*
 * test_mm_walk.c: an address space as /proc would show it. Does each mapping
 * come once and in order, and do the sums say what was touched?
 */
#include "hv_describe.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "mm_fixture.h"

TestSuite(mm_walk, .init = mm_begin, .fini = mm_end);

struct list_of {
	struct hv_desc_vma v[16];
	unsigned n, stop_at;
};

static int collect(struct mm *m, const struct hv_desc_vma *v, void *ctx)
{
	struct list_of *l = ctx;

	cr_assert_eq(m, mm);
	l->v[l->n++] = *v;
	return l->n == l->stop_at ? 7 : 0;
}

static struct hv_desc_vma at(uint64_t va)
{
	struct list_of l = {.stop_at = 1};

	cr_assert_eq(mm_for_each_vma(mm, va, collect, &l), 7);
	return l.v[0];
}

static struct hv_desc_smaps sums(uint64_t start, uint64_t pages)
{
	struct hv_desc_smaps s = {0};

	mm_smaps_add(mm, start, start + PAGES(pages), &s);
	return s;
}

Test(mm_walk, each_mapping_comes_once_and_in_order)
{
	struct list_of l = {0};

	cr_assert_eq(mm_for_each_vma(mm, 0, collect, &l), 0);
	cr_assert_eq(l.n, 5);
	cr_assert_eq(l.v[0].start, TEXT);
	cr_assert_eq(l.v[1].start, CONSTANTS);
	cr_assert_eq(l.v[1].offset, PAGES(4));
	cr_assert_eq(l.v[1].file, 1);
	cr_assert_eq(l.v[3].start, BSS);
	cr_assert_eq(l.v[3].offset, 0);
	cr_assert_eq(l.v[4].kind, HV_MAP_STACK);
	cr_assert_eq(l.v[4].end, STACK_LOW + PAGES(14));
}

Test(mm_walk, a_walk_begins_at_the_mapping_that_has_the_address)
{
	struct list_of l = {0};

	mm_for_each_vma(mm, BSS, collect, &l);
	cr_assert_eq(l.n, 2);
	cr_assert_eq(l.v[0].start, BSS);
}

Test(mm_walk, a_callback_ends_the_walk)
{
	struct list_of l = {.stop_at = 2};

	cr_assert_eq(mm_for_each_vma(mm, 0, collect, &l), 7);
	cr_assert_eq(l.n, 2);
}

Test(mm_walk, flags_are_those_of_linux)
{
	uint64_t va = map_some(4, RW), text = at(TEXT).vm_flags;
	const uint64_t may = HV_VM_MAYREAD | HV_VM_MAYWRITE | HV_VM_MAYEXEC;

	cr_assert_eq(text, HV_VM_READ | HV_VM_EXEC | may);
	cr_assert_eq(at(STACK_LOW).vm_flags, HV_VM_READ | HV_VM_WRITE | may |
						     HV_VM_GROWSDOWN |
						     HV_VM_ACCOUNT);
	mm_madvise(mm, va, PAGES(4), MADV_DONTFORK);
	mm_madvise(mm, va, PAGES(4), MADV_DONTDUMP);
	mm_madvise(mm, va, PAGES(4), MADV_HUGEPAGE);
	cr_assert_eq(at(va).vm_flags, HV_VM_READ | HV_VM_WRITE | may |
					      HV_VM_ACCOUNT | HV_VM_DONTCOPY |
					      HV_VM_DONTDUMP | HV_VM_HUGEPAGE);
}

Test(mm_walk, a_shared_mapping_may_be_shared)
{
	uint64_t va = (uint64_t)map(0, 1, RW, MAP_SHARED | MAP_ANONYMOUS);

	cr_assert(at(va).vm_flags & HV_VM_MAYSHARE);
	cr_assert(at(va).vm_flags & HV_VM_SHARED);
	cr_assert(at(va).shm);
	cr_assert_eq(at(va).file, 0);
}

Test(mm_walk, what_was_not_touched_is_not_resident)
{
	struct hv_desc_smaps s = sums(map_some(4, RW), 4);

	cr_assert_eq(s.rss, 0);
	cr_assert_eq(s.pss, 0);
}

Test(mm_walk, the_zero_page_is_nobodys)
{
	uint64_t va = map_some(4, RW);

	touch(va, READ);
	cr_assert_eq(sums(va, 4).rss, 0);
}

Test(mm_walk, a_written_page_is_anonymous_private_and_dirty)
{
	uint64_t va = map_some(4, RW);
	struct hv_desc_smaps s;

	store(va + PAGES(2), 1);
	s = sums(va, 4);
	cr_assert_eq(s.rss, PAGE_SIZE);
	cr_assert_eq(s.anonymous, PAGE_SIZE);
	cr_assert_eq(s.referenced, PAGE_SIZE);
	cr_assert_eq(s.private_dirty, PAGE_SIZE);
	cr_assert_eq(s.private_clean + s.shared_clean + s.shared_dirty, 0);
	cr_assert_eq(s.pss >> HV_PSS_SHIFT, PAGE_SIZE);
	cr_assert_eq(s.pss_anon, s.pss);
	cr_assert_eq(s.pss_dirty, s.pss);
}

/* The same page of the file in two mappings: half of it is each one's. */
Test(mm_walk, a_file_page_mapped_twice_counts_half)
{
	uint64_t va = (uint64_t)mm_mmap(mm, 0, PAGES(4), PROT_READ, MAP_PRIVATE,
					1, 0);
	struct hv_desc_smaps s;

	touch(TEXT, READ);
	cr_assert_eq(sums(TEXT, 1).private_clean, PAGE_SIZE);
	touch(va, READ);
	s = sums(va, 1);
	cr_assert_eq(s.rss, PAGE_SIZE);
	cr_assert_eq(s.shared_clean, PAGE_SIZE);
	cr_assert_eq(s.pss_file >> HV_PSS_SHIFT, PAGE_SIZE / 2);
	cr_assert_eq(s.anonymous, 0);
}

Test(mm_walk, shared_anonymous_pages_are_shmem)
{
	uint64_t va = (uint64_t)map(0, 2, RW, MAP_SHARED | MAP_ANONYMOUS);
	struct hv_desc_smaps s;

	store(va, 1);
	s = sums(va, 2);
	cr_assert_eq(s.pss_shmem >> HV_PSS_SHIFT, PAGE_SIZE);
	cr_assert_eq(s.anonymous, 0);
}

Test(mm_walk, pagemap_names_the_frame)
{
	uint64_t out[3], va = map_some(3, RW);

	store(va + PAGES(1), 1);
	mm_pagemap(mm, va, 3, out);
	cr_assert_eq(out[0], HV_PAGEMAP_TABLE);
	cr_assert_eq(out[1], 1ull << 63 | 1ull << 56 |
				     page_to_pfn(frame_at(va + PAGES(1))));
	cr_assert_eq(out[2], HV_PAGEMAP_TABLE);
	mm_pagemap(mm, 1ull << 40, 1, out);
	cr_assert_eq(out[0], 0);
	touch(va, READ);
	mm_pagemap(mm, va, 1, out);
	cr_assert_eq(out[0],
		     1ull << 63 | HV_PAGEMAP_ZERO | mm_machine.zero_pfn);
	touch(TEXT, READ);
	mm_pagemap(mm, TEXT, 1, out);
	cr_assert(out[0] >> 61 & 1);
}

/* ---- clear_refs -------------------------------------------------------- */

static uint64_t referenced(uint64_t va)
{
	return sums(va, 1).referenced / PAGE_SIZE;
}

Test(mm_walk, clear_refs_goes_by_what_is_mapped)
{
	uint64_t own = map_some(1, RW);
	uint64_t shared = (uint64_t)map(0, 1, RW, MAP_SHARED | MAP_ANONYMOUS);

	store(own, 1);
	store(shared, 1);
	touch(TEXT, READ);
	cr_assert_eq(mm_clear_refs(mm, MM_CLEAR_MAPPED), 0);
	cr_assert_eq(referenced(own), 1);
	cr_assert_eq(referenced(shared), 0);
	cr_assert_eq(referenced(TEXT), 0);
	cr_assert_eq(mm_clear_refs(mm, MM_CLEAR_ANON), 0);
	cr_assert_eq(referenced(own), 0);
	cr_assert_eq(sums(own, 1).private_dirty, PAGE_SIZE);
	fault(own, HV_FAULTF_UPCALL);
	cr_assert_eq(referenced(own), 1);
	cr_assert_eq(mm_clear_refs(mm, MM_CLEAR_SOFT_DIRTY), 0);
	cr_assert_eq(referenced(own), 1);
	cr_assert_eq(mm_clear_refs(mm, MM_CLEAR_ALL), 0);
	cr_assert_eq(referenced(own), 0);
	cr_assert_eq(mm_clear_refs(mm, 0), -EINVAL);
	cr_assert_eq(mm_clear_refs(mm, 6), -EINVAL);
}

Test(mm_walk, clear_refs_forgets_the_peak)
{
	uint64_t va = map_some(8, RW);
	struct hv_desc_mm s;

	for (unsigned i = 0; i < 8; i++)
		store(va + PAGES(i), 1);
	mm_munmap(mm, va, PAGES(7));
	mm_stat(mm, &s);
	cr_assert_eq(s.hiwater_rss, 8);
	cr_assert_eq(mm_clear_refs(mm, MM_CLEAR_PEAK), 0);
	mm_stat(mm, &s);
	cr_assert_eq(s.hiwater_rss, 1);
}

Test(mm_walk, peaks_stay_when_memory_goes)
{
	uint64_t va = map_some(8, RW);
	struct hv_desc_mm s;

	for (unsigned i = 0; i < 8; i++)
		store(va + PAGES(i), 1);
	mm_munmap(mm, va, PAGES(8));
	mm_stat(mm, &s);
	cr_assert_eq(s.rss_anon, 0);
	cr_assert_eq(s.hiwater_rss, 8);
	cr_assert_eq(s.hiwater_vm, s.total_vm + 8);
	cr_assert_eq(s.map_count, 5);
	cr_assert_eq(s.start_brk, HEAP);
}
