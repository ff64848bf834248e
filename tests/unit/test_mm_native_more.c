/*
 * test_mm_native_more.c: as test_mm_native.c, for the rest of the calls: locks,
 * msync, mincore, mseal, all of mremap, shared files. After each step results,
 * mappings and VmLck are equal, at the end contents and what smaps says.
 */
#include <linux/capability.h>
#include <sys/resource.h>

#include "hv_describe.h"
#include "mm_native.h"

TestSuite(mm_native_more, .init = mm_native_begin, .fini = mm_end);

#define LOCK_PAGES 12u

/* Without CAP_IPC_LOCK, and with a limit that is soon reached, on both sides.
 */
static void limit_locks(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	struct rlimit lim = {PAGES(LOCK_PAGES), PAGES(LOCK_PAGES)};

	cr_assert_eq(syscall(SYS_capget, &head, data), 0);
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	cr_assert_eq(syscall(SYS_capset, &head, data), 0);
	cr_assert_eq(setrlimit(RLIMIT_MEMLOCK, &lim), 0);
	mm->rlim_memlock = PAGES(LOCK_PAGES);
}

static uint64_t native_locked(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long kib = ~0ul;
	char line[256];

	cr_assert_not_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmLck: %lu", &kib) == 1)
			break;
	fclose(f);
	return kib / 4;
}

struct call {
	uint64_t *seed;
	unsigned step;
	uint64_t va, len;
};

static void spoil(struct call *c)
{
	if (random_next(c->seed) % 20 == 0)
		c->va += 8;
	if (random_next(c->seed) % 30 == 0)
		c->len = 0;
	if (random_next(c->seed) % 60 == 0)
		c->len = ~0ull - random_next(c->seed) % 9000;
}

static void do_mmap(struct call *c)
{
	static const uint32_t types[] = {
		MAP_PRIVATE,
		MAP_PRIVATE | MAP_LOCKED,
		MAP_SHARED,
		MAP_SHARED | MAP_LOCKED,
		MAP_PRIVATE | MAP_NORESERVE,
		MAP_PRIVATE | MAP_POPULATE,
		0x8 /* MAP_DROPPABLE */,
		MAP_SHARED_VALIDATE,
	};
	uint32_t prot = some_prot(c->seed);
	uint32_t flags = types[random_next(c->seed) % 8] | MAP_ANONYMOUS;

	flags |= random_next(c->seed) % 3 ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	spoil(c);
	snprintf(what, sizeof(what), "mmap(%#lx, %#lx, %u, %#x)", c->va, c->len,
		 prot, flags);
	assert_same(
		c->step,
		result(syscall(SYS_mmap, c->va, c->len, prot, flags, -1, 0)),
		mm_mmap(mm, c->va, c->len, prot, flags, -1, 0));
}

static void do_mmap_file(struct call *c)
{
	static const uint32_t types[] = {MAP_PRIVATE, MAP_SHARED,
					 MAP_SHARED_VALIDATE,
					 MAP_SHARED | MAP_LOCKED, 0};
	uint32_t prot = some_prot(c->seed);
	uint32_t flags = types[random_next(c->seed) % 5] | MAP_FIXED;
	uint64_t offset = PAGES(random_next(c->seed) % 12);
	bool rw = random_next(c->seed) % 2;

	spoil(c);
	if (random_next(c->seed) % 20 == 0)
		flags |= 0x200000;
	snprintf(what, sizeof(what), "mmap(%#lx, %#lx, %u, %#x, %s, %#lx)",
		 c->va, c->len, prot, flags, rw ? "rw" : "ro", offset);
	assert_same(
		c->step,
		result(syscall(SYS_mmap, c->va, c->len, prot, flags,
			       rw ? native_rw : native_fd, offset)),
		mm_mmap(mm, c->va, c->len, prot, flags, rw ? 3 : 2, offset));
}

static void do_munmap(struct call *c)
{
	spoil(c);
	snprintf(what, sizeof(what), "munmap(%#lx, %#lx)", c->va, c->len);
	assert_same(c->step, result(syscall(SYS_munmap, c->va, c->len)),
		    mm_munmap(mm, c->va, c->len));
}

