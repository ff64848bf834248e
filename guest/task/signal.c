/*
 * signal.c: see signal.h.
 */
#include "signal.h"

#include "hv.h"
#include "hv_call.h"
#include "kernel.h"
#include "trap.h"

void signal_raise(const struct hv_regs *regs, int sig, int code, uint64_t addr,
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

void task_signal(const struct hv_regs *regs, int sig, int code, uint64_t addr)
{
	signal_raise(regs, sig, code, addr, 0);
}
