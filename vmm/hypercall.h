/*
 * hypercall.h: what the guest kernel asks of the host (hv_call.h).
 */
#ifndef HYPERCALL_H
#define HYPERCALL_H

#include <stdint.h>

struct vcpu;

/* Hypercall nr, arguments in the call page; nothing of it is trusted. */
void hypercall_dispatch(struct vcpu *v, uint32_t nr);
/* The kernel has timed ring 0 (HV_PORT_PROBE). */
void hypercall_probe(struct vcpu *v, uint32_t ticks);
/*
 * The program has ended (vcpu_stop), in a call that is not answered yet: show
 * and check what was asked for, then answer by that.
 */
void hypercall_end(struct vcpu *v);

#endif
