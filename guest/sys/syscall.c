/*
 * syscall.c: which system calls are memory management, and served here. All
 * others are the host's.
 */
#include <asm/errno.h>
#include <asm/unistd.h>

#include "../arch/cpu.h"
#include "../arch/trap.h"
#include "hv.h"
#include "kernel.h"
#include "mm.h"
#include "policy.h"
#include "user.h"

/* Newer than Debian 12's headers. */
#ifndef __NR_mseal
#define __NR_mseal 462
#endif

/* Linux <linux/pidfd.h>: the caller itself, its thread or its group. */
#define PIDFD_SELF_THREAD	(-10000)
#define PIDFD_SELF_THREAD_GROUP (-10001)
#define IOV_MAX_LINUX		1024

/* Linux mm/mincore.c: mapping by mapping, until one is missing. */
static int64_t call_mincore(struct mm *mm, uint64_t addr, uint64_t len,
			    uint64_t vec)
{
	uint64_t pages =
		len / HV_PAGE_SIZE + (len & (HV_PAGE_SIZE - 1) ? 1 : 0);
	uint8_t part[256];

	if (addr & (HV_PAGE_SIZE - 1))
		return -EINVAL;
	if (!user_range_ok(addr, len))
		return -ENOMEM;
	if (!user_range_ok(vec, pages))
		return -EFAULT;
	while (pages) {
		uint64_t some = pages < sizeof(part) ? pages : sizeof(part);
		int64_t n = mm_mincore_some(mm, addr, some, part);

		if (n < 0)
			return n;
		if (user_put(vec, part, (size_t)n))
			return -EFAULT;
		addr += (uint64_t)n * HV_PAGE_SIZE;
		vec += (uint64_t)n;
		pages -= (uint64_t)n;
	}
	return 0;
}

/* Linux lib/iov_iter.c, import_iovec: two passes, and a total length. */
#define RW_COUNT_MAX 0x7ffff000ull

static int64_t get_iov(uint64_t iov[2], uint64_t vec, uint64_t i)
{
	return user_get(iov, vec + i * 16, 16) ? -EFAULT : 0;
}

static int64_t check_vector(uint64_t vec, uint64_t n, uint64_t *total)
{
	uint64_t iov[2];

	for (uint64_t i = 0; i < n; i++) {
		if (get_iov(iov, vec, i))
			return -EFAULT;
		if ((int64_t)iov[1] < 0)
			return -EINVAL;
	}
	for (uint64_t i = 0; i < n; i++) {
		if (get_iov(iov, vec, i))
			return -EFAULT;
		if (n == 1 && iov[1] > RW_COUNT_MAX)
			iov[1] = RW_COUNT_MAX;
		if (!user_range_ok(iov[0], iov[1]))
			return -EFAULT;
		if (iov[1] > RW_COUNT_MAX - *total)
			iov[1] = RW_COUNT_MAX - *total;
		*total += iov[1];
	}
	return 0;
}

/* Linux vector_madvise: as far as it goes, then the error. */
static int64_t call_process_madvise(struct mm *mm, int fd, uint64_t vec,
				    uint64_t n, int advice, uint64_t flags)
{
	uint64_t done = 0, total = 0;
	int64_t ret;

	if (flags || n > IOV_MAX_LINUX)
		return -EINVAL;
	ret = check_vector(vec, n, &total);
	if (ret)
		return ret;
	/* The program can have no other descriptor of a process. */
	if (fd != PIDFD_SELF_THREAD && fd != PIDFD_SELF_THREAD_GROUP)
		return -EBADF;
	for (uint64_t i = 0; i < n && done < total; i++) {
		uint64_t iov[2];

		if (get_iov(iov, vec, i))
			return -EFAULT;
		if (iov[1] > total - done)
			iov[1] = total - done;
		/* Linux iov_iter_advance passes over it, wherever it is. */
		if (i && !iov[1])
			continue;
		ret = mm_madvise(mm, iov[0], iov[1], advice);
		if (ret < 0)
			return done ? (int64_t)done : ret;
		done += iov[1];
	}
	return (int64_t)done;
}

