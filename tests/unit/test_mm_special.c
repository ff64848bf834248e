/*
 * test_mm_special.c: the vDSO and its data in an address space: files of
 * execve by number and size, mappings that never merge, faults page by page.
 */
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
	add_map(AREA + PAGES(4), 2, PAGES(4), PROT_READ, HV_MAP_VVAR, file);
	add_map(AREA + PAGES(6), 2, PAGES(6), RX, HV_MAP_VDSO, file);
}

static void create(void)
{
	mm = mm_create(&e);
	cr_assert_not_null(mm);
	cr_assert(mm_check(mm));
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

/* [vvar] and [vvar_vclock] continue each other in file and rights. */
Test(mm_special, neighbours_stay_apart)
{
	uint32_t others = e.nr_maps;

	add_vdso();
	create();
	cr_assert_eq(mm->vmas.count, others + 3);
	mm_end();
}
