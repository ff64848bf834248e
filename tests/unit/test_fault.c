/*
 * test_fault.c: what a page fault means, and its cure.
 *
 * touch() is a processor: it faults until the access works. fault() is one
 * fault, and gives its outcome.
 */
#include <signal.h>

#include "hv_fault.h"
#include "hv_map.h"
#include "mm_fixture.h"

TestSuite(fault, .init = mm_begin, .fini = mm_end);

/* ---- Anonymous --------------------------------------------------------- */

Test(fault, reading_fresh_memory_maps_the_zero_page)
{
	uint64_t free, va = map_some(2, RW);

	touch(va + PAGE_SIZE, READ); /* makes the tables */
	free = frames_free();
	cr_assert_eq(fault(va, READ), HV_FAULT_ZERO_PAGE);
	cr_assert_eq(rec.pfn, mm_machine.zero_pfn);
	cr_assert_eq(frames_free(), free);
	cr_assert_eq(pte_at(va) &
			     (PTE_P | PTE_US | PTE_RW | PTE_A | PTE_D | PTE_NX),
		     PTE_P | PTE_US | PTE_A | PTE_NX);
	cr_assert(frame_is(va, 0));
	cr_assert_eq(mm->rss[RSS_ANON], 0);
}

/* Linux do_anonymous_page: dirty if the mapping may be written to. */
Test(fault, where_reads_map_no_zero_page_they_get_a_frame)
{
	uint64_t va = map_some(2, RW), ro = map_some(1, PROT_READ);

	mm_machine.read_zero = false;
	cr_assert_eq(fault(va, READ), HV_FAULT_ANON_ZERO);
	cr_assert_eq(fault(ro, READ), HV_FAULT_ANON_ZERO);
	cr_assert(frame_is(va, 0));
	cr_assert_eq(pte_at(va) & (PTE_RW | PTE_D), PTE_RW | PTE_D);
	cr_assert_eq(pte_at(ro) & (PTE_RW | PTE_D), 0);
	cr_assert_eq(mm->rss[RSS_ANON], 2);
}

Test(fault, writing_fresh_memory_gives_a_zeroed_frame)
{
	uint64_t va = map_some(2, RW);

	cr_assert_eq(fault(va + 5, WRITE), HV_FAULT_ANON_ZERO);
	cr_assert_neq(rec.pfn, mm_machine.zero_pfn);
	cr_assert_eq(rec.old_pfn, 0);
	cr_assert_eq(pte_at(va) &
			     (PTE_P | PTE_US | PTE_RW | PTE_A | PTE_D | PTE_NX),
		     PTE_P | PTE_US | PTE_RW | PTE_A | PTE_D | PTE_NX);
	cr_assert(frame_is(va, 0));
	cr_assert_eq(frame_at(va)->flags, PG_ANON);
	cr_assert_eq(frame_at(va)->refcount, 1);
	cr_assert_eq(frame_at(va)->mapcount, 1);
	cr_assert_eq(mm->rss[RSS_ANON], 1);
	cr_assert_eq(pte_at(va + PAGE_SIZE), 0);
}

Test(fault, a_frame_used_before_comes_back_zeroed)
{
	uint64_t va = map_some(1, RW);

	for (unsigned i = 0; i < 20; i++) {
		store(va, 1);
		cr_assert(!frame_is(va, 1));
		memset(user(va), 0x55, PAGE_SIZE);
		cr_assert_eq(mm_munmap(mm, va, PAGE_SIZE), 0);
		cr_assert_eq((uint64_t)map(va, 1, RW, ANON | MAP_FIXED), va);
		cr_assert_eq(fault(va, WRITE), HV_FAULT_ANON_ZERO);
		cr_assert(frame_is(va, 0));
	}
}

Test(fault, writing_after_reading_breaks_the_zero_page)
{
	uint64_t va = map_some(1, RW);

	fault(va, READ);
	shim_flush_forget();
	cr_assert_eq(fault(va, WRITE), HV_FAULT_COW);
	cr_assert_eq(rec.old_pfn, mm_machine.zero_pfn);
	cr_assert_neq(rec.pfn, mm_machine.zero_pfn);
	cr_assert_eq(rec.pfn, page_to_pfn(frame_at(va)));
	cr_assert(frame_is(va, 0));
	cr_assert_eq(shim_pages_copied(), 0, "zeroed, not copied");
	cr_assert(shim_flushed(va), "the frame changed");
	cr_assert_eq(shim_flushes(), 1);
	cr_assert_eq(touch(va, WRITE), 0);
}

