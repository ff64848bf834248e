/*
 * calls_files.c: reading, writing, cutting and punching what is mapped, and
 * copying from and to mappings.
 */
#include <asm/fcntl.h>
#include <asm/unistd.h>
#include <linux/falloc.h>
#include <linux/memfd.h>

#include "calls_args.h"
#include "calls_ops.h"

#define MFD_NOEXEC_SEAL_ 8
#define F_ADD_SEALS_	 1033
#define F_GET_SEALS_	 1034

static unsigned char buffer[4 * 4096];

bool file_is_beyond_end(u64 addr)
{
	const struct map *m = state_find(addr);

	if (!m || (m->kind != KIND_FILE && m->kind != KIND_MEMFD))
		return false;
	return m->offset + (addr - m->start) >=
	       (u64)SYS(__NR_lseek, m->kind == KIND_FILE ? fd_rw : fd_mem, 0,
			2);
}

static u64 hash_bytes(const unsigned char *p, u64 n)
{
	u64 h = 1;

	for (u64 i = 0; i < n; i++)
		h = hash(h, p[i]);
	return h;
}

/* Copying a file to itself by way of its mapping has no defined result. */
static bool has_file(u64 addr, u64 len)
{
	for (unsigned i = 0; i < nr_maps; i++)
		if ((maps[i].kind == KIND_FILE || maps[i].kind == KIND_MEMFD) &&
		    maps[i].start < addr + len && addr < maps[i].end)
			return true;
	return false;
}

/* Through the descriptor, what a mapping has, and the other way round. */
void op_file_io(struct step *s)
{
	bool mapped = one_in(2), write = one_in(2);
	u64 size;

	s->arg[0] = (u64)(one_in(3) ? fd_mem : fd_rw);
	s->arg[1] = (u64)buffer;
	s->arg[2] = 1 + chance(sizeof(buffer));
	s->arg[3] = chance(FILE_PAGES * PAGE);
	/* What a write that fails beyond the end leaves is the file system's.
	 */
	size = (u64)SYS(__NR_lseek, s->arg[0], 0, 2);
	if (s->arg[3] > size)
		s->arg[3] = size;
	if (mapped)
		do
			s->arg[1] = arg_address() + chance(2) * chance(PAGE);
		while (!state_is_ours(s->arg[1], s->arg[2]) ||
		       has_file(s->arg[1], s->arg[2]));
	else if (write)
		memset(buffer, (int)chance(256), sizeof(buffer));
	call(s, write ? "pwrite" : "pread",
	     write ? __NR_pwrite64 : __NR_pread64, 4);
	if (!write && !mapped && s->result > 0)
		s->seen = hash_bytes(buffer, (u64)s->result);
	/* tmpfs makes the page before it finds that it cannot copy. */
	if (write && s->result != (long)s->arg[2])
		sys(__NR_pwrite64, s->arg[0], (u64)buffer, 1,
		    s->arg[3] + (s->result > 0 ? (u64)s->result : 0), 0, 0);
}

void op_truncate(struct step *s)
{
	s->arg[0] = (u64)(one_in(3) ? fd_mem : fd_rw);
	s->arg[1] = chance(3) ? chance(FILE_PAGES) * PAGE
			      : chance(FILE_PAGES * PAGE);
	if (one_in(3))
		s->arg[1] = FILE_PAGES * PAGE;
	call(s, "ftruncate", __NR_ftruncate, 2);
}

/* Up to four pieces of what is mapped, and what is not. */
static u64 (*a_vector(struct step *s, u64 *n))[2]
{
	static u64 iov[4][2];

	*n = 1 + chance(4);
	for (u64 i = 0; i < *n; i++) {
		do {
			iov[i][0] = arg_byte();
			iov[i][1] = chance(3 * PAGE);
		} while (!state_is_ours(iov[i][0], iov[i][1] + 1) ||
			 has_file(iov[i][0], iov[i][1] + 1));
		s->seen = hash(hash(s->seen, iov[i][0]), iov[i][1]);
	}
	return iov;
}

/* From /dev/zero, and between a file and what is not its mapping. */
void op_vector_io(struct step *s)
{
	u64 n, (*iov)[2];

	if (one_in(3)) {
		iov = a_vector(s, &n);
		s->arg[0] = (u64)fd_zero;
		s->arg[1] = (u64)iov;
		s->arg[2] = one_in(20) ? 1025 : n;
		call(s, "readv", __NR_readv, 3);
		return;
	}
	iov = a_vector(s, &n);
	s->arg[0] = (u64)fd_rw;
	s->arg[1] = (u64)iov;
	s->arg[2] = n;
	s->arg[3] = chance(FILE_PAGES / 2) * PAGE + chance(2) * chance(PAGE);
	if (s->arg[3] > (u64)SYS(__NR_lseek, fd_rw, 0, 2))
		s->arg[3] = 0;
	if (one_in(2))
		call(s, "preadv", __NR_preadv, 5);
	else
		call(s, "pwritev", __NR_pwritev, 5);
}

static void drain_pipe(struct step *s)
{
	long n;

	while ((n = SYS(__NR_read, fd_pipe, buffer, sizeof(buffer))) > 0)
		s->seen = hash(s->seen, hash_bytes(buffer, (u64)n));
}

