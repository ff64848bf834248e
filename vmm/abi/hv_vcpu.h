/*
 * hv_vcpu.h: the area of a vCPU that both halves share: the call page, the gate
 * page, the program's registers.
 */
#ifndef HV_VCPU_H
#define HV_VCPU_H

#include "hv_call.h"
#include "hv_const.h"
#include "hv_describe.h"
#include "hv_fault.h"
#include "hv_map.h"
#include <stddef.h>
#include <stdint.h>

/* User registers as the entry code leaves them; the host may change them. */
struct hv_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector; /* exception number, or HV_VECTOR_SYSCALL */
	uint64_t err;	 /* error code, or the system call's number */
	uint64_t rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct hv_regs) == 176, "hv_regs is ABI");

/* What the host asks of the guest in its answer to EXEC, SYSCALL, SIGNAL. */
enum hv_status {
	HV_STATUS_DONE,
	HV_STATUS_FAULT_IN, /* fault in page `upcall_va`, then UPCALL_DONE */
	HV_STATUS_EXIT,	    /* the program has ended: tear down, then EXIT */
	HV_STATUS_DESCRIBE, /* fill `describe` in, then UPCALL_DONE */
	HV_STATUS_FILE,	    /* see `file_upcall`, then UPCALL_DONE */
	HV_STATUS_MM,	    /* see `mm_upcall`, then UPCALL_DONE */
};

/* PR_SET_THP_DISABLE: for all memory, or where there is no MADV_HUGEPAGE. */
#define HV_THP_DISABLE_ALL	 1u
#define HV_THP_DISABLE_UNADVISED 2u /* PR_THP_DISABLE_EXCEPT_ADVISED */

/* setrlimit, prctl, personality: what exec's limits have become. Looked at
 * where they matter. */
struct hv_limits {
	uint64_t changes;	  /* out: how often they changed */
	uint64_t stack, data, as; /* out: bytes; ~0: infinity */
	uint64_t memlock;	  /* out: likewise; ~0 with CAP_IPC_LOCK */
	uint64_t thp_disabled;	  /* out: HV_THP_DISABLE_*, or 0 */
	uint64_t data_max;	  /* out: as hv_exec.rlim_data_max */
	uint64_t read_exec; /* out: 1: personality has READ_IMPLIES_EXEC */
	uint64_t mdwe;	    /* out: 1: PR_MDWE_REFUSE_EXEC_GAIN */
	uint64_t lowest;    /* out: below it nothing may be mapped; 0 with
			       CAP_SYS_RAWIO */
};

struct hv_call_page_s {
	uint32_t status;	/* out: enum hv_status */
	uint32_t upcall_access; /* out: HV_ACCESS_WRITE or 0 */
	uint64_t upcall_va;	/* out */
	hv_gpa_t user_root;	/* in: PML4 of the user's address space */
	uint32_t pkru;		/* in: the program's, if keys are served */
	uint32_t reserved;
	struct hv_limits limits; /* out */
	struct hv_fault fault;	 /* in: FAULT_LOG */
	union {
		struct hv_call_text text;
		struct hv_call_bank bank;
		struct hv_call_file_read file_read;
		struct hv_call_file_get file_get;
		struct hv_call_file_put file_put;
		struct hv_call_file_op file_op;
		struct hv_call_file_upcall file_upcall;
		struct hv_call_mm_upcall mm_upcall;
		struct hv_call_flush flush;
		struct hv_call_page page;
		struct hv_call_exec exec;
		struct hv_call_upcall_done upcall_done;
		struct hv_call_signal signal;
		struct hv_call_exit exit;
		struct hv_call_describe describe;
	};
};

/*
 * A kernel at CPL 3 stands behind a gate: a few instructions at CPL 0 (guest/
 * arch/cpl3/gate.S). This page is what the gate and both page-table roots
 * share; a program cannot reach it. Traps from user mode push onto `saved`,
 * those from the kernel (its way out) onto `left`. Each return frame is one
 * that IRETQ takes: rip, cs, rflags, rsp, ss.
 *
 * A system call is forwarded on the way out: the gate makes the hypercall and
 * returns to the program, with `err` in rax. Where the host has more to say
 * than that (an upcall, changed registers, the end) it puts `resume` into
 * `saved` and the kernel's root into user_root, and the gate returns to the
 * kernel instead, which puts user_root right and looks at the call page.
 */
struct hv_gate_frame {
	uint64_t rip, cs, rflags, rsp, ss;
};
struct hv_gate_page {
	uint64_t kernel_root; /* CR3 of the kernel; by the host */
	uint64_t user_root;   /* CR3 of the program; by the kernel */
	uint64_t stack;	      /* RSP0: end of `saved`; by the host */
	uint64_t reserved;
	struct hv_gate_frame fault;	/* into the kernel; by the host */
	struct hv_gate_frame exception; /* likewise */
	struct hv_gate_frame resume;	/* likewise */
	uint8_t more[960 - 32 - 120];
	uint64_t which, rax, err;   /* CR2 or the vector; user's rax */
	struct hv_gate_frame saved; /* ends at 1024: RSP0 */
	uint8_t left_stack[1024];   /* ends at 2048: IST1 */
	uint8_t tss[104];	    /* of all vCPUs but the first */
	uint8_t rest[2048 - 104];
};
_Static_assert(
	offsetof(struct hv_gate_page, kernel_root) == HV_GATE_KERNEL_ROOT &&
		offsetof(struct hv_gate_page, user_root) == HV_GATE_USER_ROOT &&
		offsetof(struct hv_gate_page, stack) == HV_GATE_STACK &&
		offsetof(struct hv_gate_page, fault) == HV_GATE_FAULT &&
		offsetof(struct hv_gate_page, exception) == HV_GATE_EXCEPTION &&
		offsetof(struct hv_gate_page, which) == HV_GATE_WHICH &&
		offsetof(struct hv_gate_page, rax) == HV_GATE_RAX &&
		offsetof(struct hv_gate_page, saved) == HV_GATE_SAVED &&
		offsetof(struct hv_gate_page, tss) == HV_GATE_LEFT_TOP &&
		sizeof(struct hv_gate_frame) == HV_GATE_FRAME,
	"hv_const.h has the offsets");
_Static_assert(sizeof(struct hv_gate_page) == 4096, "hv_gate_page is ABI");

/*
 * One for each vCPU, aligned to its size: the call page, the gate page, then
 * the kernel stack. A trap from user mode always starts at the top of the
 * stack, so `regs` is where the user's registers are: the host reads and writes
 * them there. The kernel finds its vCPU by rounding the stack pointer down.
 */
struct hv_vcpu_area {
	union {
		struct hv_call_page_s call;
		uint8_t call_page[4096];
	};
	struct hv_gate_page gate;
	uint8_t stack[HV_VCPU_AREA_SIZE - 8192 - sizeof(struct hv_regs)];
	struct hv_regs regs;
};
_Static_assert(sizeof(struct hv_vcpu_area) == HV_VCPU_AREA_SIZE,
	       "hv_vcpu_area is ABI");
_Static_assert(sizeof(struct hv_call_page_s) <= 4096, "one page");

#endif