Test(fault, what_was_absent_needs_no_flush)
{
	uint64_t va = map_some(3, RW);

	fault(va, READ);
	fault(va + PAGE_SIZE, WRITE);
	fault(TEXT, EXEC);
	fault(DATA, WRITE);
	cr_assert_eq(shim_flushes(), 0);
}

Test(fault, shared_anonymous_memory_has_no_zero_page)
{
	uint64_t va = (uint64_t)map(0, 1, RW, MAP_SHARED | MAP_ANONYMOUS);

	cr_assert_eq(fault(va, READ), HV_FAULT_ANON_ZERO);
	cr_assert(pte_at(va) & PTE_RW);
	cr_assert_eq(mm->rss[RSS_SHMEM], 1);
	cr_assert_eq(touch(va, WRITE), 0);
	cr_assert_eq(rec.map_flags, HV_MAPF_SHARED);
}

/* ---- Sole owner or not ------------------------------------------------- */

/* Write-protect behind the kernel's back, as fork will. */
static void make_read_only(uint64_t va)
{
	pte_t *p = pt_walk(mm->root, va);

	arch_pte_set(p, (pte_t){arch_pte_get(p).v & ~PTE_RW});
}

Test(fault, the_sole_owner_of_a_frame_writes_in_place)
{
	uint64_t pfn, va = map_some(1, RW);

	store(va, 9);
	pfn = rec.pfn;
	make_read_only(va);
	cr_assert_eq(fault(va, WRITE), HV_FAULT_REUSE);
	cr_assert_eq(rec.pfn, pfn);
	cr_assert_eq(rec.old_pfn, pfn);
	cr_assert_eq(*user(va), 9);
	cr_assert(pte_at(va) & PTE_RW);
}

Test(fault, a_frame_that_others_use_is_copied)
{
	uint64_t va = map_some(1, RW);
	struct page *old;

	store(va, 9);
	old = frame_at(va);
	page_get(old);
	make_read_only(va);
	shim_flush_forget();
	cr_assert_eq(fault(va, WRITE), HV_FAULT_COW);
	cr_assert_eq(rec.old_pfn, page_to_pfn(old));
	cr_assert_neq(rec.pfn, rec.old_pfn);
	cr_assert(shim_flushed(va));
	cr_assert_eq(*user(va), 9);
	cr_assert_eq(old->refcount, 1);
	cr_assert_eq(old->mapcount, 0);
	old->flags = 0;
	page_put(old);
}

Test(fault, a_stale_translation_is_spurious)
{
	uint64_t va = map_some(1, RW);

	store(va, 3);
	shim_flush_forget();
	cr_assert_eq(fault(va, WRITE), HV_FAULT_SPURIOUS);
	cr_assert(shim_flushed(va));
	cr_assert_eq(rec.pfn, page_to_pfn(frame_at(va)));
	cr_assert_eq(fault(TEXT, EXEC), HV_FAULT_FILE_READ);
	cr_assert_eq(fault(TEXT, EXEC), HV_FAULT_SPURIOUS);
}

/* ---- Upcalls ----------------------------------------------------------- */

Test(fault, an_upcall_for_an_accessible_page_is_silent)
{
	uint64_t va = map_some(1, RW), faults;
	pte_t *p;

	store(va, 1);
	p = pt_walk(mm->root, va);
	arch_pte_set(p, (pte_t){arch_pte_get(p).v & ~(PTE_A | PTE_D)});
	faults = mm_machine.faults;
	cr_assert_eq(fault(va, HV_FAULTF_UPCALL), -1);
	cr_assert_eq(rec.pfn, 0xeeeeeeeeeeeeeeeeull, "record untouched");
	cr_assert_eq(pte_at(va) & (PTE_A | PTE_D), PTE_A);
	cr_assert_eq(fault(va, HV_FAULTF_UPCALL | HV_ACCESS_WRITE), -1);
	cr_assert_eq(pte_at(va) & (PTE_A | PTE_D), PTE_A | PTE_D);
	cr_assert_eq(mm_machine.faults, faults);
}

Test(fault, an_upcall_for_an_absent_page_is_a_fault)
{
	uint64_t va = map_some(1, RW);

	cr_assert_eq(fault(va, HV_FAULTF_UPCALL | HV_ACCESS_WRITE),
		     HV_FAULT_ANON_ZERO);
	cr_assert_eq(rec.access, HV_FAULTF_UPCALL | HV_ACCESS_WRITE);
}

