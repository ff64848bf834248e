/*
 * signal.h: signals that the program's own instructions raise. The host builds
 * the frame, or ends the program.
 */
#ifndef SIGNAL_H
#define SIGNAL_H

#include <stdint.h>

#include "hv_vcpu.h"

/* key: of SEGV_PKUERR, else 0. Does not return if the program has ended. */
void signal_raise(const struct hv_regs *regs, int sig, int code, uint64_t addr,
		  uint32_t key);

#endif
