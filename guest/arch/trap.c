/*
 * trap.c: what each exception and each SYSCALL means, at either level.
 *
 * Resolves page faults through mm_fault and reports each to the host; all that
 * raises a signal on Linux goes to the host as that signal.
 */
#include "trap.h"

#include <asm/siginfo.h>
#include <asm/signal.h>

#include "arch.h"
#include "cpu.h"
#include "hv.h"
#include "kernel.h"
#include "mm.h"
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

/*
 * Linux arch/x86/kernel/traps.c. `at_ip`: si_addr is the instruction's
 * address, else 0. Code 0x80 is SI_KERNEL.
 */
static const struct {
	uint8_t sig, code;
	bool at_ip;
} exception_signal[HV_VECTORS] = {
	[0] = {SIGFPE, FPE_INTDIV, true},   [1] = {SIGTRAP, TRAP_BRKPT, true},
	[3] = {SIGTRAP, 0x80, false},	    [4] = {SIGSEGV, 0x80, false},
	[5] = {SIGSEGV, 0x80, false},	    [6] = {SIGILL, ILL_ILLOPN, true},
	[9] = {SIGFPE, 0x80, false},	    [10] = {SIGSEGV, 0x80, false},
	[11] = {SIGBUS, 0x80, false},	    [12] = {SIGBUS, 0x80, false},
	[13] = {SIGSEGV, 0x80, false},	    [16] = {SIGFPE, 0, true},
	[17] = {SIGBUS, BUS_ADRALN, false}, [19] = {SIGFPE, 0, true},
};

/* key: of SEGV_PKUERR, else 0. */
static void raise_fault(struct hv_regs *regs, int sig, int code, uint64_t addr,
			uint32_t key)
{
	struct hv_call_signal signal = {
		.addr = addr,
		.sig = sig,
		.code = code,
		.pkey = key,
		.trapno = (uint32_t)regs->vector,
		.err = (uint32_t)regs->err,
	};

	if (!hv_signal(&signal, &kernel_upcalls))
		kernel_exit();
}

static void raise_signal(struct hv_regs *regs, int sig, int code, uint64_t addr)
{
	raise_fault(regs, sig, code, addr, 0);
}

/* Where the next record goes: straight into the ring, if there is one. */
static struct hv_fault *next_record(void)
{
	struct hv_ring *ring = kernel_boot.ring;

	return ring ? &ring->records[ring->count] : &cpu_area()->call.fault;
}

/* The host may look into the ring at any moment: the record comes first. */
static void log_record(void)
{
	struct hv_ring *ring = kernel_boot.ring;

	if (!ring) {
		hv_fault_log();
		return;
	}
	__atomic_store_n(&ring->count, ring->count + 1, __ATOMIC_RELEASE);
	if (ring->count == kernel_boot.ring_records)
		level_hypercall(HV_CALL_RING_FULL);
}

static int fault_resolve(uint64_t va, uint32_t access, uint64_t err,
			 uint64_t ip, uint16_t *outcome)
{
	struct cpu *cpu = cpu_this();
	struct hv_fault *record = next_record();
	uint64_t start = kernel_boot.trace ? arch_tsc() : 0;
	int ret;

	kernel_update_limits();
	ret = mm_fault(cpu->mm, va, access, err, ip, record);

	if (ret == MM_FAULT_SILENT)
		return 0;
	*outcome = record->outcome;
	if (kernel_boot.trace) {
		record->tsc = start;
		record->cycles = arch_tsc() - start;
		log_record();
	}
	return ret;
}

int kernel_fault_in(uint64_t va, uint32_t access)
{
	uint64_t err = access & HV_ACCESS_WRITE ? PF_WRITE : 0;
	uint16_t outcome;

	return fault_resolve(va, access | HV_FAULTF_UPCALL, err,
			     cpu_area()->regs.rip, &outcome);
}

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
	int sig = SIGSEGV, code = SEGV_MAPERR;
	uint32_t key = 0;
	uint16_t outcome;

	if (is_vsyscall(regs, va)) {
		raise_signal(regs, SIGSEGV, 0x80, 0);
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
	if (!fault_resolve(va, access, regs->err, regs->rip, &outcome))
		return;
	switch (outcome) {
	case HV_FAULT_SEGV_ACCERR:
		code = SEGV_ACCERR;
		break;
	case HV_FAULT_SEGV_PKUERR:
		code = SEGV_PKUERR;
		key = mm_pkey_at(cpu_this()->mm, va);
		break;
	case HV_FAULT_SIGBUS:
		sig = SIGBUS;
		code = BUS_ADRERR;
		break;
	case HV_FAULT_OOM:
		sig = SIGKILL;
		code = 0;
		break;
	}
	raise_fault(regs, sig, code, va, key);
}

/*
 * Where KVM is software, SYSCALL jumps to LSTAR without leaving CPL 3, and the
 * fetch there faults. RCX and R11 are as after SYSCALL. A program that jumps
 * to LSTAR itself makes a system call by it, and gains nothing.
 */
static bool is_faulted_syscall(const struct hv_regs *regs)
{
	return kernel_boot.syscall_faults &&
	       regs->rip == (uint64_t)syscall_entry &&
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
	raise_signal(regs, SIGSEGV, 0x80, 0);
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
	raise_signal(regs, exception_signal[v].sig, code,
		     exception_signal[v].at_ip ? regs->rip : 0);
}

void trap_handle(struct hv_regs *regs)
{
	if (level_trap_in_kernel(regs))
		panic("trap %lu in the kernel, err=%#lx rip=%#lx rsp=%#lx "
		      "cr2=%#lx",
		      regs->vector, regs->err, regs->rip, regs->rsp,
		      level_fault_address());
	if (regs->vector == VECTOR_PF && is_faulted_syscall(regs))
		undo_faulted_syscall(regs);
	if (regs->vector == HV_VECTOR_SYSCALL) {
		if (trap_check_return(regs))
			syscall_handle(regs);
	} else if (regs->vector == VECTOR_PF) {
		page_fault(regs);
	} else {
		exception(regs);
	}
}