Test(fault, an_upcall_may_not_write_what_the_program_may_not)
{
	cr_assert_eq(fault(TEXT, HV_FAULTF_UPCALL | HV_ACCESS_WRITE),
		     HV_FAULT_SEGV_ACCERR);
	cr_assert_eq(fault(0x1000, HV_FAULTF_UPCALL), HV_FAULT_SEGV_MAPERR);
}

/* ---- Forced: /proc/PID/mem --------------------------------------------- */

#define FORCE	    (HV_FAULTF_UPCALL | HV_FAULTF_FORCE)
#define FORCE_WRITE (FORCE | HV_ACCESS_WRITE)

Test(fault, a_forced_write_copies_and_gives_no_right)
{
	uint64_t va = map_some(1, RW);
	uint64_t before;

	store(va, 7);
	before = rec.pfn;
	mm_mprotect(mm, va, PAGE_SIZE, PROT_READ);
	cr_assert_eq(fault(va, FORCE_WRITE), -1); /* its own already: silent */
	cr_assert_eq(page_to_pfn(frame_at(va)), before);
	cr_assert_eq(pte_at(va) & (PTE_P | PTE_RW | PTE_D), PTE_P | PTE_D);
	cr_assert_eq(fault(TEXT, FORCE_WRITE), HV_FAULT_FILE_COW);
	cr_assert_eq(rec.access & ~HV_FAULTF_MAJOR,
		     HV_FAULTF_UPCALL | HV_ACCESS_WRITE);
	cr_assert_eq(pte_at(TEXT) & (PTE_RW | PTE_D | PTE_NX), PTE_D);
	cr_assert_eq(fault(TEXT, FORCE_WRITE), -1);
	cr_assert_eq(fault(TEXT, WRITE), HV_FAULT_SEGV_ACCERR);
}

Test(fault, a_forced_access_to_no_access_memory_leaves_it_so)
{
	uint64_t va = map_some(2, PROT_NONE);

	cr_assert_eq(fault(va, FORCE), HV_FAULT_ZERO_PAGE);
	cr_assert_eq(pte_at(va) & (PTE_P | PTE_PROTNONE), PTE_PROTNONE);
	cr_assert_eq(fault(va, FORCE_WRITE), HV_FAULT_COW);
	cr_assert_eq(fault(va + PAGE_SIZE, FORCE_WRITE), HV_FAULT_ANON_ZERO);
	cr_assert_eq(pte_at(va) & (PTE_P | PTE_PROTNONE), PTE_PROTNONE);
	cr_assert_eq(fault(va, READ), HV_FAULT_SEGV_ACCERR);
	mm_mprotect(mm, va, PAGES(2), RW);
	cr_assert_eq(load(va), 0);
}

Test(fault, a_forced_write_to_shared_memory_needs_the_right)
{
	uint64_t va =
		(uint64_t)map(0, 1, PROT_READ, MAP_SHARED | MAP_ANONYMOUS);

	cr_assert_eq(fault(va, FORCE_WRITE), HV_FAULT_SEGV_ACCERR);
	mm_mprotect(mm, va, PAGE_SIZE, PROT_NONE);
	cr_assert_eq(fault(va, FORCE), HV_FAULT_ANON_ZERO);
	cr_assert_eq(fault(va, FORCE_WRITE), HV_FAULT_SEGV_ACCERR);
	cr_assert_eq(fault(0x1000, FORCE), HV_FAULT_SEGV_MAPERR);
}

/* ---- Signals ----------------------------------------------------------- */

Test(fault, where_nothing_is_mapped_it_is_maperr)
{
	static const uint64_t vas[] = {
		0,	    0x3ff000, HEAP, MMAP_BASE, STACK_TOP + 0x1000,
		1ull << 47, ~0ull};

	for (unsigned i = 0; i < sizeof(vas) / sizeof(vas[0]); i++) {
		cr_assert_eq(fault(vas[i], READ), HV_FAULT_SEGV_MAPERR,
			     "at %#lx", vas[i]);
		cr_assert_eq(rec.map_start | rec.map_end | rec.pfn, 0);
		cr_assert_eq(rec.va, vas[i]);
	}
}

