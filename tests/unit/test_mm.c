/*
 * test_mm.c: an address space from exec to exit, its counters and its checks;
 * and long random histories against a plain array of pages.
 */
#include "hv_boot.h"
#include "hv_call.h"
#include "hv_map.h"
#include "mm_fixture.h"

TestSuite(mm, .init = mm_begin, .fini = mm_end);
TestSuite(mm_create, .init = machine_begin, .fini = assert_all_is_back);

#define FIXED (ANON | MAP_FIXED)
#define VA    0x10000000ull
#define AT(n) (VA + PAGES(n))

/* ---- Birth ------------------------------------------------------------- */

Test(mm, exec_maps_are_there)
{
	cr_assert(vma_is(TEXT, TEXT, CONSTANTS));
	cr_assert(vma_is(DATA, DATA, BSS));
	cr_assert(vma_is(BSS, BSS, HEAP));
	cr_assert(vma_is(STACK_LOW, STACK_LOW, STACK_LOW + PAGES(14)));
	cr_assert_eq(mm->vmas.count, 5);
	cr_assert_eq(mm->total_vm, 24);
	cr_assert_eq(mm->exec_vm, 4);
	cr_assert_eq(mm->data_vm, 4);
	cr_assert_eq(mm->stack_vm, 14);
	cr_assert_eq(mm->start_brk, HEAP);
	cr_assert_eq(mm_root(mm).v % PAGE_SIZE, 0);
	cr_assert_eq(file_count(), 1);
	cr_assert_eq(vma_at(TEXT)->file->size, FILE1_SIZE);
}

static void refuse(const struct hv_exec *e)
{
	cr_assert_null(mm_create(e));
	cr_assert_eq(vma_count(), 0);
	cr_assert_eq(pt_tables(), 0);
}

Test(mm_create, bad_maps_are_refused)
{
	struct hv_exec e;

#define BAD(change)                                                            \
	do {                                                                   \
		fixture_exec(&e);                                              \
		change;                                                        \
		refuse(&e);                                                    \
	} while (0)

	BAD(e.maps[1].start += 1);
	BAD(e.maps[1].end -= 1);
	BAD(e.maps[1].offset += 1);
	BAD(e.maps[1].end = e.maps[1].start);
	BAD(e.maps[1].end = e.maps[1].start - PAGE_SIZE);
	BAD(e.maps[4].end = HV_VA_USER_END + PAGE_SIZE);
	BAD(e.maps[4].end = ~0ull & PAGE_MASK);
	BAD(e.maps[1].start -= PAGE_SIZE);
	BAD(e.maps[1].kind = HV_MAP_KINDS);
	BAD(e.maps[1].prot = 8);
	BAD(e.maps[1].file = 2);
	BAD(e.maps[1].offset = ~0ull & PAGE_MASK);
	BAD(e.maps[2].flags |= HV_MAPF_SHARED);
	BAD(e.nr_maps = HV_EXEC_MAPS_MAX + 1);
	BAD(e.mmap_base += 1);
	BAD(e.mmap_base = 1ull << 63);
#undef BAD
}

Test(mm_create, no_memory_at_any_point_loses_nothing)
{
	struct hv_exec e;
	unsigned n;

	if (!shim_alloc_calls())
		cr_skip_test("linked without SHIM_FAIL_LDFLAGS");
	fixture_exec(&e);
	for (n = 0; n < 20; n++) {
		shim_fail_allocs(n, ~0u);
		mm = mm_create(&e);
		shim_fail_allocs(0, 0);
		if (mm)
			break;
		assert_all_is_back();
	}
	cr_assert_gt(n, 6);
	mm_destroy(mm);
}

Test(mm_create, an_empty_space_is_fine)
{
	struct hv_exec e;

	fixture_exec(&e);
	e.nr_maps = 0;
	mm = mm_create(&e);
	assert_sound(mm_check(mm));
	cr_assert_eq(mm->total_vm, 0);
	mm_destroy(mm);
}

