/*
 * page_fault.c: faults of the program, and those that the host asks for: each
 * is resolved by mm_fault and reported to the host; what raises a signal on
 * Linux does so here.
 */
#include <asm/siginfo.h>
#include <asm/signal.h>

#include "arch.h"
#include "cpu.h"
#include "fault.h"
#include "hv.h"
#include "hv_call.h"
#include "hv_fault.h"
#include "hv_vcpu.h"
#include "kernel.h"
#include "level.h"
#include "pkey.h"
#include "signal.h"
#include "trap.h"

/* Error code: Intel SDM vol. 3A, "Page-Fault Exceptions". */
#define PF_WRITE 2u

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

/* As mm_fault; *outcome is left alone if that was silent. */
static int resolve_and_log(uint64_t va, uint32_t access, uint64_t err,
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
		record->pid = cpu->pid;
		record->tid = cpu->tid;
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

	return resolve_and_log(va, access | HV_FAULTF_UPCALL, err,
			       cpu_area()->regs.rip, &outcome);
}

void task_page_fault(struct hv_regs *regs, uint64_t va, uint32_t access)
{
	int sig = SIGSEGV, code = SEGV_MAPERR;
	uint32_t key = 0;
	uint16_t outcome;

	if (!resolve_and_log(va, access, regs->err, regs->rip, &outcome))
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
	signal_raise(regs, sig, code, va, key);
}
