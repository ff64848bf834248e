/*
 * test_mm_native.c: the same random calls to guest/mm and to the Linux that
 * runs this test, on the same addresses: results and mappings must be equal.
 *
 * Of madvise only what every Linux has (see `advices`).
 */
#include "mm_native.h"

TestSuite(mm_native, .init = mm_native_begin, .fini = mm_end);

static void do_mmap(uint64_t *seed, unsigned step, uint64_t va, uint64_t len)
{
	static const uint32_t types[] = {
		MAP_PRIVATE,
		MAP_PRIVATE,
		MAP_PRIVATE,
		MAP_SHARED,
		MAP_PRIVATE | MAP_NORESERVE,
		MAP_PRIVATE | MAP_GROWSDOWN,
		MAP_SHARED | MAP_GROWSDOWN,
		MAP_PRIVATE | MAP_STACK | MAP_NORESERVE,
		0,
	};
	uint32_t prot = some_prot(seed);
	uint32_t flags = types[random_next(seed) % 9] | MAP_ANONYMOUS;

	flags |= random_next(seed) % 3 ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	if (random_next(seed) % 20 == 0)
		va += 8;
	if (random_next(seed) % 30 == 0)
		len = 0;
	if (random_next(seed) % 60 == 0)
		len = ~0ull - random_next(seed) % 9000;
	snprintf(what, sizeof(what), "mmap(%#lx, %#lx, %u, %#x)", va, len, prot,
		 flags);
	assert_same(step,
		    result(syscall(SYS_mmap, va, len, prot, flags, -1, 0)),
		    mm_mmap(mm, va, len, prot, flags, -1, 0));
}

/* Not for shared writing: the guest cannot write files back. */
static void do_mmap_file(uint64_t *seed, unsigned step, uint64_t va,
			 uint64_t len)
{
	bool shared = random_next(seed) % 4 == 0;
	uint32_t prot = some_prot(seed) & (shared ? RX : ~0u);
	uint32_t flags = MAP_FIXED | (shared ? MAP_SHARED : MAP_PRIVATE);
	uint64_t offset = PAGES(random_next(seed) % 12);

	if (random_next(seed) % 20 == 0)
		offset += 8;
	if (random_next(seed) % 30 == 0)
		flags |= MAP_GROWSDOWN;
	if (random_next(seed) % 30 == 0)
		offset |= 1ull << 63;
	snprintf(what, sizeof(what), "mmap(%#lx, %#lx, %u, %#x, file, %#lx)",
		 va, len, prot, flags, offset);
	assert_same(step,
		    result(syscall(SYS_mmap, va, len, prot, flags, native_fd,
				   offset)),
		    mm_mmap(mm, va, len, prot, flags, 2, offset));
}

static void do_munmap(uint64_t *seed, unsigned step, uint64_t va, uint64_t len)
{
	if (random_next(seed) % 20 == 0)
		va += 8;
	if (random_next(seed) % 30 == 0)
		len = 0;
	snprintf(what, sizeof(what), "munmap(%#lx, %#lx)", va, len);
	assert_same(step, result(syscall(SYS_munmap, va, len)),
		    mm_munmap(mm, va, len));
}

static void do_mprotect(uint64_t *seed, unsigned step, uint64_t va,
			uint64_t len)
{
	uint32_t prot = some_prot(seed);

	if (random_next(seed) % 20 == 0)
		prot |= PROT_GROWSDOWN;
	if (random_next(seed) % 20 == 0)
		va += 8;
	if (random_next(seed) % 30 == 0)
		prot |= 0x40;
	snprintf(what, sizeof(what), "mprotect(%#lx, %#lx, %#x)", va, len,
		 prot);
	assert_same(step, result(syscall(SYS_mprotect, va, len, prot)),
		    mm_mprotect(mm, va, len, prot));
}