Test(mm_create, spaces_are_apart)
{
	struct hv_exec e;
	struct mm *first;
	uint64_t pfn;

	fixture_exec(&e);
	first = mm = mm_create(&e);
	store(DATA, 1);
	load(TEXT);
	pfn = pte_pfn((pte_t){pte_at(TEXT)});
	mm = mm_create(&e);
	cr_assert_eq(pte_at(DATA), 0);
	cr_assert_eq(load(DATA), shim_file_byte(1, PAGES(6)));
	load(TEXT);
	cr_assert_eq(pte_pfn((pte_t){pte_at(TEXT)}), pfn, "one page cache");
	assert_sound(mm_check(mm));
	assert_sound(mm_check(first));
	mm_destroy(first);
	cr_assert_eq(*user(TEXT), shim_file_byte(1, 0));
	mm_destroy(mm);
}

/* ---- Counters and checks ----------------------------------------------- */

Test(mm, every_frame_in_use_is_known)
{
	struct hv_counters c;
	uint64_t used;

	for (unsigned i = 0; i < 30; i++)
		store(map_some(1, RW), 1);
	load(TEXT);
	mm_counters(&c);
	used = mm->rss[RSS_ANON] + filemap_pages();
	cr_assert_eq(c.frames_total, c.frames_free + c.frames_kernel + used);
	cr_assert_eq(c.faults, 31);
	cr_assert_eq(c.vmas_peak, 6);
	cr_assert_eq(c.pagetables_peak, pt_tables());
	cr_assert_eq(c.slab_objects, slab_objects());
}

Test(mm, destroying_gives_the_last_frames_back)
{
	uint64_t va = map_some(1000, RW);

	for (unsigned i = 0; i < 1000; i += 3)
		store(va + PAGES(i), 1);
	for (unsigned i = 0; i < 24; i++)
		touch(TEXT + PAGES(i), READ);
	touch(STACK_LOW - PAGES(9), WRITE);
}

Test(mm, wrong_rights_are_noticed)
{
	pte_t *p, good;

	store(BSS, 1);
	load(TEXT);
	p = pt_walk(mm->root, TEXT);
	good = *p;
	p->v |= PTE_RW;
	assert_wrong(mm_check(mm), "wrong rights");
	*p = good;
	p->v |= PTE_NX;
	assert_wrong(mm_check(mm), "wrong rights");
	*p = good;
	assert_sound(mm_check(mm));
}

Test(mm, wrong_counts_are_noticed)
{
	store(BSS, 1);
	mm->rss[RSS_ANON]++;
	assert_wrong(mm_check(mm), "rss anon is");
	mm->rss[RSS_ANON]--;
	frame_at(BSS)->mapcount++;
	assert_wrong(mm_check(mm), "wrong frame");
	frame_at(BSS)->mapcount--;
	mm->data_vm++;
	assert_wrong(mm_check(mm), "data_vm is");
	mm->data_vm--;
	assert_sound(mm_check(mm));
}

/* ---- Random histories -------------------------------------------------- */

#define SPAN 48u

/* What Linux knows of a page; two neighbours that agree are in one VMA. */
static struct {
	bool mapped, account;
	uint32_t prot;
	uint64_t shm, pgoff;
	uint8_t byte; /* content, all of it */
} model[SPAN];
static uint64_t shm_next;

static bool same_vma(unsigned a, unsigned b)
{
	return model[a].account == model[b].account &&
	       model[a].prot == model[b].prot && model[a].shm == model[b].shm &&
	       model[a].pgoff + 1 == model[b].pgoff;
}

static unsigned model_vmas(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SPAN; i++)
		n += model[i].mapped &&
		     !(i && model[i - 1].mapped && same_vma(i - 1, i));
	return n;
}

static uint32_t some_prot(uint64_t *seed)
{
	static const uint32_t prots[] = {PROT_NONE, PROT_READ, RW, RW, RX};

	return prots[random_next(seed) % 5];
}

static void do_mmap(uint64_t *seed, unsigned at, unsigned n)
{
	bool shared = random_next(seed) % 4 == 0;
	uint32_t prot = some_prot(seed);
	uint32_t flags = MAP_ANONYMOUS | MAP_FIXED;

	flags |= shared ? MAP_SHARED : MAP_PRIVATE;
	cr_assert_eq(map(AT(at), n, prot, flags), (int64_t)AT(at));
	shm_next += shared;
	for (unsigned i = 0; i < n; i++) {
		model[at + i].mapped = true;
		model[at + i].prot = prot;
		model[at + i].account = !shared && prot & PROT_WRITE;
		model[at + i].shm = shared ? shm_next : 0;
		model[at + i].pgoff = shared ? i : AT(at + i) >> PAGE_SHIFT;
		model[at + i].byte = 0;
	}
}