Test(fault, what_the_mapping_forbids_is_accerr)
{
	uint64_t none = map_some(1, PROT_NONE);

	cr_assert_eq(fault(TEXT, WRITE), HV_FAULT_SEGV_ACCERR);
	cr_assert_eq(rec.map_start, TEXT);
	cr_assert_eq(fault(none, READ), HV_FAULT_SEGV_ACCERR);
	cr_assert_eq(fault(none, WRITE), HV_FAULT_SEGV_ACCERR);
	cr_assert_eq(fault(none, EXEC), HV_FAULT_SEGV_ACCERR);
	cr_assert_eq(pte_at(none), 0);
}

/* x86: an absent page is brought in first, the retry has the P bit set. */
Test(fault, running_data_fails_at_the_second_fault)
{
	uint64_t va = map_some(1, RW);

	cr_assert_eq(fault(va, EXEC), HV_FAULT_ZERO_PAGE);
	cr_assert_eq(fault(va, EXEC), HV_FAULT_SEGV_ACCERR);
	store(va, 1);
	cr_assert_eq(fault(va, EXEC), HV_FAULT_SEGV_ACCERR);
}

Test(fault, writable_memory_is_readable)
{
	uint64_t w = map_some(1, PROT_WRITE), x = map_some(1, PROT_EXEC);

	cr_assert_eq(touch(w, READ), 1);
	cr_assert_eq(touch(x, READ), 1);
	cr_assert_eq(touch(x, EXEC), 0);
}

Test(fault, a_reserved_bit_is_a_panic, .signal = SIGABRT)
{
	struct hv_fault r;

	mm_fault(mm, TEXT, READ, 8, 0, &r);
}

/* ---- The stack --------------------------------------------------------- */

Test(fault, the_stack_grows_to_where_it_is_touched)
{
	uint64_t va = STACK_LOW - PAGES(3) - 8, total = mm->total_vm;

	cr_assert_eq(fault(va, WRITE), HV_FAULT_STACK_GROWTH);
	cr_assert_eq(rec.map_start, STACK_LOW - PAGES(4));
	cr_assert_eq(rec.map_kind, HV_MAP_STACK);
	cr_assert_eq(rec.map_flags, HV_MAPF_GROWSDOWN);
	cr_assert_eq(mm->total_vm, total + 4);
	cr_assert_eq(fault(va + PAGES(1), WRITE), HV_FAULT_ANON_ZERO);
	cr_assert_eq(fault(va - PAGES(1), READ), HV_FAULT_STACK_GROWTH);
	cr_assert_eq(rec.pfn, mm_machine.zero_pfn);
}

Test(fault, the_stack_grows_to_its_limit_and_no_further)
{
	uint64_t end = STACK_LOW + PAGES(14);

	cr_assert_eq(fault(end - MIB - 1, WRITE), HV_FAULT_SEGV_MAPERR);
	cr_assert_eq(rec.map_start, 0);
	cr_assert_eq(fault(end - MIB, WRITE), HV_FAULT_STACK_GROWTH);
	cr_assert_eq(fault(end - MIB - 1, WRITE), HV_FAULT_SEGV_MAPERR);
}

Test(fault, the_stack_keeps_its_distance_from_a_mapping)
{
	uint64_t below = STACK_LOW - 2 * VMA_GUARD_GAP;

	mm->rlim_stack = ~0ull;
	cr_assert_eq(map(below, 1, RW, ANON | MAP_FIXED), (int64_t)below);
	cr_assert_eq(fault(below + PAGES(257) - 1, WRITE),
		     HV_FAULT_SEGV_MAPERR);
	cr_assert_eq(fault(below + PAGES(257), WRITE), HV_FAULT_STACK_GROWTH);
}

Test(fault, the_stack_may_touch_what_nobody_can_access)
{
	uint64_t below = STACK_LOW - PAGES(20);

	map(below, 1, PROT_NONE, ANON | MAP_FIXED);
	cr_assert_eq(fault(below + PAGES(1), WRITE), HV_FAULT_STACK_GROWTH);
}

Test(fault, the_address_space_limit_holds_for_the_stack)
{
	mm->rlim_as = PAGES(mm->total_vm + 1);
	cr_assert_eq(fault(STACK_LOW - PAGES(2), WRITE), HV_FAULT_SEGV_MAPERR);
	cr_assert_eq(fault(STACK_LOW - PAGES(1), WRITE), HV_FAULT_STACK_GROWTH);
}

Test(fault, the_data_limit_does_not_concern_the_stack)
{
	mm->rlim_data = PAGES(mm->data_vm);
	cr_assert_eq(fault(STACK_LOW - PAGES(1), WRITE), HV_FAULT_STACK_GROWTH);
}