static void do_mprotect(struct call *c)
{
	uint32_t prot = some_prot(c->seed);
	int key = (int)(random_next(c->seed) % 4) - 1;

	spoil(c);
	snprintf(what, sizeof(what), "pkey_mprotect(%#lx, %#lx, %#x, %d)",
		 c->va, c->len, prot, key > 1 ? -1 : key);
	assert_same(
		c->step,
		result(syscall(SYS_pkey_mprotect, c->va, c->len, prot,
			       key > 1 ? -1 : key)),
		mm_pkey_mprotect(mm, c->va, c->len, prot, key > 1 ? -1 : key));
}

static void do_madvise(struct call *c)
{
	static const int advices[] = {
		MADV_NORMAL,	 MADV_DONTNEED,	      MADV_FREE,
		MADV_REMOVE,	 MADV_COLD,	      MADV_POPULATE_READ,
		MADV_DONTFORK,	 MADV_POPULATE_WRITE, 24 /* D_LOCKED */,
		MADV_WIPEONFORK, MADV_KEEPONFORK,     MADV_DODUMP,
		MADV_DONTDUMP,	 MADV_DOFORK,	      1000,
	};
	int advice = advices[random_next(c->seed) % 15];

	/* Holes in a file change it: the two are compared, not the disk. */
	if (advice == MADV_REMOVE)
		for (uint64_t va = c->va; va < c->va + c->len; va += PAGE_SIZE)
			if (vma_at(va) && vma_at(va)->file &&
			    vma_at(va)->file->number)
				return;
	spoil(c);
	snprintf(what, sizeof(what), "madvise(%#lx, %#lx, %d)", c->va, c->len,
		 advice);
	assert_same(c->step,
		    result(syscall(SYS_madvise, c->va, c->len, advice)),
		    mm_madvise(mm, c->va, c->len, advice));
}

static void do_mlock(struct call *c)
{
	uint32_t flags =
		random_next(c->seed) % 8 ? random_next(c->seed) % 2 : 2;

	if (random_next(c->seed) % 20 == 0)
		c->va += 8;
	spoil(c);
	snprintf(what, sizeof(what), "mlock2(%#lx, %#lx, %u)", c->va, c->len,
		 flags);
	assert_same(c->step, result(syscall(SYS_mlock2, c->va, c->len, flags)),
		    mm_mlock2(mm, c->va, c->len, flags));
}

static void do_munlock(struct call *c)
{
	spoil(c);
	snprintf(what, sizeof(what), "munlock(%#lx, %#lx)", c->va, c->len);
	assert_same(c->step, result(syscall(SYS_munlock, c->va, c->len)),
		    mm_munlock(mm, c->va, c->len));
}

static void do_msync(struct call *c)
{
	uint32_t flags = random_next(c->seed) % 9;

	spoil(c);
	snprintf(what, sizeof(what), "msync(%#lx, %#lx, %u)", c->va, c->len,
		 flags);
	assert_same(c->step, result(syscall(SYS_msync, c->va, c->len, flags)),
		    mm_msync(mm, c->va, c->len, flags));
}

static bool has_host_file(uint64_t va, uint64_t len)
{
	const struct vma *v = vma_find_first(&mm->vmas, va, va + len);

	for (; v && v->start < va + len; v = v->next)
		if (v->file && v->file->number)
			return true;
	return false;
}

/* What of a file is cached is the system's business, and differs. */
static void do_mincore(struct call *c)
{
	uint8_t a[16] = {0}, b[16] = {0};
	uint64_t pages = c->len / PAGE_SIZE;

	if (random_next(c->seed) % 20 == 0)
		c->va += 8;
	if (has_host_file(c->va, c->len))
		return;
	snprintf(what, sizeof(what), "mincore(%#lx, %#lx)", c->va, c->len);
	assert_same(c->step, result(syscall(SYS_mincore, c->va, c->len, a)),
		    mm_mincore(mm, c->va, c->len, b));
	for (unsigned i = 0; i < pages; i++)
		cr_assert_eq(a[i], b[i], "step %u, %s: page %u: %u, guest %u",
			     c->step, what, i, a[i], b[i]);
}

