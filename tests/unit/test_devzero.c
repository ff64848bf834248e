/*
 * test_devzero.c: mappings of /dev/zero: do they have the file's name and
 * offset, and the pages of anonymous memory?
 */
#include "hv_call.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "mm_fixture.h"

#define FD    5
#define OTHER 6
#define VA    0x10000000ull
#define AT(n) (VA + PAGES(n))

static uint32_t zero;

static void begin(void)
{
	mm_begin();
	zero = shim_file_add_pattern(0);
	for (int fd = FD; fd <= OTHER; fd++) {
		shim_fd_set(fd, zero);
		shim_fd_set_flags(fd, HV_FILE_ZERO | HV_FILE_WRITABLE);
	}
}

TestSuite(devzero, .init = begin, .fini = mm_end);

static void map_zero(unsigned page, unsigned n, uint32_t flags, int fd,
		     uint64_t offset)
{
	cr_assert_eq(mm_mmap(mm, AT(page), PAGES(n), RW, flags | MAP_FIXED, fd,
			     PAGES(offset)),
		     (int64_t)AT(page));
	assert_sound(mm_check(mm));
}

static int first(struct mm *m, const struct hv_desc_vma *v, void *ctx)
{
	(void)m;
	*(struct hv_desc_vma *)ctx = *v;
	return 1;
}

static struct hv_desc_vma shown(uint64_t va)
{
	struct hv_desc_vma v = {0};

	mm_for_each_vma(mm, va, first, &v);
	return v;
}

Test(devzero, private_memory_has_a_name_and_an_offset)
{
	struct hv_desc_vma v;

	map_zero(0, 4, MAP_PRIVATE, FD, 16);
	cr_assert_eq(fault(AT(1), READ), HV_FAULT_ZERO_PAGE);
	cr_assert_eq(fault(AT(2), WRITE), HV_FAULT_ANON_ZERO);
	cr_assert_eq(rec.file, zero);
	cr_assert_eq(rec.map_kind, HV_MAP_FILE);
	cr_assert_eq(rec.map_offset, PAGES(16));
	cr_assert_eq(mm->rss[RSS_ANON], 1);
	v = shown(AT(0));
	cr_assert_eq(v.file, zero);
	cr_assert_eq(v.offset, PAGES(16));
	cr_assert_eq(mm_madvise(mm, AT(0), PAGES(4), MADV_PAGEOUT), 0);
	cr_assert_eq(mm_madvise(mm, AT(0), PAGES(4), MADV_FREE), 0);
	cr_assert_eq(mm_madvise(mm, AT(0), PAGES(4), MADV_WIPEONFORK), -EINVAL);
	cr_assert_eq(mm_madvise(mm, AT(0), PAGES(4), MADV_REMOVE), -EACCES);
	cr_assert_eq(mm->rss[RSS_ANON], 1);
}

Test(devzero, what_continues_the_same_opening_merges)
{
	map_zero(0, 2, MAP_PRIVATE, FD, 0);
	map_zero(2, 2, MAP_PRIVATE, FD, 2);
	cr_assert(vma_is(AT(0), AT(0), AT(4)));
	map_zero(4, 2, MAP_PRIVATE, FD, 0);
	map_zero(6, 2, MAP_PRIVATE, OTHER, 2);
	map(AT(8), 1, RW, ANON | MAP_FIXED);
	cr_assert(vma_is(AT(0), AT(0), AT(4)));
	cr_assert(vma_is(AT(4), AT(4), AT(6)));
	cr_assert(vma_is(AT(6), AT(6), AT(8)));
}

Test(devzero, moved_untouched_it_is_as_if_mapped_there)
{
	map_zero(0, 4, MAP_PRIVATE, FD, 1);
	cr_assert_eq(mm_mremap(mm, AT(0), PAGES(4), PAGES(4),
			       MREMAP_MAYMOVE | MREMAP_FIXED, AT(16)),
		     (int64_t)AT(16));
	cr_assert_eq(shown(AT(16)).offset, AT(16));
	store(AT(17), 7);
	cr_assert_eq(mm_mremap(mm, AT(16), PAGES(4), PAGES(4),
			       MREMAP_MAYMOVE | MREMAP_FIXED, AT(32)),
		     (int64_t)AT(32));
	cr_assert_eq(shown(AT(32)).offset, AT(16));
	cr_assert_eq(load(AT(33)), 7);
}

Test(devzero, shared_it_is_memory_of_its_own)
{
	map_zero(0, 2, MAP_SHARED, FD, 1);
	cr_assert_eq(shown(AT(0)).file, 0);
	cr_assert_neq(shown(AT(0)).shm, 0);
	cr_assert_eq(shown(AT(0)).offset, PAGES(1));
	cr_assert_eq(fault(AT(0), WRITE), HV_FAULT_ANON_ZERO);
	cr_assert_eq(mm->rss[RSS_SHMEM], 1);
	cr_assert_eq(fault(AT(1), READ), HV_FAULT_SIGBUS,
		     "its two pages are 0 and 1");
}

Test(devzero, shared_for_reading_it_is_zero_for_good)
{
	shim_fd_set_flags(FD, HV_FILE_ZERO);
	cr_assert_eq(mm_mmap(mm, AT(0), PAGES(1), PROT_READ,
			     MAP_SHARED | MAP_FIXED, FD, 0),
		     (int64_t)AT(0));
	cr_assert_eq(shown(AT(0)).file, zero);
	cr_assert_eq(fault(AT(0), READ), HV_FAULT_ZERO_PAGE);
	cr_assert_eq(mm_mprotect(mm, AT(0), PAGES(1), RW), -EACCES);
}

Test(devzero, offsets_are_those_of_a_device)
{
	cr_assert_eq(mm_mmap(mm, AT(0), PAGES(1), RW, MAP_PRIVATE | MAP_FIXED,
			     FD, -PAGES(2)),
		     (int64_t)AT(0));
	cr_assert_eq(mm_mmap(mm, AT(1), PAGES(1), RW, MAP_PRIVATE | MAP_FIXED,
			     FD, -PAGES(1)),
		     -EOVERFLOW);
}

Test(devzero, private_mappings_are_aligned_where_linux_aligns_them)
{
	const uint64_t len = 2 * PT_SPAN_2M + PAGE_SIZE;
	int64_t va;

	shim_fd_set_flags(FD, HV_FILE_ZERO | HV_FILE_HUGE | HV_FILE_WRITABLE);
	va = mm_mmap(mm, 0, len, RW, MAP_PRIVATE, FD, 0);
	cr_assert_eq(va & (int64_t)(PT_SPAN_2M - 1), 0);
	va = mm_mmap(mm, 0, len, RW, MAP_SHARED, FD, 0);
	cr_assert_neq(va & (int64_t)(PT_SPAN_2M - 1), 0);
}
