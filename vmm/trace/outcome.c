/*
 * outcome.c: see outcome.h.
 */
#include "outcome.h"

#include "hv_fault.h"

static const char *const name[HV_FAULT_OUTCOMES] = {
	[HV_FAULT_ANON_ZERO] = "anon-zero",
	[HV_FAULT_ZERO_PAGE] = "zero-page",
	[HV_FAULT_FILE_READ] = "file-read",
	[HV_FAULT_FILE_COW] = "file-cow",
	[HV_FAULT_COW] = "cow",
	[HV_FAULT_REUSE] = "reuse",
	[HV_FAULT_SHARED_WRITE] = "shared-write",
	[HV_FAULT_STACK_GROWTH] = "stack-growth",
	[HV_FAULT_SWAP_IN] = "swap-in",
	[HV_FAULT_HUGE] = "huge",
	[HV_FAULT_SPURIOUS] = "spurious",
	[HV_FAULT_SEGV_MAPERR] = "segv-maperr",
	[HV_FAULT_SEGV_ACCERR] = "segv-accerr",
	[HV_FAULT_SEGV_PKUERR] = "segv-pkuerr",
	[HV_FAULT_SEGV_GUARD] = "segv-guard",
	[HV_FAULT_SIGBUS] = "sigbus",
	[HV_FAULT_OOM] = "oom",
};

const char *outcome_name(unsigned outcome)
{
	if (outcome >= HV_FAULT_OUTCOMES || !name[outcome])
		return "unknown";
	return name[outcome];
}
