/*
 * test_huge_mix.c: random steps on memory with huge pages, against a model: are
 * the bytes right, and the books, whatever was split, moved and collapsed?
 */
#include <linux/mman.h>

#include "hv_boot.h"
#include "mm_fixture.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define HUGE_PAGES PT_FRAMES_2M
#define MOVE	   (MREMAP_MAYMOVE | MREMAP_FIXED)

TestSuite(huge_mix, .init = mm_begin, .fini = mm_end);

/*
 * 16 MiB, of which a part is the model: a byte for each page, 0 where nothing
 * was stored. Unmapped is mapped again at once, so that every page is there.
 */
#define MODEL_PAGES (8 * HUGE_PAGES)

static uint8_t model[MODEL_PAGES];

static void forget(uint64_t page, uint64_t n)
{
	memset(model + page, 0, n);
}

static void renew(uint64_t base, uint64_t page, uint64_t n)
{
	uint64_t va = base + PAGES(page);

	cr_assert_eq(map(va, n, RW, ANON | MAP_FIXED), (int64_t)va);
	forget(page, n);
}

static void random_move(uint64_t base, uint64_t page, uint64_t to, uint64_t n)
{
	if (to + n > MODEL_PAGES || (to < page + n && page < to + n))
		return;
	/* Parts of several mappings may not move at once. */
	if (mm_mremap(mm, base + PAGES(page), PAGES(n), PAGES(n), MOVE,
		      base + PAGES(to)) < 0)
		renew(base, to, n);
	else
		memcpy(model + to, model + page, n);
	renew(base, page, n);
}

static void random_step(uint64_t base, uint64_t *seed)
{
	uint64_t n = 1 + random_next(seed) % 700;
	uint64_t page = random_next(seed) % (MODEL_PAGES - n);
	uint64_t va, to;

	if (random_next(seed) % 3 == 0) {
		page &= ~511ull;
		n = HUGE_PAGES;
	}
	va = base + PAGES(page);
	switch (random_next(seed) % 9) {
	case 0:
	case 1:
		model[page] = (uint8_t)(1 + random_next(seed) % 255);
		store(va, model[page]);
		break;
	case 2:
		cr_assert_eq(load(va), model[page]);
		break;
	case 3:
		mm_madvise(mm, va, PAGES(n), MADV_DONTNEED);
		forget(page, n);
		break;
	case 4:
		cr_assert_eq(mm_munmap(mm, va, PAGES(n)), 0);
		renew(base, page, n);
		break;
	case 5:
		cr_assert_eq(mm_mprotect(mm, va, PAGES(n), PROT_READ), 0);
		assert_sound(mm_check(mm));
		cr_assert_eq(mm_mprotect(mm, va, PAGES(n), RW), 0);
		break;
	case 6:
		mm_madvise(mm, va, PAGES(n),
			   random_next(seed) % 4 ? MADV_HUGEPAGE
						 : MADV_NOHUGEPAGE);
		break;
	case 7:
		mm_madvise(mm, va, PAGES(n), MADV_COLLAPSE);
		break;
	case 8:
		to = random_next(seed) % (MODEL_PAGES - n);
		if (random_next(seed) % 2)
			to = (to & ~511ull) | (page & 511);
		random_move(base, page, to, n);
		break;
	}
}

static void assert_model(uint64_t base, unsigned step)
{
	for (uint64_t page = 0; page < MODEL_PAGES; page++) {
		uint64_t va = base + PAGES(page);
		uint8_t byte = pte_at(va) & PTE_P ? *user(va) : 0;

		cr_assert_eq(byte, model[page], "step %u, page %lu", step,
			     page);
	}
}

Test(huge_mix, whatever_is_done_the_bytes_are_right, .timeout = 300)
{
	uint64_t seed = 4, base = map_some(MODEL_PAGES, RW), splits = 0;
	uint64_t before = 0;

	mm_machine.thp_zero = true;
	mm_machine.thp = HV_THP_ALWAYS;
	huge_set_disabled(mm, 0);
	for (unsigned step = 0; step < 3000; step++) {
		random_step(base, &seed);
		splits += mm->nr_huge < before;
		before = mm->nr_huge;
		assert_sound_at(mm_check(mm), "step %u", step);
		if (step % 64)
			continue;
		assert_model(base, step);
	}
	cr_assert_gt(splits, 100, "or it tests nothing");
}
