/*
 * test_mm_special.c: the vDSO and its data in an address space: files of
 * execve by number and size, mappings that never merge, faults page by page.
 */
#include "hv_boot.h"
#include "hv_describe.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "mm_fixture.h"

#define AREA (MMAP_BASE - PAGES(8))

static struct hv_exec e;

static void setup(void)
{
	machine_begin();
	fixture_exec(&e);
}

TestSuite(mm_special, .init = setup);

static void add_map(uint64_t start, unsigned pages, uint64_t offset,
		    uint32_t prot, uint32_t kind, uint32_t file)
{
	e.maps[e.nr_maps++] = (struct hv_map){
		.start = start,
		.end = start + PAGES(pages),
		.offset = offset,
		.prot = prot,
		.kind = kind,
		.file = file,
	};
}

/* [vvar] of 4, [vvar_vclock] of 2, [vdso] of 2 pages, of one file. */
static void add_vdso(void)
{
	uint32_t file = shim_file_add_pattern(PAGES(8));

	e.files[e.nr_files++] =
		(struct hv_exec_file){.size = PAGES(8), .file = file};
	add_map(AREA, 4, 0, PROT_READ, HV_MAP_VVAR, file);
	add_map(AREA + PAGES(4), 2, PAGES(4), PROT_READ, HV_MAP_VCLOCK, file);
	add_map(AREA + PAGES(6), 2, PAGES(6), RX, HV_MAP_VDSO, file);
}

static void create(void)
{
	mm = mm_create(&e);
	cr_assert_not_null(mm);
	assert_sound(mm_check(mm));
}

static void must_fault(uint64_t va, uint32_t access)
{
	cr_assert_eq(mm_fault(mm, va, access, 4, 0x1234, &rec), 0);
}

Test(mm_special, a_file_that_is_not_listed_is_refused)
{
	add_vdso();
	e.nr_files--;
	cr_assert_null(mm_create(&e));
	assert_all_is_back();
}

Test(mm_special, more_files_than_fit_are_refused)
{
	e.nr_files = HV_EXEC_FILES_MAX + 1;
	cr_assert_null(mm_create(&e));
	assert_all_is_back();
}

Test(mm_special, each_file_has_its_own_size)
{
	add_vdso();
	e.files[1].size = PAGES(7);
	create();
	must_fault(AREA + PAGES(6), HV_ACCESS_USER);
	cr_assert_eq(mm_fault(mm, AREA + PAGES(7), HV_ACCESS_USER, 4, 0, &rec),
		     -EFAULT);
	cr_assert_eq(rec.outcome, HV_FAULT_SIGBUS);
	mm_end();
}

Test(mm_special, they_fault_page_by_page)
{
	add_vdso();
	create();
	must_fault(AREA + PAGES(7) + 8, EXEC);
	cr_assert_eq(rec.outcome, HV_FAULT_FILE_READ);
	cr_assert_eq(rec.map_kind, HV_MAP_VDSO);
	cr_assert_eq(rec.around, 0);
	must_fault(AREA + PAGES(6), HV_ACCESS_USER);
	cr_assert_eq(rec.outcome, HV_FAULT_FILE_READ);
	must_fault(AREA, HV_ACCESS_USER);
	cr_assert_eq(rec.map_kind, HV_MAP_VVAR);
	cr_assert_eq(rec.around, 0);
	mm_end();
}

/* On Linux the kernel has them in its memory, whoever reads them first. */
Test(mm_special, their_faults_are_minor)
{
	add_vdso();
	create();
	must_fault(AREA, HV_ACCESS_USER);
	cr_assert(!(rec.access & HV_FAULTF_MAJOR));
	must_fault(AREA + PAGES(6), HV_ACCESS_USER);
	cr_assert(!(rec.access & HV_FAULTF_MAJOR));
	mm_end();
}

