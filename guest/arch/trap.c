/*
 * trap.c: what each exception and each SYSCALL means, at either level. What to
 * do about it is task/'s business (trap.h).
 */
#include "trap.h"

#include <asm/siginfo.h>
#include <asm/signal.h>

#include "hv_const.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "level.h"
#include "lock.h"
#include "panic.h"

/* Page-fault error code: Intel SDM vol. 3A, "Page-Fault Exceptions". */
#define PF_PRESENT 1u
#define PF_WRITE   2u
#define PF_USER	   4u
#define PF_RSVD	   8u
#define PF_INSTR   16u

#define VECTOR_DB 1
#define VECTOR_GP 13
#define VECTOR_PF 14
#define RFLAGS_TF 0x100ull
/* Bits of RFLAGS that a program may set: Linux FLAG mask, without IOPL. */
#define RFLAGS_USER  0x250dd5ull
#define RFLAGS_FIXED 0x202ull

#define CODE_KERNEL 0x80 /* SI_KERNEL */

static bool syscall_faults; /* SYSCALL arrives as a page fault */

void trap_init(struct hv_boot *boot)
{
	kernel_lock = &boot->lock;
	syscall_faults = boot->flags & HV_BOOT_SYSCALL_FAULTS;
}

/*
 * Linux arch/x86/kernel/traps.c. `at_ip`: si_addr is the instruction's
 * address, else 0.
 */
static const struct {
	uint8_t sig, code;
	bool at_ip;
} exception_signal[HV_VECTORS] = {
	[0] = {SIGFPE, FPE_INTDIV, true},
	[1] = {SIGTRAP, TRAP_BRKPT, true},
	[3] = {SIGTRAP, CODE_KERNEL, false},
	[4] = {SIGSEGV, CODE_KERNEL, false},
	[5] = {SIGSEGV, CODE_KERNEL, false},
	[6] = {SIGILL, ILL_ILLOPN, true},
	[9] = {SIGFPE, CODE_KERNEL, false},
	[10] = {SIGSEGV, CODE_KERNEL, false},
	[11] = {SIGBUS, CODE_KERNEL, false},
	[12] = {SIGBUS, CODE_KERNEL, false},
	[13] = {SIGSEGV, CODE_KERNEL, false},
	[16] = {SIGFPE, 0, true},
	[17] = {SIGBUS, BUS_ADRALN, false},
	[19] = {SIGFPE, 0, true},
};

/* A call of [vsyscall]: the host may serve it instead of raising the signal. */
static bool is_vsyscall(const struct hv_regs *regs, uint64_t va)
{
	return (va & ~(HV_PAGE_SIZE - 1)) == HV_VA_VSYSCALL &&
	       regs->rip == va && regs->err & PF_INSTR;
}

static void page_fault(struct hv_regs *regs)
{
	uint64_t va = level_fault_address();
	uint32_t access = HV_ACCESS_USER;

	if (is_vsyscall(regs, va)) {
		task_signal(regs, SIGSEGV, CODE_KERNEL, 0);
		trap_check_return(regs);
		return;
	}
	/*
	 * Linux says of nothing in the kernel's half that it is absent. Some
	 * KVM sets the reserved bit there, where its own kernel is.
	 */
	if (va >= HV_VA_USER_END)
		regs->err = (regs->err | PF_PRESENT) & ~(uint64_t)PF_RSVD;
	access |= regs->err & PF_WRITE ? HV_ACCESS_WRITE : 0;
	access |= regs->err & PF_INSTR ? HV_ACCESS_EXEC : 0;
	task_page_fault(regs, va, access);
}

/*
 * Where KVM is software, SYSCALL jumps to LSTAR without leaving CPL 3, and the
 * fetch there faults. RCX and R11 are as after SYSCALL. A program that jumps
 * to LSTAR itself makes a system call by it, and gains nothing.
 */
static bool is_faulted_syscall(const struct hv_regs *regs)
{
	return syscall_faults && regs->rip == (uint64_t)syscall_entry &&
	       (regs->err & (PF_USER | PF_INSTR)) == (PF_USER | PF_INSTR);
}

static void undo_faulted_syscall(struct hv_regs *regs)
{
	regs->rip = regs->rcx;
	regs->rflags = (regs->r11 & RFLAGS_USER) | RFLAGS_FIXED;
	regs->err = regs->rax;
	regs->vector = HV_VECTOR_SYSCALL;
}

/*
 * IRETQ to an address that is not canonical faults inside the kernel; on Linux
 * such a return raises SIGSEGV in the program.
 */
bool trap_check_return(struct hv_regs *regs)
{
	uint64_t ip = regs->rip;

	if ((uint64_t)((int64_t)(ip << 16) >> 16) == ip)
		return true;
	regs->vector = VECTOR_GP;
	regs->err = 0;
	task_signal(regs, SIGSEGV, CODE_KERNEL, 0);
	return false;
}

static void exception(struct hv_regs *regs)
{
	unsigned v = (unsigned)regs->vector;
	int code;

	if (v >= HV_VECTORS || !exception_signal[v].sig)
		panic("trap %u from user mode, err=%#lx rip=%#lx", v, regs->err,
		      regs->rip);
	code = exception_signal[v].code;
	if (v == VECTOR_DB && regs->rflags & RFLAGS_TF)
		code = TRAP_TRACE;
	task_signal(regs, exception_signal[v].sig, code,
		    exception_signal[v].at_ip ? regs->rip : 0);
}

void trap_handle(struct hv_regs *regs)
{
	if (level_trap_in_kernel(regs))
		panic("trap %lu in the kernel, err=%#lx rip=%#lx rsp=%#lx "
		      "cr2=%#lx",
		      regs->vector, regs->err, regs->rip, regs->rsp,
		      level_fault_address());
	lock_take();
	if (regs->vector == VECTOR_PF && is_faulted_syscall(regs))
		undo_faulted_syscall(regs);
	if (regs->vector == HV_VECTOR_SYSCALL) {
		if (trap_check_return(regs))
			task_syscall(regs);
	} else if (regs->vector == VECTOR_PF) {
		page_fault(regs);
	} else {
		exception(regs);
	}
	level_end();
}

void trap_resume(struct hv_regs *regs)
{
	task_resume(regs);
	level_end();
}
