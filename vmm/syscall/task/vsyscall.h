/*
 * vsyscall.h: the three functions at fixed addresses that x86-64 programs could
 * once call instead of SYSCALL (gettimeofday, time, getcpu). Old static
 * programs still do. Nothing is mapped there: the fetch faults, and is served
 * as a system call; Linux does the same with vsyscall=xonly.
 */
#ifndef VSYSCALL_H
#define VSYSCALL_H

#include <stdbool.h>

#include "hv_call.h"

struct call;
struct hv_call_signal;

/*
 * Whether that is what the program was about to be given `sig` for; if so,
 * its registers are as after the function's return.
 */
bool vsyscall_serve(struct call *c, const struct hv_call_signal *sig);

#endif
