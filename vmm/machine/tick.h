/*
 * tick.h: twenty times a second the vCPU comes out of the guest (KVM_RUN fails
 * by EINTR), so that the host can do what must not wait as long as a program
 * computes: write out the log.
 *
 * No call of the host is ever interrupted by it: the timer's signal is blocked,
 * but in KVM_RUN.
 */
#ifndef TICK_H
#define TICK_H

#include <stdbool.h>

/*
 * Once, in the thread that will run the vCPU, when its signal mask is final.
 * 0, or -errno: there are no ticks then.
 */
int tick_start(int vcpu_fd);

/* Was there one since the last time that this was asked? */
bool tick_came(void);

#endif
