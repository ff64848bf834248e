/*
 * calls_map.c: the calls that make, move and end mappings.
 */
#include <asm/unistd.h>

#include "calls_args.h"
#include "calls_ops.h"

#define NR_mseal 462

static int a_file(void)
{
	switch (chance(16)) {
	case 0:
		return fd_wo;
	case 1:
		return fd_dir;
	case 2:
		return fd_zero;
	case 3:
		return fd_pipe;
	case 4:
		return one_in(2) ? -1 : 999;
	case 5:
	case 6:
	case 7:
		return fd_ro;
	case 8:
	case 9:
	case 10:
		return fd_mem;
	default:
		return fd_rw;
	}
}

static u64 map_flags(void)
{
	static const struct {
		u64 flag, one_in;
	} rare[] = {
		{MAP_FIXED, 3},	       {MAP_FIXED_NOREPLACE, 10},
		{MAP_GROWSDOWN, 20},   {MAP_LOCKED, 25},
		{MAP_NORESERVE, 20},   {MAP_POPULATE, 12},
		{MAP_NONBLOCK, 40},    {MAP_STACK, 25},
		{MAP_32BIT, 50},       {MAP_HUGETLB, 150},
		{MAP_SYNC, 150},       {MAP_DENYWRITE, 100},
		{MAP_EXECUTABLE, 100}, {MAP_UNINITIALIZED, 100},
	};
	u64 flags = MAP_PRIVATE, r = chance(100);

	if (r < 30)
		flags = MAP_SHARED;
	else if (r < 36)
		flags = MAP_SHARED_VALIDATE;
	else if (r < 38)
		flags = MAP_DROPPABLE_;
	else if (r < 40)
		flags = chance(16);
	if (chance(100) < 62)
		flags |= MAP_ANONYMOUS;
	for (unsigned i = 0; i < sizeof(rare) / sizeof(rare[0]); i++)
		if (one_in(rare[i].one_in))
			flags |= rare[i].flag;
	if (one_in(100))
		flags |= 1ul << chance(32);
	return flags;
}

static u64 map_offset(void)
{
	switch (chance(40)) {
	case 0:
		return chance(FILE_PAGES * PAGE);
	case 1:
		return -chance(8) * PAGE;
	case 2:
		return (1ul << 63) - chance(8) * PAGE;
	default:
		return chance(2) * chance(FILE_PAGES + 4) * PAGE;
	}
}

/*
 * Leave to the file system what is its own (MAP_SYNC, the
 * largest offset of what is no plain file), and to huge pages that there are
 * none. /dev/zero: Linux remembers the file, and vmm only its memory.
 */
static void normalise_map(u64 *a)
{
	bool plain = a[4] == (u64)fd_rw || a[4] == (u64)fd_ro ||
		     a[4] == (u64)fd_wo || a[4] == (u64)fd_mem;

	if (!lazy_pages && (a[3] & MAP_TYPE) == MAP_DROPPABLE_)
		a[3] ^= MAP_DROPPABLE_ ^ MAP_PRIVATE;
	if (a[4] != (u64)fd_mem || (a[3] & MAP_TYPE) != MAP_SHARED_VALIDATE)
		a[3] &= ~(u64)MAP_SYNC;
	if (a[3] & MAP_ANONYMOUS)
		a[3] &= ~(u64)MAP_HUGETLB;
	if (!plain)
		a[5] &= 0xffffffff;
	else if (a[4] != (u64)fd_mem && a[5] >> 62 == 1)
		a[5] = PAGE;
	if (a[4] == (u64)fd_zero) {
		a[3] |= MAP_SHARED;
		a[5] = 0;
	}
}

/* What may have huge pages. */
static void op_mmap_huge(struct step *s)
{
	u64 *a = s->arg;

	do {
		a[0] = one_in(6) ? 0 : arg_address();
		a[1] = arg_new_length();
	} while (!state_is_ours(a[0], a[1]) || (a[0] && a[0] < LOWEST_MAPPED));
	a[2] = one_in(4) ? arg_prot() : PROT_READ | PROT_WRITE;
	a[3] = MAP_PRIVATE | MAP_ANONYMOUS;
	if (a[0] && chance(4))
		a[3] |= MAP_FIXED;
	if (one_in(10))
		a[3] |= one_in(2) ? MAP_POPULATE : MAP_NORESERVE;
	a[4] = ~0ul;
	call(s, "mmap", __NR_mmap, 6);
}

