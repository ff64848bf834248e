/*
 * calls_ops.c: one function for each call, and the table that weighs them.
 *
 * Kept away from, since it differs for reasons that are no fault: advice that
 * breaks frames of the machine (MADV_HWPOISON, MADV_SOFT_OFFLINE); mappings
 * larger than memory, which depend on how much there is (MAP_NORESERVE and
 * PROT_NONE aside); which pages of files there are (pages_compared); what
 * reclaim takes of MADV_FREE and MAP_DROPPABLE (a run has these, or
 * MADV_PAGEOUT).
 */
#include <asm/fcntl.h>
#include <asm/unistd.h>
#include <linux/prctl.h>

#include "calls_args.h"
#include "calls_ops.h"

#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif
#define MADV_COLLAPSE_	   25
#define MADV_SOFT_OFFLINE_ 101

int fd_rw, fd_ro, fd_wo, fd_mem, fd_dir, fd_zero, fd_pipe, fd_pipe_in;
bool lock_future;
bool lazy_pages, huge_pages;
u64 pending_start, pending_len;
u64 brk_start;
static unsigned char vec[64 * 1024];

long call(struct step *s, const char *name, long nr, unsigned n)
{
	const u64 *a = s->arg;

	s->name = name;
	s->nr_args = n;
	return s->result = sys(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- Advice, locks, residency -------------------------------------------- */

static u64 an_advice(void)
{
	static const int advices[] = {
		0,  1,	2,  3,	4,  4,	4,   8,	  8,   9,   10,
		11, 12, 13, 14, 15, 16, 17,  18,  19,  20,  21,
		22, 22, 23, 23, 24, 25, 102, 102, 102, 103, 103,
	};
	static const int huge_advices[] = {14, 14, 14, 15, 25,	25, 4,
					   4,  8,  21, 23, 102, 103};
	u64 advice;

	do
		advice = huge_pages && one_in(2) ? ONE_OF(huge_advices)
						 : ONE_OF(advices);
	while (advice == (lazy_pages ? MADV_PAGEOUT : MADV_FREE) ||
	       advice == MADV_HWPOISON || advice == MADV_SOFT_OFFLINE_);
	return advice;
}

/* Room for a huge page in shared memory, which has none here: not yet. */
static bool has_shared_room(u64 addr, u64 len)
{
	for (unsigned i = 0; i < nr_maps; i++)
		if (maps[i].kind != KIND_ANON && maps[i].start < addr + len &&
		    addr < maps[i].end && maps[i].end - maps[i].start >= HUGE)
			return true;
	return false;
}

static void op_madvise(struct step *s)
{
	arg_range(&s->arg[0], &s->arg[1]);
	s->arg[2] = an_advice();
	if (s->arg[2] == MADV_COLLAPSE_ &&
	    has_shared_room(s->arg[0], s->arg[1]))
		s->arg[2] = MADV_COLD;
	call(s, "madvise", __NR_madvise, 3);
}

static void op_process_madvise(struct step *s)
{
	static u64 iov[8];
	u64 n = chance(5);

	for (u64 i = 0; i < n; i++) {
		arg_range(&iov[2 * i], &iov[2 * i + 1]);
		s->seen = hash(hash(s->seen, iov[2 * i]), iov[2 * i + 1]);
	}
	s->arg[0] = one_in(20) ? 999 : -10000ul - chance(2);
	s->arg[1] = one_in(30) ? 8 : (u64)iov;
	s->arg[2] = one_in(30) ? 1025 + chance(2) * (1ul << 40) : n;
	s->arg[3] = an_advice();
	if (s->arg[3] == MADV_COLLAPSE_ && huge_pages)
		s->arg[3] = MADV_COLD;
	s->arg[4] = one_in(30);
	call(s, "process_madvise", __NR_process_madvise, 5);
}

static void op_mlock(struct step *s)
{
	arg_range(&s->arg[0], &s->arg[1]);
	switch (chance(4)) {
	case 0:
		call(s, "mlock", __NR_mlock, 2);
		break;
	case 1:
		s->arg[2] = one_in(10) ? chance(4) : chance(2);
		call(s, "mlock2", __NR_mlock2, 3);
		break;
	default:
		call(s, "munlock", __NR_munlock, 2);
	}
}

static void op_mlockall(struct step *s)
{
	if (chance(3)) {
		call(s, "munlockall", __NR_munlockall, 0);
		lock_future = false;
		return;
	}
	s->arg[0] = one_in(8) ? chance(16) : chance(8);
	call(s, "mlockall", __NR_mlockall, 1);
	if (!s->result)
		lock_future = s->arg[0] & 2;
}

static u64 digest_residency(u64 addr, u64 pages)
{
	u64 h = 7;

	for (u64 i = 0; i < pages; i++) {
		const struct map *m = state_find(addr + i * PAGE);

		if (!m)
			break;
		if (pages_compared(m))
			h = hash(h, vec[i] & 1);
	}
	return h;
}

static void op_mincore(struct step *s)
{
	do {
		s->arg[0] = arg_address();
		s->arg[1] = arg_length(s->arg[0]);
	} while (s->arg[1] > sizeof(vec) * PAGE && s->arg[1] <= TASK_SIZE);
	s->arg[2] = one_in(20) ? PAGE : (u64)vec;
	/* What is longer than the vector must be refused before it is used. */
	if (s->arg[1] > sizeof(vec) * PAGE && !one_in(20))
		s->arg[2] = PAGE;
	call(s, "mincore", __NR_mincore, 3);
	if (!s->result)
		s->seen = digest_residency(s->arg[0],
					   (s->arg[1] + PAGE - 1) / PAGE);
}

static void op_msync(struct step *s)
{
	s->arg[0] = arg_address();
	s->arg[1] = arg_length(s->arg[0]);
	s->arg[2] = one_in(12) ? chance(16) : chance(8);
	call(s, "msync", __NR_msync, 3);
}

static void op_membarrier(struct step *s)
{
	/* Global ones wait for all processors for milliseconds. */
	static const u64 cmds[] = {0, 8, 16, 32, 64, 8, 16, 3, 1024, 4096};

	s->arg[0] = cmds[chance(10)];
	s->arg[1] = one_in(10);
	call(s, "membarrier", __NR_membarrier, 3);
}

/* Whether huge pages are given at all: of runs that have them. */
static void op_thp_disable(struct step *s)
{
	if (!huge_pages) {
		op_mlockall(s);
		return;
	}
	if (one_in(3)) {
		s->arg[0] = PR_GET_THP_DISABLE;
	} else {
		s->arg[0] = PR_SET_THP_DISABLE;
		s->arg[1] = one_in(4) ? chance(3) : 0;
		s->arg[2] = one_in(6) ? chance(4) : 0;
	}
	call(s, "prctl", __NR_prctl, 5);
}

/* ---- Probes ---------------------------------------------------------------
 */

/* The error code tells whether there is a page. */
static void probe_result(struct step *s, const char *name, u64 result)
{
	const struct map *m = state_find(s->arg[0]);

	s->name = name;
	s->nr_args = 2;
	s->result = (long)result;
	if (result & PROBE_FAULT)
		s->seen = fault_digest;
	if (result & PROBE_FAULT && (!m || pages_compared(m)))
		s->seen = hash(s->seen, fault_error);
}

static void op_probe(struct step *s)
{
	u64 addr, seen;

	do
		addr = arg_byte();
	while (!state_is_ours(addr, 1) ||
	       (file_is_beyond_end(addr) && chance(4)));
	s->arg[0] = addr;
	s->arg[1] = 1 + chance(255);
	if (chance(3) && !file_is_beyond_end(addr)) {
		probe_result(s, "store", probe_store(addr, s->arg[1]));
		return;
	}
	seen = probe_load(addr);
	probe_result(s, "load", seen);
	if (chance(3) || file_is_beyond_end(addr))
		return;
	/* Only a `ret`, or nothing at all, is executed. What a key forbids to
	 * read might be anything. */
	if (seen & PROBE_FAULT && fault_error & PF_PK)
		return;
	if (seen <= 0xff && seen != 0xc3) {
		if (probe_store(addr, 0xc3) & PROBE_FAULT)
			return;
		seen = probe_load(addr);
	}
	probe_result(s, "execute", probe_exec(addr));
}

/* Look at all that can be read. */
static void op_probe_all(struct step *s)
{
	s->name = "load_all";
	s->seen = pages_probe();
}

/* ---- The table ------------------------------------------------------------
 */

static const struct {
	void (*fn)(struct step *s);
	u64 weight;
} ops[] = {
	{op_mmap, 160},
	{op_mmap_large, 8},
	{op_munmap, 60},
	{op_mprotect, 90},
	{op_mremap, 90},
	{op_brk, 30},
	{op_remap_file_pages, 12},
	{op_mseal, 4},
	{op_madvise, 80},
	{op_process_madvise, 12},
	{op_mlock, 30},
	{op_mlockall, 6},
	{op_mincore, 30},
	{op_msync, 20},
	{op_membarrier, 4},
	{op_thp_disable, 2},
	{op_setrlimit, 16},
	{op_getrlimit, 6},
	{op_file_io, 25},
	{op_vector_io, 16},
	{op_pipe_io, 10},
	{op_truncate, 8},
	{op_fallocate, 8},
	{op_memfd_create, 3},
	{op_seals, 6},
	{op_probe, 200},
	{op_probe_all, 12},
};

/* Back to an empty arena, with the limits that there were. */
void ops_clean(void)
{
	limits_reset();
	SYS(__NR_prctl, PR_SET_THP_DISABLE, 0, 0);
	SYS(__NR_munlockall, 0, 0, 0);
	lock_future = false;
	SYS(__NR_munmap, ours_low, SEAL_START - ours_low, 0);
	SYS(__NR_munmap, SEAL_END, ours_high - SEAL_END, 0);
}

static bool is_crowded(void)
{
	u64 pages = 0;

	for (unsigned i = 0; i < nr_maps; i++)
		pages += (maps[i].end - maps[i].start) / PAGE;
	return nr_maps > 32 || pages > (huge_pages ? 16384 : 4096);
}

void ops_step(struct step *s)
{
	u64 sum = 0, at;

	if (pending_len) {
		s->arg[0] = pending_start;
		s->arg[1] = pending_len;
		pending_len = 0;
		call(s, "munmap", __NR_munmap, 2);
		return;
	}
	if (is_crowded() || one_in(400)) {
		ops_clean();
		s->name = "clean";
		return;
	}
	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		sum += ops[i].weight;
	at = chance(sum);
	for (unsigned i = 0;; i++) {
		if (at < ops[i].weight) {
			ops[i].fn(s);
			return;
		}
		at -= ops[i].weight;
	}
}

static int must(long fd, const char *why)
{
	if (fd < 0)
		die(why);
	return (int)fd;
}

void ops_start(const char *file)
{
	int ends[2];

	brk_start = (u64)SYS(__NR_brk, 0, 0, 0);
	fd_rw = must(SYS(__NR_open, file, O_RDWR, 0), "cannot open FILE");
	fd_ro = must(SYS(__NR_open, file, O_RDONLY, 0), "cannot open FILE");
	fd_wo = must(SYS(__NR_open, file, O_WRONLY, 0), "cannot open FILE");
	fd_dir = must(SYS(__NR_open, "/", O_RDONLY, 0), "cannot open /");
	fd_zero = must(SYS(__NR_open, "/dev/zero", O_RDWR, 0), "no /dev/zero");
	fd_mem = must(SYS(__NR_memfd_create, "calls", 0, 0), "no memfd");
	must(SYS(__NR_pipe, ends, 0, 0), "no pipe");
	fd_pipe = ends[0];
	fd_pipe_in = ends[1];
	SYS(__NR_fcntl, fd_pipe, F_SETFL, O_NONBLOCK);
	SYS(__NR_fcntl, fd_pipe_in, F_SETFL, O_NONBLOCK);
	SYS(__NR_ftruncate, fd_mem, FILE_PAGES * PAGE, 0);
	limits_reset();
	lazy_pages = one_in(2);
	huge_pages = one_in(4);
}
