/*
 * exits.h: why KVM_RUN came back.
 */
#ifndef EXITS_H
#define EXITS_H

struct vcpu;

void exit_dispatch(struct vcpu *v);

#endif
