/*
 * test_mm_native.c: the same random calls to guest/mm and to the Linux that
 * runs this test, on the same addresses: results and mappings must be equal.
 *
 * Of madvise only what every Linux has (see `advices`).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "mm_fixture.h"

TestSuite(mm_native, .init = mm_begin, .fini = mm_end);

/* The rules are those of 6.18; mremap's order of checks changed in 6.17. */
static void skip_on_older_linux(void)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	cr_assert_eq(uname(&u), 0);
	cr_assert_eq(sscanf(u.release, "%u.%u", &major, &minor), 2);
	if (major * 1000 + minor < 6017)
		cr_skip_test("needs Linux 6.17 to compare with, not %s",
			     u.release);
}

#define SPAN  40u
#define VA    0x200000000000ull
#define AT(n) (VA + PAGES(n))

/* The same file on both sides: descriptor 2 in the guest. */
#define FILE_LEN (10 * PAGE_SIZE + 77)

static int native_fd;

static void make_file(void)
{
	static uint8_t bytes[FILE_LEN];
	char path[] = "/tmp/test_mm_native.XXXXXX";
	uint32_t file = shim_file_add_pattern(FILE_LEN);
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	for (uint64_t i = 0; i < FILE_LEN; i++)
		bytes[i] = shim_file_byte(file, i);
	cr_assert_eq(write(fd, bytes, FILE_LEN), (ssize_t)FILE_LEN);
	native_fd = open(path, O_RDONLY);
	cr_assert_geq(native_fd, 0);
	close(fd);
	unlink(path);
	shim_fd_set(2, file);
}

struct range {
	uint64_t start, end;
	char perms[5];
};

static unsigned native_maps(struct range *r)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned n = 0;

	cr_assert_not_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct range *x = &r[n];

		if (sscanf(line, "%lx-%lx %4s", &x->start, &x->end, x->perms) ==
			    3 &&
		    x->start >= VA && x->start < AT(SPAN))
			n++;
	}
	fclose(f);
	return n;
}

static unsigned guest_maps(struct range *r)
{
	const struct vma *v = vma_find_first(&mm->vmas, VA, AT(SPAN));
	unsigned n = 0;

	for (; v && v->start < AT(SPAN); v = v->next, n++) {
		r[n].start = v->start;
		r[n].end = v->end;
		snprintf(r[n].perms, sizeof(r[n].perms), "%c%c%c%c",
			 v->prot & PROT_READ ? 'r' : '-',
			 v->prot & PROT_WRITE ? 'w' : '-',
			 v->prot & PROT_EXEC ? 'x' : '-',
			 v->flags & VMA_SHARED ? 's' : 'p');
	}
	return n;
}

static char what[200]; /* the call just made, for messages */

static void assert_same_maps(unsigned step)
{
	struct range a[2 * SPAN], b[2 * SPAN];
	unsigned n = native_maps(a), m = guest_maps(b);

	for (unsigned i = 0; i < n || i < m; i++) {
		bool same = i < n && i < m && a[i].start == b[i].start &&
			    a[i].end == b[i].end &&
			    !memcmp(a[i].perms, b[i].perms, 5);

		cr_assert(same,
			  "step %u, %s: Linux [%ld,%ld) %s, guest [%ld,%ld) %s",
			  step, what,
			  i < n ? (long)(a[i].start - VA) >> 12 : -1,
			  i < n ? (long)(a[i].end - VA) >> 12 : -1,
			  i < n ? a[i].perms : "",
			  i < m ? (long)(b[i].start - VA) >> 12 : -1,
			  i < m ? (long)(b[i].end - VA) >> 12 : -1,
			  i < m ? b[i].perms : "");
	}
}

static int64_t result(long ret)
{
	return ret == -1 ? -errno : ret;
}

static void assert_same(unsigned step, int64_t native, int64_t guest)
{
	cr_assert_eq(native, guest, "step %u, %s: Linux %ld, guest %ld", step,
		     what, native, guest);
}

static uint32_t some_prot(uint64_t *seed)
{
	static const uint32_t prots[] = {PROT_NONE, PROT_READ, RW,
					 RW,	    RX,	       RW | PROT_EXEC};

	return prots[random_next(seed) % 6];
}

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
		cr_assert(mm_check(mm), "step %u, %s", i, what);
	}
	syscall(SYS_munmap, VA, PAGES(SPAN));
}

Test(mm_native, calls_do_what_they_do_on_linux)
{
	skip_on_older_linux();
	make_file();
	for (uint64_t seed = 1; seed <= 20; seed++) {
		history(seed, 150, false);
		mm_munmap(mm, VA, PAGES(SPAN));
	}
}

Test(mm_native, moving_does_what_it_does_on_linux)
{
	skip_on_older_linux();
	make_file();
	for (uint64_t seed = 101; seed <= 120; seed++) {
		history(seed, 150, true);
		mm_munmap(mm, VA, PAGES(SPAN));
	}
}
