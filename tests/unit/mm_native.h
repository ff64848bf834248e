/*
 * mm_native.h: guest/mm beside the Linux that runs the test, on the same
 * addresses: the same file, the mappings of both, results.
 */
#ifndef MM_NATIVE_H
#define MM_NATIVE_H

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "hv_boot.h"
#include "hv_call.h"
#include "mm_fixture.h"
#include "zeropage.h"

/*
 * The rules are those of 6.18; mremap's order of checks changed in 6.17. Reads
 * map the zero page if they do so here.
 */
static inline void follow_linux(void)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	cr_assert_eq(uname(&u), 0);
	cr_assert_eq(sscanf(u.release, "%u.%u", &major, &minor), 2);
	if (major * 1000 + minor < 6017)
		cr_skip_test("needs Linux 6.17 to compare with, not %s",
			     u.release);
	mm_machine.read_zero = zeropage_of_host();
}

/* The guest has protection keys where this machine has them. */
static inline void mm_native_begin(void)
{
	unsigned a, b, c, d;

	if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && c & bit_OSPKE)
		boot_flags = HV_BOOT_PKEYS;
	mm_begin();
	shim_pkru = HV_PKRU_INIT;
}

#define SPAN 40u
/* The test may move it, away from what cannot be unmapped. */
static uint64_t native_va = 0x200000000000ull;
#define VA    native_va
#define AT(n) (VA + PAGES(n))

/* The same file on both sides: descriptors 2 and 3 in the guest. */
#define FILE_LEN (10 * PAGE_SIZE + 77)

static int native_fd, native_rw; /* for reading; for writing too */

static inline void make_file(void)
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
	native_rw = open(path, O_RDWR);
	cr_assert_geq(native_fd, 0);
	close(fd);
	unlink(path);
	shim_fd_set(2, file);
	shim_fd_set(3, file);
	shim_fd_set_flags(3, HV_FILE_WRITABLE);
}

struct range {
	uint64_t start, end;
	char perms[5];
};

static inline unsigned native_maps(struct range *r)
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

static inline unsigned guest_maps(struct range *r)
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

static inline void assert_same_maps(unsigned step)
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

static inline int64_t result(long ret)
{
	return ret == -1 ? -errno : ret;
}

static inline void assert_same(unsigned step, int64_t native, int64_t guest)
{
	cr_assert_eq(native, guest, "step %u, %s: Linux %ld, guest %ld", step,
		     what, native, guest);
}

static inline uint32_t some_prot(uint64_t *seed)
{
	static const uint32_t prots[] = {PROT_NONE, PROT_READ, RW,
					 RW,	    RX,	       RW | PROT_EXEC};

	return prots[random_next(seed) % 6];
}

#endif