/*
 * Into a pipe and out of it: bad memory, more than it holds, memory that was
 * never touched. Empty before and after.
 */
void op_pipe_io(struct step *s)
{
	u64 n, (*iov)[2];

	if (one_in(2))
		for (u64 i = chance(40); i; i--)
			SYS(__NR_write, fd_pipe_in, buffer,
			    1 + chance(sizeof(buffer)));
	if (one_in(2)) {
		iov = a_vector(s, &n);
		s->arg[0] = (u64)(one_in(2) ? fd_pipe : fd_pipe_in);
		s->arg[1] = (u64)iov;
		s->arg[2] = n;
		if (s->arg[0] == (u64)fd_pipe)
			call(s, "readv", __NR_readv, 3);
		else
			call(s, "writev", __NR_writev, 3);
		drain_pipe(s);
		return;
	}
	s->arg[0] = (u64)(one_in(2) ? fd_pipe : fd_pipe_in);
	s->arg[2] = 1 + chance(3 * PAGE);
	do
		s->arg[1] = arg_byte();
	while (!state_is_ours(s->arg[1], s->arg[2]));
	if (s->arg[0] == (u64)fd_pipe)
		call(s, "read", __NR_read, 3);
	else
		call(s, "write", __NR_write, 3);
	drain_pipe(s);
}

/* Room, holes and zeros; what changes a file's layout is left out. */
void op_fallocate(struct step *s)
{
	static const u64 modes[] = {
		0,
		FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
		FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
		FALLOC_FL_PUNCH_HOLE,
	};

	s->arg[0] = (u64)(one_in(2) ? fd_mem : fd_rw);
	s->arg[1] = modes[chance(5)];
	s->arg[2] = chance(FILE_PAGES) * PAGE + one_in(4) * chance(PAGE);
	s->arg[3] = one_in(20) ? 0 : 1 + chance(6 * PAGE);
	if (one_in(3))
		s->arg[3] = (1 + chance(6)) * PAGE;
	/* Linux shmem_fallocate: a hole in the first page unmaps all others. */
	if (s->arg[1] & FALLOC_FL_PUNCH_HOLE && s->arg[2] + s->arg[3] < PAGE)
		s->arg[2] += PAGE;
	call(s, "fallocate", __NR_fallocate, 4);
}

void op_memfd_create(struct step *s)
{
	static const char *const names[] = {"", "a", "a/b", "\xff\n", NULL};
	static char longest[251];

	memset(longest, 'n', 250);
	longest[249 + chance(2)] = 0;
	s->seen = 1 + chance(6);
	s->arg[0] = s->seen == 6 ? (u64)longest : (u64)names[s->seen - 1];
	s->arg[1] = one_in(8) ? 1u << chance(32)
			      : chance(4) | one_in(4) * MFD_NOEXEC_SEAL_;
	s->arg[1] &= ~(u64)MFD_HUGETLB;
	call(s, "memfd_create", __NR_memfd_create, 2);
	s->arg[0] = 0; /* where constants are is not to be compared */
	if (s->result < 0)
		return;
	s->seen =
		hash(s->seen, (u64)SYS(__NR_fcntl, s->result, F_GET_SEALS_, 0));
	SYS(__NR_close, s->result, 0, 0);
}

/* Map a memfd, seal it, and try what the seals may forbid. */
void op_seals(struct step *s)
{
	u64 *a = s->arg, fd, seals = chance(64);
	u64 size = 4 * PAGE;

	fd = (u64)SYS(__NR_memfd_create, "seals", MFD_ALLOW_SEALING, 0);
	SYS(__NR_ftruncate, fd, size, 0);
	do
		a[0] = arg_address();
	while (!state_is_ours(a[0], size) || a[0] < LOWEST_MAPPED);
	a[1] = size;
	a[2] = one_in(3) ? PROT_READ : PROT_READ | PROT_WRITE;
	a[3] = one_in(3) ? MAP_PRIVATE : MAP_SHARED;
	a[3] |= one_in(3) ? MAP_FIXED : 0;
	a[4] = fd;
	call(s, "seals", __NR_mmap, 6);
	s->seen = hash(seals, (u64)SYS(__NR_fcntl, fd, F_ADD_SEALS_, seals));
	s->seen = hash(s->seen, (u64)SYS(__NR_fcntl, fd, F_GET_SEALS_, 0));
	if (s->result > 0 && one_in(2))
		s->seen = hash(s->seen, (u64)SYS(__NR_mprotect, s->result, PAGE,
						 PROT_READ | PROT_WRITE));
	s->seen = hash(s->seen, (u64)sys(__NR_mmap, 0, PAGE, PROT_WRITE,
					 MAP_SHARED, fd, PAGE));
	s->seen = hash(s->seen, (u64)sys(__NR_pwrite64, fd, (u64)buffer, 100,
					 chance(4) * PAGE, 0, 0));
	s->seen = hash(s->seen,
		       (u64)SYS(__NR_ftruncate, fd, chance(6) * PAGE, 0));
	SYS(__NR_close, fd, 0, 0);
}
