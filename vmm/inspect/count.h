/*
 * count.h: --count-cpl0: how many instructions ring 0 runs, by single-stepping.
 *
 * A measure that does not depend on time. Where KVM is software, only ring 0 is
 * stepped; elsewhere every instruction is, and the program gets slow.
 */
#ifndef COUNT_H
#define COUNT_H

#include "vcpu.h"

/* Turn stepping on. Returns 0 or -errno. */
int count_init(struct vcpu *v, uint64_t program_entry);
/* KVM_EXIT_DEBUG. */
void count_step(struct vcpu *v);
/* One line on stderr. */
void count_report(void);

#endif