void op_mmap(struct step *s)
{
	u64 *a = s->arg;

	if (huge_pages && chance(2)) {
		op_mmap_huge(s);
		return;
	}
	do {
		a[0] = chance(3) ? arg_address() : 0;
		a[1] = arg_new_length();
		a[2] = arg_prot();
		a[3] = map_flags();
		a[4] = (u64)(int64_t)a_file();
		a[5] = map_offset();
		normalise_map(a);
		if (a[0] < LOWEST_MAPPED)
			a[0] = 0,
			a[3] &= ~(u64)(MAP_FIXED | MAP_FIXED_NOREPLACE);
	} while (!state_is_ours(a[0], a[1]));
	call(s, "mmap", __NR_mmap, 6);
}

/* Large, never touched, and unmapped by the next step. */
void op_mmap_large(struct step *s)
{
	u64 *a = s->arg;

	a[0] = chance(2) ? 0 : 0x700000000000 + chance(512) * PAGE;
	a[1] = (1ul << (21 + chance(26))) + chance(3) * PAGE;
	if (one_in(3))
		a[1] -= PAGE;
	a[2] = PROT_NONE;
	a[3] = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	a[4] = ~0ul;
	if (lock_future)
		a[1] = 2ul << 20;
	call(s, "mmap", __NR_mmap, 6);
	if (s->result > 0) {
		pending_start = (u64)s->result;
		pending_len = a[1];
	}
}

void op_munmap(struct step *s)
{
	arg_range(&s->arg[0], &s->arg[1]);
	call(s, "munmap", __NR_munmap, 2);
}

void op_mprotect(struct step *s)
{
	arg_range(&s->arg[0], &s->arg[1]);
	s->arg[2] = arg_prot();
	if (one_in(20)) {
		s->arg[3] = chance(4) ? ~0ul : chance(3);
		if (!WITH_KEYS && s->arg[3] != ~0ul) {
			s->arg[3] = ~0ul;
			steps_changed++;
		}
		call(s, "pkey_mprotect", __NR_pkey_mprotect, 4);
		return;
	}
	call(s, "mprotect", __NR_mprotect, 3);
}

void op_mremap(struct step *s)
{
	u64 *a = s->arg;

	do {
		a[0] = arg_address();
		a[1] = one_in(20) ? 0 : arg_length(a[0]);
		a[2] = one_in(3) ? a[1] : arg_new_length();
		a[3] = chance(8);
		if (one_in(2))
			a[3] |= MREMAP_MAYMOVE;
		if (one_in(50))
			a[3] |= 1u << chance(32);
		a[4] = arg_address();
		/* Growth beyond what small machines have is no subject. */
	} while (a[4] < LOWEST_MAPPED || !state_is_ours(a[0], a[1]) ||
		 !state_is_ours(a[0], a[2]) || !state_is_ours(a[4], a[2]));
	call(s, "mremap", __NR_mremap, 5);
}

void op_brk(struct step *s)
{
	u64 now = (u64)SYS(__NR_brk, 0, 0, 0);
	static const u64 odd[] = {0, PAGE, TASK_SIZE, ~0ul, 1ul << 63};

	if (one_in(12))
		s->arg[0] = odd[chance(5)];
	else if (one_in(6))
		s->arg[0] = now + chance(3 * PAGE) - PAGE;
	else if (one_in(6))
		s->arg[0] = brk_start + chance(64) * PAGE - PAGE;
	else
		s->arg[0] = ((now + PAGE - 1) & -PAGE) + chance(16) * PAGE -
			    6 * PAGE;
	call(s, "brk", __NR_brk, 1);
}

void op_remap_file_pages(struct step *s)
{
	arg_range(&s->arg[0], &s->arg[1]);
	s->arg[2] = one_in(10);
	s->arg[3] = one_in(30) ? -chance(20) : chance(FILE_PAGES);
	s->arg[4] = one_in(4) ? MAP_NONBLOCK : one_in(10) ? chance(256) : 0;
	call(s, "remap_file_pages", __NR_remap_file_pages, 5);
}

void op_mseal(struct step *s)
{
	s->arg[0] = SEAL_START + chance(16) * PAGE;
	s->arg[1] = (1 + chance(3)) * PAGE;
	if (one_in(10))
		s->arg[1] = arg_new_length();
	if (one_in(10))
		s->arg[0] += chance(PAGE);
	s->arg[2] = one_in(20);
	if (s->arg[0] + s->arg[1] > SEAL_END && s->arg[1] < TASK_SIZE)
		s->arg[1] = SEAL_END - s->arg[0];
	call(s, "mseal", NR_mseal, 3);
}