Test(mm_special, pages_of_vvar_are_counted_nowhere)
{
	struct hv_desc_smaps sum = {0};
	uint64_t entry;

	add_vdso();
	create();
	must_fault(AREA, HV_ACCESS_USER);
	must_fault(AREA + PAGES(4), HV_ACCESS_USER);
	cr_assert_eq(mm->rss[RSS_FILE], 0);
	cr_assert_eq(frame_at(AREA)->mapcount, 0);
	mm_smaps_add(mm, AREA, AREA + PAGES(8), &sum);
	cr_assert_eq(sum.rss, 0);
	mm_pagemap(mm, AREA, 1, &entry);
	cr_assert_eq(entry, 0);
	cr_assert_not_null(mm_user_page(mm, AREA, false));
	must_fault(AREA + PAGES(6), HV_ACCESS_USER);
	cr_assert_eq(mm->rss[RSS_FILE], 1);
	/* Rights come and go, the frame stays nobody's. */
	cr_assert_eq(mm_mprotect(mm, AREA, PAGES(4), PROT_NONE), 0);
	assert_sound(mm_check(mm));
	cr_assert_eq(mm_mprotect(mm, AREA, PAGES(4), PROT_READ), 0);
	cr_assert_eq(mm_mremap(mm, AREA, PAGES(4), PAGES(4),
			       MREMAP_MAYMOVE | MREMAP_FIXED, 0x10000000),
		     0x10000000);
	assert_sound(mm_check(mm));
	cr_assert_eq(mm_munmap(mm, 0x10000000, PAGES(4)), 0);
	mm_end();
}

Test(mm_special, they_are_whole_or_gone)
{
	uint64_t count;

	add_vdso();
	create();
	count = mm->vmas.count;
	for (unsigned i = 0; i < 6; i += 4) {
		uint64_t va = AREA + PAGES(i);

		cr_assert_eq(mm_munmap(mm, va, PAGES(1)), -EINVAL);
		cr_assert_eq(mm_munmap(mm, va + PAGES(1), PAGES(1)), -EINVAL);
		cr_assert_eq(mm_mprotect(mm, va, PAGES(1), PROT_NONE), -EINVAL);
		cr_assert_eq(mm_mseal(mm, va, PAGES(1), 0), -EINVAL);
		cr_assert_eq(mm_madvise(mm, va, PAGES(1), MADV_RANDOM),
			     -EINVAL);
		cr_assert_eq(mm_mremap(mm, va, PAGES(1), PAGES(1),
				       MREMAP_MAYMOVE | MREMAP_FIXED,
				       0x10000000),
			     -EINVAL);
		cr_assert_eq(map(va + PAGES(1), 1, RW, ANON | MAP_FIXED),
			     -EINVAL);
	}
	cr_assert_eq(mm->vmas.count, count);
	cr_assert_eq(mm_munmap(mm, AREA, PAGES(4)), 0);
	mm_end();
}

Test(mm_special, vvar_is_for_reading_alone)
{
	add_vdso();
	create();
	cr_assert_eq(mm_mprotect(mm, AREA, PAGES(4), RW), -EACCES);
	cr_assert_eq(mm_mprotect(mm, AREA, PAGES(4), RX), -EACCES);
	cr_assert_eq(mm_madvise(mm, AREA, PAGES(4), MADV_DONTNEED), -EINVAL);
	cr_assert_eq(mm_madvise(mm, AREA, PAGES(4), MADV_COLD), -EINVAL);
	cr_assert_eq(mm_madvise(mm, AREA, PAGES(4), MADV_POPULATE_READ),
		     -EINVAL);
	cr_assert_eq(mm_mprotect(mm, AREA + PAGES(6), PAGES(2), RW), 0);
	store(AREA + PAGES(6), 1);
	cr_assert_eq(mm->rss[RSS_ANON], 1);
	mm_end();
}

/* [vvar] and [vvar_vclock] continue each other in file and rights. */
Test(mm_special, neighbours_stay_apart)
{
	uint32_t others = e.nr_maps;

	add_vdso();
	create();
	cr_assert_eq(mm->vmas.count, others + 3);
	mm_end();
}