static void do_mremap(struct call *c)
{
	uint64_t to = AT(random_next(c->seed) % (SPAN - 10));
	uint64_t new_len = PAGES(random_next(c->seed) % 8);
	uint32_t flags = 0;

	switch (random_next(c->seed) % 4) {
	case 0:
		flags = MREMAP_MAYMOVE | MREMAP_FIXED;
		break;
	case 1:
		flags = MREMAP_MAYMOVE | MREMAP_FIXED | 4;
		break;
	case 2:
		flags = random_next(c->seed) % 8;
		if (flags & MREMAP_MAYMOVE)
			flags |= MREMAP_FIXED; /* stay inside */
		break;
	}
	if (random_next(c->seed) % 3 == 0)
		new_len = c->len;
	if (random_next(c->seed) % 10 == 0)
		c->len = 0;
	if (random_next(c->seed) % 20 == 0)
		c->va += 8;
	snprintf(what, sizeof(what), "mremap(%#lx, %#lx, %#lx, %u, %#lx)",
		 c->va, c->len, new_len, flags, to);
	assert_same(
		c->step,
		result(syscall(SYS_mremap, c->va, c->len, new_len, flags, to)),
		mm_mremap(mm, c->va, c->len, new_len, flags, to));
}

static void do_remap_file_pages(struct call *c)
{
	uint64_t pgoff = random_next(c->seed) % 12;
	uint64_t prot = random_next(c->seed) % 20 == 0;
	uint64_t flags = random_next(c->seed) % 2 ? MAP_NONBLOCK : 0;

	if (random_next(c->seed) % 20 == 0)
		c->len += 100;
	snprintf(what, sizeof(what),
		 "remap_file_pages(%#lx, %#lx, %lu, %lu, %#lx)", c->va, c->len,
		 prot, pgoff, flags);
	assert_same(c->step,
		    result(syscall(SYS_remap_file_pages, c->va, c->len, prot,
				   pgoff, flags)),
		    mm_remap_file_pages(mm, c->va, c->len, prot, pgoff, flags));
}

static void do_mseal(struct call *c)
{
	uint64_t flags = random_next(c->seed) % 20 == 0;

	spoil(c);
	snprintf(what, sizeof(what), "mseal(%#lx, %#lx, %lu)", c->va, c->len,
		 flags);
	assert_same(c->step, result(syscall(462, c->va, c->len, flags)),
		    mm_mseal(mm, c->va, c->len, flags));
}

/* As the processor does: accessed, dirty. */
static void set_bits(uint64_t va, uint64_t bits)
{
	pte_t *p = pt_walk(mm->root, va);

	arch_pte_set(p, (pte_t){arch_pte_get(p).v | bits});
}

static bool may_touch(uint64_t va, bool write)
{
	const struct vma *v = vma_at(va);

	if (!v || !(v->prot & PROT_READ) || (write && !(v->prot & PROT_WRITE)))
		return false;
	return !v->file || vma_pgoff(v, va) < file_pages(v->file);
}

static void do_touch(struct call *c)
{
	bool write = random_next(c->seed) % 3;

	if (!may_touch(c->va, write))
		return;
	snprintf(what, sizeof(what), "touch(%#lx, %d)", c->va, write);
	if (write) {
		*(volatile uint8_t *)c->va = (uint8_t)*c->seed;
		store(c->va, (uint8_t)*c->seed);
		set_bits(c->va, PTE_A | PTE_D);
	} else {
		cr_assert_eq(*(volatile uint8_t *)c->va, load(c->va),
			     "step %u, %#lx", c->step, c->va);
		set_bits(c->va, PTE_A);
	}
}

/* ---- What smaps says ---------------------------------------------------- */

struct smaps_line {
	const char *name;
	uint64_t bytes;
};

/*
 * Of files other processes and large folios have their part. Linux marks pages
 * referenced and lazily free in batches, so these two lag behind at random.
 */
static void compare_entry(FILE *f, uint64_t start, uint64_t end)
{
	const struct vma *v = vma_at(start);
	struct hv_desc_smaps s = {0};
	char line[256];

	mm_smaps_add(mm, start, end, &s);
	struct smaps_line lines[] = {
		{"Rss", s.rss},
		{"Pss", s.pss >> HV_PSS_SHIFT},
		{"Private_Clean", s.private_clean},
		{"Private_Dirty", s.private_dirty},
		{"Shared_Dirty", s.shared_dirty},
		{"Anonymous", s.anonymous},
		{"Locked", s.pss_locked >> HV_PSS_SHIFT},
	};
	while (fgets(line, sizeof(line), f)) {
		char name[64];
		unsigned long kib;

		if (!strncmp(line, "VmFlags", 7))
			return;
		if (sscanf(line, "%63[^:]: %lu kB", name, &kib) != 2)
			continue;
		for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
			if (!strcmp(name, lines[i].name) &&
			    !(v->file && v->file->number))
				cr_assert_eq(kib, lines[i].bytes / 1024,
					     "%s: [%ld,%ld) %s: Linux %lu, "
					     "guest %lu",
					     what, (long)(start - VA) >> 12,
					     (long)(end - VA) >> 12, name, kib,
					     lines[i].bytes / 1024);
	}
}

