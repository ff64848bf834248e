/*
 * vcpu.h: one virtual CPU, which is one guest thread and one host thread.
 */
#ifndef VCPU_H
#define VCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_call.h"
#include "hv_describe.h"
#include "hv_vcpu.h"

struct vcpu;
struct vm;

/*
 * The user registers of the thread, valid while the host serves a hypercall of
 * that thread. Guest memory: read once, check, write whole.
 */
void vcpu_get_regs(const struct vcpu *v, struct hv_regs *out);
void vcpu_set_regs(struct vcpu *v, const struct hv_regs *in);

/* FS and GS base of user mode: arch_prctl(2). Return 0 or -errno. */
int vcpu_set_fs_base(struct vcpu *v, uint64_t base);
int vcpu_set_gs_base(struct vcpu *v, uint64_t base);
int vcpu_get_fs_base(struct vcpu *v, uint64_t *base);
int vcpu_get_gs_base(struct vcpu *v, uint64_t *base);

/*
 * The user FPU and vector state in the layout of XSAVE, standard format (the
 * one a signal frame has). size: bytes; get returns the bytes written or
 * -errno, set 0 or -errno.
 */
int64_t vcpu_get_xsave(struct vcpu *v, void *buf, size_t size);
int vcpu_set_xsave(struct vcpu *v, const void *buf, size_t size);

/* What it holds: the vCPU's XCR0; 0 without XSAVE. */
uint64_t vcpu_xfeatures(const struct vcpu *v);
/* Protection keys are served. */
bool vcpu_has_pkeys(const struct vcpu *v);

/* What the guest's memory manager is to heed; `changes` is not looked at. */
void vcpu_set_limits(struct vcpu *v, const struct hv_limits *limits);

/* Have the guest write back or read again pages of a mapped file. 0 or < 0. */
int vcpu_file_upcall(struct vcpu *v, const struct hv_call_file_upcall *call);

/* Descriptions are of that vCPU's address space; NULL, or v: of its own. */
void vcpu_look_at(struct vcpu *v, const struct vcpu *other);

/*
 * Ask the guest for a description (enum hv_describe), while a hypercall of it
 * is served: one piece, from `cursor`. Returns 0 or -errno; -EIO: the guest's
 * answer makes no sense, or it has ended.
 */
int vcpu_describe(struct vcpu *v, uint32_t what, uint64_t cursor, uint32_t want,
		  struct hv_call_describe *out);

/* The machine's lock: biglock.h. */
void vcpu_lock(struct vcpu *v);
void vcpu_unlock(struct vcpu *v);
/*
 * A host thread that is no vCPU's takes it, too, by any vCPU, from now on;
 * whoever says so has it.
 */
void vcpu_share_lock(struct vcpu *v);
/* Have it come back from KVM_RUN, or not go there; with a signal to its host
 * thread after it. From any thread. */
void vcpu_interrupt(struct vcpu *v);

/*
 * The program has ended: mark it, for the loop that runs the vCPU. status as
 * wait(2) would give it: exit code in bits 8-15, or a signal number in bits
 * 0-6. The first one counts.
 */
void vcpu_stop(struct vcpu *v, int wait_status);

/*
 * What the loop that runs a vCPU leaves to those above, all in the vCPU's
 * thread.
 */
struct vcpu_handlers {
	/* KVM_RUN came back: see kvm_run. */
	void (*exit)(struct vcpu *v);
	/* KVM_RUN was interrupted, and vmm does not end. */
	void (*kicked)(struct vcpu *v);
	/* The mark of vcpu_stop is seen, while a hypercall is served. */
	void (*ended)(struct vcpu *v);
	/* The vCPU may wait now, or has computed for long: write out the log.
	 */
	void (*flush)(struct vcpu *v);
	/* KVM has failed: print what helps to find out why. */
	void (*dump)(struct vcpu *v);
};

#endif
