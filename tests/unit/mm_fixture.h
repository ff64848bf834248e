/*
 * mm_fixture.h: one address space on a small machine, for tests of guest/mm.
 *
 *   0x400000  4 pages  r-x  file 1, page 0     text
 *   0x404000  2 pages  r--  file 1, page 4     constants
 *   0x406000  2 pages  rw-  file 1, page 6     data; the file ends in page 7
 *   0x408000  2 pages  rw-  anonymous          bss; brk is its end
 *   STACK_LOW 16 pages rw-  grows down         RLIMIT_STACK is 1 MiB
 *
 * mm_begin() makes it, mm_end() takes it down and asserts that every frame,
 * table, VMA, slab object and file reference is back.
 */
#ifndef MM_FIXTURE_H
#define MM_FIXTURE_H

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "account.h"
#include "buddy.h"
#include "calls.h"
#include "check.h"
#include "fault.h"
#include "filemap.h"
#include "guard.h"
#include "huge.h"
#include "hv_boot.h"
#include "hv_call.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "leaf.h"
#include "merge.h"
#include "mm_exec.h"
#include "mm_init.h"
#include "mm_life.h"
#include "mmap.h"
#include "parts.h"
#include "pkey.h"
#include "populate.h"
#include "random.h"
#include "shim.h"
#include "show.h"
#include "slab.h"
#include "sound.h"
#include "unmap.h"
#include "user_page.h"
#include "writeback.h"

#define MIB	   (1ull << 20)
#define TEXT	   0x400000ull
#define CONSTANTS  0x404000ull
#define DATA	   0x406000ull
#define BSS	   0x408000ull
#define HEAP	   0x40a000ull
#define MMAP_BASE  0x7ffff7fff000ull
#define MIN_ADDR   0x10000ull /* vm.mmap_min_addr */
#define STACK_LOW  0x7fffffff0000ull
#define STACK_TOP  0x7ffffffff000ull - 0x1000
#define PAGES(n)   ((n)*PAGE_SIZE)
#define FILE1_SIZE (7 * PAGE_SIZE + 1000)
#define ANON	   (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW	   (PROT_READ | PROT_WRITE)
#define RX	   (PROT_READ | PROT_EXEC)
#define READ	   HV_ACCESS_USER
#define WRITE	   (HV_ACCESS_USER | HV_ACCESS_WRITE)
#define EXEC	   (HV_ACCESS_USER | HV_ACCESS_EXEC)

static struct mm *mm;
static struct hv_fault rec; /* of the last fault */
static uint64_t objects_at_start;
static uint32_t boot_flags; /* HV_BOOT_*, for who sets it before */

static inline void fixture_exec(struct hv_exec *e)
{
	static const struct hv_map maps[] = {
		{TEXT, CONSTANTS, 0, RX, HV_MAPF_DENYWRITE, HV_MAP_FILE, 1},
		{CONSTANTS, DATA, PAGES(4), PROT_READ, HV_MAPF_DENYWRITE,
		 HV_MAP_FILE, 1},
		{DATA, BSS, PAGES(6), RW, HV_MAPF_DENYWRITE, HV_MAP_FILE, 1},
		{BSS, HEAP, 0, RW, 0, HV_MAP_ANON, 0},
		{STACK_LOW, STACK_LOW + PAGES(14), 0, RW, HV_MAPF_GROWSDOWN,
		 HV_MAP_STACK, 0},
	};

	memset(e, 0, sizeof(*e));
	memcpy(e->maps, maps, sizeof(maps));
	e->nr_maps = sizeof(maps) / sizeof(maps[0]);
	e->start_code = TEXT;
	e->end_code = CONSTANTS;
	e->start_data = DATA;
	e->end_data = DATA + PAGES(2);
	e->start_brk = e->brk = HEAP;
	e->start_stack = STACK_LOW + PAGES(13) + 0x123;
	e->mmap_base = MMAP_BASE;
	e->mmap_min_addr = MIN_ADDR;
	e->rlim_stack = MIB;
	e->rlim_data = e->rlim_data_max = e->rlim_as = e->rlim_memlock = ~0ull;
	e->files[0] = (struct hv_exec_file){.size = FILE1_SIZE, .file = 1};
	e->nr_files = 1;
	e->pid = 42;
}

static inline void machine_begin(void)
{
	shim_reset(64 * MIB);
	shim_boot()->fault_around = 65536;
	shim_boot()->flags |= boot_flags;
	mm_init(shim_boot());
	shim_fd_set(1, shim_file_add_pattern(FILE1_SIZE));
	objects_at_start = slab_objects();
}