static void assert_same_smaps(void)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512];

	cr_assert_not_null(f);
	while (fgets(line, sizeof(line), f)) {
		uint64_t start, end;
		char perms[8];

		if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) == 3 &&
		    start >= VA && start < AT(SPAN))
			compare_entry(f, start, end);
	}
	fclose(f);
}

static void assert_same_contents(void)
{
	for (uint64_t va = VA; va < AT(SPAN); va += PAGE_SIZE) {
		if (!may_touch(va, false))
			continue;
		touch(va, READ);
		cr_assert_eq(memcmp((void *)va, user(va), PAGE_SIZE), 0,
			     "page %lu differs", (va - VA) / PAGE_SIZE);
	}
}

typedef void call_fn(struct call *c);

static void history(uint64_t seed, unsigned steps, call_fn *const *calls,
		    unsigned n)
{
	for (unsigned i = 0; i < steps; i++) {
		struct call c = {
			.seed = &seed,
			.step = i,
			.va = AT(random_next(&seed) % (SPAN - 20)),
			.len = PAGES(1 + random_next(&seed) % 9),
		};

		calls[random_next(&seed) % n](&c);
		assert_same_maps(i);
		assert_sound_at(mm_check(mm), "step %u, %s", i, what);
		cr_assert_eq(native_locked(), mm->locked_vm,
			     "step %u, %s: VmLck %lu, guest %lu", i, what,
			     native_locked(), mm->locked_vm);
		if (i % 8 == 7)
			assert_same_smaps();
	}
	assert_same_contents();
}

#define COUNT(a) ((unsigned)(sizeof(a) / sizeof((a)[0])))

static void histories(uint64_t first, uint64_t last, unsigned steps,
		      call_fn *const *calls, unsigned n)
{
	follow_linux();
	make_file();
	limit_locks();
	for (uint64_t seed = first; seed <= last; seed++) {
		history(seed, steps, calls, n);
		syscall(SYS_munmap, VA, PAGES(SPAN));
		mm_munmap(mm, VA, PAGES(SPAN));
	}
}

Test(mm_native_more, locks_are_those_of_linux)
{
	static call_fn *const calls[] = {
		do_mmap,  do_mmap,    do_munmap,  do_mprotect,
		do_mlock, do_mlock,   do_munlock, do_touch,
		do_touch, do_madvise, do_mincore, do_mremap,
	};

	histories(1, 25, 100, calls, COUNT(calls));
}

Test(mm_native_more, shared_files_are_those_of_linux)
{
	static call_fn *const calls[] = {
		do_mmap_file, do_mmap_file, do_munmap, do_mprotect,
		do_msync,     do_touch,	    do_touch,  do_touch,
		do_madvise,   do_mlock,	    do_mremap, do_remap_file_pages,
	};

	histories(101, 125, 100, calls, COUNT(calls));
}

Test(mm_native_more, moving_many_and_keeping_the_old_is_as_on_linux)
{
	static call_fn *const calls[] = {
		do_mmap,    do_mmap,	do_mmap_file, do_mprotect,
		do_mremap,  do_mremap,	do_touch,     do_touch,
		do_madvise, do_mincore, do_msync,
	};

	histories(201, 225, 100, calls, COUNT(calls));
}

Test(mm_native_more, sealing_is_that_of_linux)
{
	static call_fn *const calls[] = {
		do_mmap,     do_mmap,	 do_mmap_file, do_munmap,
		do_mprotect, do_madvise, do_touch,     do_mremap,
		do_mlock,    do_munlock, do_mseal,
	};

	follow_linux();
	make_file();
	limit_locks();
	for (uint64_t seed = 301; seed <= 320; seed++) {
		history(seed, 60, calls, COUNT(calls));
		native_va += PAGES(2 * SPAN);
	}
}
