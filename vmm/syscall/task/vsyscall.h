/*
 * vsyscall.h: the three functions at fixed addresses that x86-64 programs could
 * once call instead of SYSCALL (gettimeofday, time, getcpu). Old static
 * programs still do. Nothing is mapped there: the fetch faults, and is served
 * as a system call; Linux does the same with vsyscall=xonly.
 */
#ifndef VSYSCALL_H
#define VSYSCALL_H

#include <stdbool.h>

#include "hv_abi.h"

struct sys;
struct vcpu;

/*
 * Whether that is what the program was about to be given `sig` for; if so,
 * `regs` are as after the function's return.
 */
bool vsyscall_serve(struct sys *s, struct vcpu *v,
		    const struct hv_call_signal *sig, struct hv_regs *regs);

#endif
