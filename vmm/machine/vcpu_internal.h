/*
 * vcpu_internal.h: struct vcpu, for the files that run it, answer the guest or
 * look at it from outside. What serves the program uses vcpu.h.
 */
#ifndef VCPU_INTERNAL_H
#define VCPU_INTERNAL_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>

#include "hv_map.h"
#include "hv_vcpu.h"
#include "vm.h"

/* What the guest is at when it makes a hypercall: hypercall.c says what is
 * legal in each. */
enum vcpu_state {
	VCPU_BOOTING, /* until EXEC is answered */
	VCPU_RUNNING, /* the program runs, or its kernel for it */
	VCPU_SERVING, /* EXEC, SYSCALL, SIGNAL: the host is at work */
	VCPU_FAULT_IN,
	VCPU_DESCRIBE,
	VCPU_FILE,
	VCPU_MM,     /* ... and waits for an upcall of this kind */
	VCPU_ENDING, /* the program has ended: until EXIT */
};

struct thread;

struct vcpu {
	struct vm *vm;
	struct thread *thread; /* that runs on it; set by the owner */
	struct hv_lock *lock;  /* the machine's */
	int fd;
	struct kvm_run *run;
	size_t run_size;
	/* The guest writes it too: read each field once, then check. */
	struct hv_vcpu_area *area;
	hv_gpa_t area_gpa;
	unsigned number;    /* KVM's id of it; 0: the first */
	uint64_t xfeatures; /* XCR0; 0: without XSAVE */
	bool pkeys;	    /* CR4.PKE */

	/* A call forwarded on the way out (hv_gate_page) is being served: */
	bool leaving;	   /* the guest will return to the program */
	bool regs_changed; /* more than rax */

	/* The program was interrupted, its registers are in the area, and KVM's
	 * are still those: vcpu_kick.c. */
	bool captured;

	/* Between looking at flush_due and coming back from KVM_RUN; and what
	 * it has cached must go before the next. */
	uint32_t in_guest, flush_due;

	enum vcpu_state state;
	int upcall_result;
	const struct vcpu *look_at; /* vcpu_look_at */
	bool idle; /* its thread has ended: to be started again */

	bool stopping;	 /* the program has ended, the guest has not */
	bool done;	 /* nothing more to run */
	int wait_status; /* of the program, or of the failure */
};

/* Create the vCPU; its area must be in RAM. Prints and returns -errno. */
int vcpu_create(struct vcpu *v, struct vm *vm, hv_gpa_t area);
void vcpu_destroy(struct vcpu *v);

/* Run until the guest has ended. Returns its wait status. */
int vcpu_run(struct vcpu *v);

/* Ask the guest to fault in va while a hypercall of it is served. */
int vcpu_upcall(struct vcpu *v, uint64_t va, uint32_t access);

/* Have a guest that is leaving come back to its kernel: see hv_gate_page. */
void vcpu_return_to_kernel(struct vcpu *v);

/* KVM_RUN; what it returns. */
int vcpu_enter(struct vcpu *v);

/*
 * After KVM_RUN was interrupted: if the program was running, and can go on
 * elsewhere, take its registers into the area and be VCPU_SERVING, as in a
 * call, with the lock. False: not now; it is in its kernel, or at an exception.
 */
bool vcpu_capture(struct vcpu *v);
/* It goes on by the registers in the area; the lock is given back. */
void vcpu_release(struct vcpu *v);
/* It is to be in its kernel, which answers what the call page says. */
void vcpu_enter_kernel(struct vcpu *v);

/*
 * v forgets what it has cached, or has done so before it runs again. From any
 * thread but its own.
 */
void vcpu_flush_remote(struct vcpu *v, int host_tid);

/* Another vCPU, n from 1, which is idle. 0 or -errno. */
int vcpu_create_more(struct vcpu *v, struct vm *vm, unsigned n);
/*
 * An idle one, to run the program with the registers that are in its area, and
 * all others as `like` has them, whose call is served, but for FS base. The
 * address space is set (HV_MM_SHARE, HV_MM_DUP). 0 or -errno.
 */
int vcpu_start(struct vcpu *v, const struct vcpu *like, uint64_t fs_base);
/* As execve leaves them: all that is not in the area. 0 or -errno. */
int vcpu_reset_user(struct vcpu *v);

/* HV_STATUS_MM: hv_call.h, while a call of v is served. 0 or -ENOMEM. */
int vcpu_mm_upcall(struct vcpu *v, enum hv_mm_upcall op, const struct vcpu *of,
		   uint32_t pid, uint32_t tid);

/* Stop if a signal wants vmm to end (stop.h). */
void vcpu_check_stop(struct vcpu *v);

/* Stop now, because of a bug or a host failure: exit status 125. */
void vcpu_abort(struct vcpu *v);

/* MSRs of SYSCALL: entry is MSR_LSTAR. Returns 0 or -errno. */
int vcpu_set_syscall_msrs(struct vcpu *v, uint64_t entry, uint64_t kernel_gs);

#endif