static void do_munmap(unsigned at, unsigned n)
{
	cr_assert_eq(mm_munmap(mm, AT(at), PAGES(n)), 0);
	for (unsigned i = at; i < at + n; i++)
		model[i].mapped = false;
}

static void do_mprotect(uint64_t *seed, unsigned at, unsigned n)
{
	uint32_t prot = some_prot(seed);
	int64_t want = 0;

	for (unsigned i = at; i < at + n; i++) {
		if (!model[i].mapped) {
			want = -ENOMEM;
			break;
		}
		if (model[i].prot != prot && !model[i].shm)
			model[i].account = prot & PROT_WRITE;
		model[i].prot = prot;
	}
	cr_assert_eq(mm_mprotect(mm, AT(at), PAGES(n), prot), want);
}

static void do_store(unsigned at, uint8_t byte)
{
	int faults = touch(AT(at), WRITE);

	if (!model[at].mapped || !(model[at].prot & PROT_WRITE)) {
		cr_assert_eq(faults, -1);
		return;
	}
	cr_assert_geq(faults, 0);
	memset(user(AT(at)), byte, PAGE_SIZE);
	model[at].byte = byte;
}

static void do_load(unsigned at)
{
	int faults = touch(AT(at), READ);

	if (!model[at].mapped || !model[at].prot)
		cr_assert_eq(faults, -1);
	else
		cr_assert(frame_is(AT(at), model[at].byte), "page %u", at);
}

static void do_dontneed(unsigned at, unsigned n)
{
	mm_madvise(mm, AT(at), PAGES(n), MADV_DONTNEED);
	for (unsigned i = at; i < at + n; i++)
		if (!model[i].shm)
			model[i].byte = 0;
}

static void check_against_model(bool count)
{
	unsigned n = 0;

	assert_sound(mm_check(mm));
	for (unsigned i = 0; i < SPAN; i++) {
		const struct vma *v = vma_at(AT(i));

		cr_assert_eq(v != NULL, model[i].mapped);
		n += v && v->start == AT(i);
		if (v)
			cr_assert_eq(v->prot, model[i].prot);
	}
	if (count)
		cr_assert_eq(n, model_vmas());
}

/* Without stores, VMAs are exactly the runs of equal pages. */
static void history(uint64_t seed, bool touching)
{
	unsigned ops = touching ? 6 : 3;

	for (unsigned i = 0; i < 1200; i++) {
		unsigned at = random_next(&seed) % SPAN;
		unsigned n = 1 + random_next(&seed) % 10;

		if (at + n > SPAN)
			n = SPAN - at;
		switch (random_next(&seed) % ops) {
		case 0:
			do_mmap(&seed, at, n);
			break;
		case 1:
			do_munmap(at, n);
			break;
		case 2:
			do_mprotect(&seed, at, n);
			break;
		case 3:
			for (unsigned k = at; k < at + n; k++)
				do_store(k, (uint8_t)(1 + i % 255));
			break;
		case 4:
			for (unsigned k = at; k < at + n; k++)
				do_load(k);
			break;
		default:
			do_dontneed(at, n);
		}
		check_against_model(!touching);
	}
}

Test(mm, vmas_are_runs_of_equal_pages_seed_1)
{
	history(1, false);
}

Test(mm, vmas_are_runs_of_equal_pages_seed_2)
{
	history(2, false);
}

Test(mm, vmas_are_runs_of_equal_pages_seed_3)
{
	history(3, false);
}

Test(mm, contents_and_rights_are_those_of_the_model_seed_4)
{
	history(4, true);
}

Test(mm, contents_and_rights_are_those_of_the_model_seed_5)
{
	history(5, true);
}

Test(mm, contents_and_rights_are_those_of_the_model_seed_6)
{
	history(6, true);
}