/* ---- The record -------------------------------------------------------- */

Test(fault, the_record_says_it_all)
{
	fault(DATA + 0x18, WRITE);
	cr_assert_eq(rec.va, DATA + 0x18);
	cr_assert_eq(rec.ip, 0x401234);
	cr_assert_eq(rec.err, 6);
	cr_assert_eq(rec.map_start, DATA);
	cr_assert_eq(rec.map_end, BSS);
	cr_assert_eq(rec.map_offset, PAGES(6));
	cr_assert_eq(rec.map_kind, HV_MAP_FILE);
	cr_assert_eq(rec.map_prot, RW);
	cr_assert_eq(rec.map_flags, HV_MAPF_DENYWRITE);
	cr_assert_eq(rec.file, 1);
	cr_assert_eq(rec.pid, 42);
	cr_assert_eq(rec.tid, 42);
	cr_assert_eq(rec.order, 0);
	cr_assert_eq(rec.access, WRITE | HV_FAULTF_MAJOR);
	cr_assert_eq(rec.reserved, 0);
	cr_assert_eq(rec.seq, 1);
	cr_assert_eq(rec.tsc, 8, "the caller's");
	cr_assert_eq(rec.cycles, 9);
}

Test(fault, records_are_numbered_without_gaps)
{
	fault(DATA, WRITE);
	mm_fault_in(mm, BSS, WRITE); /* nobody's, so it has no record */
	fault(0, READ);		     /* a signal is one, too */
	cr_assert_eq(rec.seq, 2);
}

Test(fault, the_heap_begins_where_the_bss_ends)
{
	fault(BSS, WRITE);
	cr_assert_eq(rec.map_kind, HV_MAP_ANON);
	cr_assert_eq(rec.map_offset, 0);
	cr_assert_eq(rec.file, 0);
	mm_brk(mm, HEAP + 1);
	fault(BSS + PAGES(1), WRITE);
	cr_assert_eq(rec.map_kind, HV_MAP_ANON);
	fault(HEAP, WRITE);
	cr_assert_eq(rec.map_kind, HV_MAP_HEAP);
	cr_assert_eq(rec.map_start, HEAP);
}

/* ---- No memory --------------------------------------------------------- */

/* Let n allocations succeed, then none: whatever n, nothing is lost. */
static void fail_at_each(uint64_t va, uint32_t access)
{
	for (unsigned n = 0;; n++) {
		int outcome;

		shim_fail_allocs(n, ~0u);
		outcome = fault(va, access);
		shim_fail_allocs(0, 0);
		assert_sound(mm_check(mm));
		if (outcome != HV_FAULT_OOM) {
			cr_assert_lt(outcome, HV_FAULT_SEGV_MAPERR);
			return;
		}
		cr_assert_eq(rec.pfn, 0);
		cr_assert_eq(pte_at(va), 0);
		cr_assert_lt(n, 60);
	}
}

Test(fault, no_memory_for_an_anonymous_page)
{
	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	fail_at_each(map_some(1, RW), WRITE);
}

Test(fault, no_memory_for_a_file_page)
{
	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	fail_at_each(TEXT, EXEC);
	fail_at_each(DATA, WRITE);
}

Test(fault, no_memory_for_a_stack_page)
{
	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	fail_at_each(STACK_LOW - PAGES(2), WRITE);
}

Test(fault, no_memory_to_break_the_zero_page)
{
	uint64_t va = map_some(1, RW);

	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	fault(va, READ);
	shim_fail_allocs(0, 1);
	cr_assert_eq(fault(va, WRITE), HV_FAULT_OOM);
	cr_assert_eq(rec.old_pfn, 0);
	cr_assert(pte_at(va) & PTE_P, "the old page is still there");
	cr_assert_eq(fault(va, WRITE), HV_FAULT_COW);
}

Test(fault, a_machine_without_frames_is_oom)
{
	uint64_t va = map_some(1ull << 15, RW);
	int outcome = 0;

	for (uint64_t i = 0; i < 1ull << 15; i++) {
		outcome = fault(va + PAGES(i), WRITE);
		if (outcome != HV_FAULT_ANON_ZERO)
			break;
	}
	cr_assert_eq(outcome, HV_FAULT_OOM);
	cr_assert_eq(frames_free(), 0);
	mm_munmap(mm, va, PAGES(1ull << 15));
	cr_assert_gt(frames_free(), 10000);
}
