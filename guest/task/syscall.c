/*
 * syscall.c: which system calls are memory management, and served here. All
 * others are the host's.
 */
#include <asm/errno.h>
#include <asm/unistd.h>

#include "calls.h"
#include "cpu.h"
#include "hv.h"
#include "hv_call.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "kernel.h"
#include "level.h"
#include "trap.h"
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

/* 0: fd is of this process. */
static int check_pidfd(int fd)
{
	if (fd == PIDFD_SELF_THREAD || fd == PIDFD_SELF_THREAD_GROUP)
		return 0;
	return hv_file_op((uint32_t)fd, HV_FILE_OP_PIDFD, 0, 0);
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
	ret = check_pidfd(fd);
	if (ret)
		return ret;
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

/*
 * Sets *ours to false for what is not memory management. As on Linux the lower
 * half of rax counts.
 */
static int64_t serve_more(struct mm *mm, const struct hv_regs *r, bool *ours)
{
	switch ((uint32_t)r->rax) {
	case __NR_mincore:
		return call_mincore(mm, r->rdi, r->rsi, r->rdx);
	case __NR_msync:
		return mm_msync(mm, r->rdi, r->rsi, (uint32_t)r->rdx);
	case __NR_mlock:
		return mm_mlock(mm, r->rdi, r->rsi);
	case __NR_mlock2:
		return mm_mlock2(mm, r->rdi, r->rsi, (uint32_t)r->rdx);
	case __NR_munlock:
		return mm_munlock(mm, r->rdi, r->rsi);
	case __NR_mlockall:
		return mm_mlockall(mm, (uint32_t)r->rdi);
	case __NR_munlockall:
		return mm_munlockall(mm);
	case __NR_remap_file_pages:
		return mm_remap_file_pages(mm, r->rdi, r->rsi, r->rdx, r->r10,
					   r->r8);
	case __NR_mseal:
		return mm_mseal(mm, r->rdi, r->rsi, r->rdx);
	case __NR_process_madvise:
		return call_process_madvise(mm, (int)r->rdi, r->rsi, r->rdx,
					    (int)r->r10, (uint32_t)r->r8);
	case __NR_pkey_alloc:
		return mm_pkey_alloc(mm, r->rdi, r->rsi);
	case __NR_pkey_free:
		return mm_pkey_free(mm, (int)r->rdi);
	case __NR_pkey_mprotect:
		return mm_pkey_mprotect(mm, r->rdi, r->rsi, (uint32_t)r->rdx,
					(int)r->r10);
	default:
		*ours = false;
		return 0;
	}
}

static int64_t serve(struct mm *mm, const struct hv_regs *r, bool *ours)
{
	switch ((uint32_t)r->rax) {
	case __NR_mmap:
		return mm_mmap(mm, r->rdi, r->rsi, (uint32_t)r->rdx,
			       (uint32_t)r->r10, (int32_t)r->r8, r->r9);
	case __NR_munmap:
		return mm_munmap(mm, r->rdi, r->rsi);
	case __NR_mprotect:
		return mm_mprotect(mm, r->rdi, r->rsi, (uint32_t)r->rdx);
	case __NR_mremap:
		return mm_mremap(mm, r->rdi, r->rsi, r->rdx, (uint32_t)r->r10,
				 r->r8);
	case __NR_madvise:
		return mm_madvise(mm, r->rdi, r->rsi, (int)r->rdx);
	case __NR_brk:
		return mm_brk(mm, r->rdi);
	default:
		return serve_more(mm, r, ours);
	}
}

void task_resume(struct hv_regs *regs)
{
	if (!hv_answer_upcalls(&kernel_upcalls))
		kernel_exit();
	trap_check_return(regs);
}

void task_syscall(struct hv_regs *regs)
{
	/* Most calls are not for us, and each instruction may cost 1 us. */
	bool ours = (uint32_t)regs->rax >= __NR_mmap;
	int64_t ret = 0;

	if (ours) {
		kernel_update_limits();
		ret = serve(cpu_this()->mm, regs, &ours);
	}
	if (ours)
		regs->rax = (uint64_t)ret;
	else if (level_forward_syscall())
		task_resume(regs);
}
