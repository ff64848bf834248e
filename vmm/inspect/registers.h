/*
 * registers.h: where a vCPU stands, for a bug report.
 */
#ifndef REGISTERS_H
#define REGISTERS_H

struct vcpu;

/* Registers, instruction bytes, page-table walk of rip and cr2, on stderr. */
void registers_dump(struct vcpu *v);

#endif
