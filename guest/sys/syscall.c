/*
 * syscall.c: which system calls are memory management, and served here. All
 * others are the host's.
 */
#include <asm/unistd.h>

#include "../arch/cpu.h"
#include "../arch/trap.h"
#include "hv.h"
#include "kernel.h"
#include "mm.h"

static int64_t serve(struct mm *mm, const struct hv_regs *r)
{
	switch (r->rax) {
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
	default:
		return mm_brk(mm, r->rdi);
	}
}

static bool is_memory_call(uint64_t nr)
{
	return (nr >= __NR_mmap && nr <= __NR_brk) || nr == __NR_mremap ||
	       nr == __NR_madvise;
}

void syscall_handle(struct hv_regs *regs)
{
	if (is_memory_call(regs->rax)) {
		kernel_update_limits();
		regs->rax = (uint64_t)serve(cpu_this()->mm, regs);
	} else {
		level_forward_syscall();
	}
}
