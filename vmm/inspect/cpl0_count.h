/*
 * cpl0_count.h: --count-cpl0: how many instructions ring 0 runs, by
 * single-stepping.
 *
 * A measure that does not depend on time. Where KVM is software, only ring 0 is
 * stepped; elsewhere every instruction is, and the program gets slow.
 */
#ifndef CPL0_COUNT_H
#define CPL0_COUNT_H

#include "vcpu.h"

/* Turn stepping on. Returns 0 or -errno. */
int cpl0_count_init(struct vcpu *v, uint64_t program_entry);
/* KVM_EXIT_DEBUG. */
void cpl0_count_step(struct vcpu *v);
/* One line on stderr. */
void cpl0_count_report(void);

#endif
