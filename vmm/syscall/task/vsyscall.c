/*
 * vsyscall.c: Linux arch/x86/entry/vsyscall/vsyscall_64.c, emulate_vsyscall.
 */
#include "vsyscall.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#include "call.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "procfs.h"

#define PF_VECTOR 14
#define STEP	  0x400 /* from one function to the next */

static const uint16_t function[] = {SYS_gettimeofday, SYS_time, SYS_getcpu};
#define FUNCTIONS (sizeof(function) / sizeof(function[0]))

/* The guest kernel gives a fetch from the page code and error like this. */
static bool is_fetch(const struct hv_call_signal *sig,
		     const struct hv_regs *regs)
{
	return sig->sig == SIGSEGV && sig->code == SI_KERNEL &&
	       sig->trapno == PF_VECTOR &&
	       (regs->rip & ~(HV_PAGE_SIZE - 1)) == HV_VA_VSYSCALL;
}

bool vsyscall_serve(struct call *c, const struct hv_call_signal *sig)
{
	struct hv_regs *regs = c->regs;
	uint64_t offset = regs->rip - HV_VA_VSYSCALL, back;
	int64_t r;

	if (!is_fetch(sig, regs) || !procfs_has_vsyscall() || offset % STEP ||
	    offset / STEP >= FUNCTIONS)
		return false;
	if (call_get(c, regs->rsp, &back, sizeof(back)) < 0)
		return false;
	c->nr = function[offset / STEP];
	c->arg[0] = regs->rdi;
	c->arg[1] = regs->rsi;
	r = call_dispatch(c);
	if (r == -EFAULT) /* nobody looks at its result: a signal */
		return false;
	regs->rax = (uint64_t)r;
	regs->rip = back;
	regs->rsp += sizeof(back);
	return true;
}