/* Of what a kernel may lack (KSM, THP) or must not do here, nothing. */
static const int advices[] = {MADV_NORMAL,
			      MADV_RANDOM,
			      MADV_SEQUENTIAL,
			      MADV_WILLNEED,
			      MADV_DONTNEED,
			      MADV_DONTFORK,
			      MADV_DOFORK,
			      MADV_DONTDUMP,
			      MADV_DODUMP,
			      MADV_WIPEONFORK,
			      MADV_KEEPONFORK,
			      MADV_FREE,
			      5,
			      99};

static void do_madvise(uint64_t *seed, unsigned step, uint64_t va, uint64_t len)
{
	int advice = advices[random_next(seed) %
			     (sizeof(advices) / sizeof(advices[0]))];

	if (random_next(seed) % 20 == 0)
		va += 8;
	snprintf(what, sizeof(what), "madvise(%#lx, %#lx, %d)", va, len,
		 advice);
	assert_same(step, result(syscall(SYS_madvise, va, len, advice)),
		    mm_madvise(mm, va, len, advice));
}

static void do_mremap(uint64_t *seed, unsigned step, uint64_t va, uint64_t len)
{
	uint64_t to = AT(random_next(seed) % (SPAN - 10));
	uint64_t new_len = PAGES(random_next(seed) % 8);
	uint32_t flags = 0;

	if (random_next(seed) % 2)
		flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	if (va + len > AT(SPAN - 10))
		new_len = PAGE_SIZE; /* stay inside */
	/* Since Linux 6.17 this may move many mappings; the guest cannot. */
	if (flags && new_len == len)
		return;
	snprintf(what, sizeof(what), "mremap(%#lx, %#lx, %#lx, %u, %#lx)", va,
		 len, new_len, flags, to);
	assert_same(step,
		    result(syscall(SYS_mremap, va, len, new_len, flags, to)),
		    mm_mremap(mm, va, len, new_len, flags, to));
}

/* Both read or write the same page, if it may be. */
static void do_touch(uint64_t *seed, uint64_t va)
{
	const struct vma *v = vma_at(va);
	bool write = random_next(seed) % 3;

	if (!v || !(v->prot & PROT_READ) || (write && !(v->prot & PROT_WRITE)))
		return;
	if (v->file && vma_pgoff(v, va) >= file_pages(v->file))
		return; /* SIGBUS on both */
	snprintf(what, sizeof(what), "touch(%#lx, %d)", va, write);
	if (write) {
		*(volatile uint8_t *)va = (uint8_t)*seed;
		store(va, (uint8_t)*seed);
	} else {
		cr_assert_eq(*(volatile uint8_t *)va, load(va));
	}
}

static void history(uint64_t seed, unsigned steps, bool moving)
{
	for (unsigned i = 0; i < steps; i++) {
		uint64_t va = AT(random_next(&seed) % (SPAN - 10));
		uint64_t len = PAGES(1 + random_next(&seed) % 9);

		switch (random_next(&seed) % 9) {
		case 8:
			do_mmap_file(&seed, i, va, len);
			break;
		case 0:
		case 1:
			do_mmap(&seed, i, va, len);
			break;
		case 2:
			do_munmap(&seed, i, va, len);
			break;
		case 3:
		case 4:
			do_mprotect(&seed, i, va, len);
			break;
		case 5:
			do_madvise(&seed, i, va, len);
			break;
		case 6:
			if (moving)
				do_mremap(&seed, i, va, len);
			break;
		default:
			do_touch(&seed, va);
		}
		assert_same_maps(i);
		assert_sound_at(mm_check(mm), "step %u, %s", i, what);
	}
	syscall(SYS_munmap, VA, PAGES(SPAN));
}

Test(mm_native, calls_do_what_they_do_on_linux)
{
	follow_linux();
	make_file();
	for (uint64_t seed = 1; seed <= 20; seed++) {
		history(seed, 150, false);
		mm_munmap(mm, VA, PAGES(SPAN));
	}
}

Test(mm_native, moving_does_what_it_does_on_linux)
{
	follow_linux();
	make_file();
	for (uint64_t seed = 101; seed <= 120; seed++) {
		history(seed, 150, true);
		mm_munmap(mm, VA, PAGES(SPAN));
	}
}