static inline void mm_begin(void)
{
	struct hv_exec e;

	machine_begin();
	fixture_exec(&e);
	mm = mm_create(&e);
	cr_assert_not_null(mm);
	assert_sound(mm_check(mm));
}

/* Every frame that is not free is one that the kernel knows it has. */
static inline void assert_all_is_back(void)
{
	struct hv_counters c;

	cr_assert_eq(vma_count(), 0);
	cr_assert_eq(pt_tables(), 0);
	cr_assert_eq(file_count(), 0);
	cr_assert_eq(filemap_pages(), 0);
	cr_assert_eq(slab_objects(), objects_at_start);
	slab_shrink_all();
	mm_counters(&c);
	cr_assert_eq(c.frames_total, c.frames_free + c.frames_kernel,
		     "total %lu, free %lu, kernel %lu", c.frames_total,
		     c.frames_free, c.frames_kernel);
	assert_sound(buddy_check());
	assert_sound(slab_check());
}

static inline void mm_end(void)
{
	assert_sound(mm_check(mm));
	mm_destroy(mm);
	assert_all_is_back();
}

static inline uint64_t frames_free(void)
{
	struct buddy_stats s;

	buddy_stats(&s);
	return s.frames_free;
}

/* ---- What the processor does ------------------------------------------- */

static inline uint64_t pte_at(uint64_t va)
{
	pte_t *p = va < HV_VA_USER_END ? pt_walk(mm->root, va) : NULL;

	return p ? arch_pte_get(p).v : 0;
}

static inline bool pte_allows(uint64_t pte, uint32_t access)
{
	if (!(pte & PTE_P))
		return false;
	if (access & HV_ACCESS_WRITE && !(pte & PTE_RW))
		return false;
	return !(access & HV_ACCESS_EXEC && pte & PTE_NX);
}

/* One fault, whether the entry allows the access or not; the outcome. */
static inline int fault(uint64_t va, uint32_t access)
{
	uint64_t err = pte_at(va) & PTE_P;

	err |= access & HV_ACCESS_WRITE ? 2 : 0;
	err |= access & HV_ACCESS_USER ? 4 : 0;
	err |= access & HV_ACCESS_EXEC ? 16 : 0;
	memset(&rec, 0xee, sizeof(rec));
	rec.tsc = 8;
	rec.cycles = 9;
	if (mm_fault(mm, va, access, err, 0x401234, &rec) == MM_FAULT_SILENT)
		return -1;
	return rec.outcome;
}

/* An access: faults until it works. The number of faults, or -1: signal. */
static inline int touch(uint64_t va, uint32_t access)
{
	int n = 0;

	while (!pte_allows(pte_at(va), access)) {
		if (fault(va, access) >= HV_FAULT_SEGV_MAPERR)
			return -1;
		cr_assert_lt(++n, 4, "faults forever at %#lx", va);
	}
	return n;
}

/* The bytes of user memory at va, which must be present. */
static inline uint8_t *user(uint64_t va)
{
	struct leaf l = leaf_at(mm, va);

	cr_assert(l.pte.v & PTE_P, "nothing at %#lx", va);
	return (uint8_t *)page_to_virt(leaf_page(&l)) + va % (l.nr * PAGE_SIZE);
}

static inline struct page *frame_at(uint64_t va)
{
	return pfn_to_page(pte_pfn((pte_t){pte_at(va)}));
}

static inline bool frame_is(uint64_t va, uint8_t byte)
{
	const uint8_t *p = user(va & PAGE_MASK);

	for (unsigned i = 0; i < PAGE_SIZE; i++)
		if (p[i] != byte)
			return false;
	return true;
}

static inline void store(uint64_t va, uint8_t byte)
{
	cr_assert_geq(touch(va, WRITE), 0);
	*user(va) = byte;
}

static inline uint8_t load(uint64_t va)
{
	cr_assert_geq(touch(va, READ), 0);
	return *user(va);
}

/* ---- Short forms ------------------------------------------------------- */

static inline int64_t map(uint64_t addr, uint64_t pages, uint32_t prot,
			  uint32_t flags)
{
	return mm_mmap(mm, addr, PAGES(pages), prot, flags, -1, 0);
}

/* n private anonymous pages, anywhere. */
static inline uint64_t map_some(uint64_t pages, uint32_t prot)
{
	int64_t va = map(0, pages, prot, ANON);

	cr_assert_gt(va, 0);
	return (uint64_t)va;
}

static inline struct vma *vma_at(uint64_t va)
{
	return vma_find_first(&mm->vmas, va, va + 1);
}

static inline bool vma_is(uint64_t va, uint64_t start, uint64_t end)
{
	const struct vma *v = vma_at(va);

	return v && v->start == start && v->end == end;
}

#endif