/* False: not memory management. As on Linux the lower half of rax counts. */
static bool serve_more(struct mm *mm, const struct hv_regs *r, int64_t *ret)
{
	switch ((uint32_t)r->rax) {
	case __NR_mincore:
		*ret = call_mincore(mm, r->rdi, r->rsi, r->rdx);
		return true;
	case __NR_msync:
		*ret = mm_msync(mm, r->rdi, r->rsi, (uint32_t)r->rdx);
		return true;
	case __NR_mlock:
		*ret = mm_mlock(mm, r->rdi, r->rsi);
		return true;
	case __NR_mlock2:
		*ret = mm_mlock2(mm, r->rdi, r->rsi, (uint32_t)r->rdx);
		return true;
	case __NR_munlock:
		*ret = mm_munlock(mm, r->rdi, r->rsi);
		return true;
	case __NR_mlockall:
		*ret = mm_mlockall(mm, (uint32_t)r->rdi);
		return true;
	case __NR_munlockall:
		*ret = mm_munlockall(mm);
		return true;
	case __NR_remap_file_pages:
		*ret = mm_remap_file_pages(mm, r->rdi, r->rsi, r->rdx, r->r10,
					   r->r8);
		return true;
	case __NR_mseal:
		*ret = mm_mseal(mm, r->rdi, r->rsi, r->rdx);
		return true;
	case __NR_process_madvise:
		*ret = call_process_madvise(mm, (int)r->rdi, r->rsi, r->rdx,
					    (int)r->r10, (uint32_t)r->r8);
		return true;
	/* A processor without protection keys. */
	case __NR_pkey_alloc:
	case __NR_pkey_free:
		*ret = -EINVAL;
		return true;
	case __NR_pkey_mprotect:
		*ret = mm_pkey_mprotect(mm, r->rdi, r->rsi, (uint32_t)r->rdx,
					(int)r->r10);
		return true;
	case __NR_set_mempolicy:
		*ret = policy_set((uint32_t)r->rdi, r->rsi, r->rdx);
		return true;
	case __NR_get_mempolicy:
		*ret = policy_get(mm, r->rdi, r->rsi, r->rdx, r->r10, r->r8);
		return true;
	case __NR_mbind:
		*ret = policy_bind(mm, r->rdi, r->rsi, (uint32_t)r->rdx, r->r10,
				   r->r8, (uint32_t)r->r9);
		return true;
	default:
		return false;
	}
}

static bool serve(const struct hv_regs *r, int64_t *ret)
{
	struct mm *mm = cpu_this()->mm;

	/* Most calls are not for us, and each instruction may cost 1 us. */
	if ((uint32_t)r->rax < __NR_mmap)
		return false;
	kernel_update_limits();
	switch ((uint32_t)r->rax) {
	case __NR_mmap:
		*ret = mm_mmap(mm, r->rdi, r->rsi, (uint32_t)r->rdx,
			       (uint32_t)r->r10, (int32_t)r->r8, r->r9);
		return true;
	case __NR_munmap:
		*ret = mm_munmap(mm, r->rdi, r->rsi);
		return true;
	case __NR_mprotect:
		*ret = mm_mprotect(mm, r->rdi, r->rsi, (uint32_t)r->rdx);
		return true;
	case __NR_mremap:
		*ret = mm_mremap(mm, r->rdi, r->rsi, r->rdx, (uint32_t)r->r10,
				 r->r8);
		return true;
	case __NR_madvise:
		*ret = mm_madvise(mm, r->rdi, r->rsi, (int)r->rdx);
		return true;
	case __NR_brk:
		*ret = mm_brk(mm, r->rdi);
		return true;
	default:
		return serve_more(mm, r, ret);
	}
}

void syscall_handle(struct hv_regs *regs)
{
	int64_t ret;

	if (serve(regs, &ret))
		regs->rax = (uint64_t)ret;
	else
		level_forward_syscall();
}
