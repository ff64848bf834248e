/*
 * probe.h: what the files of the probe share.
 */
#ifndef PROBE_H
#define PROBE_H

struct probe_vm;

/* A piece of probe_guest.S. */
#define PIECE(name) extern const char name[];

#define VEC_UD 6
#define VEC_NM 7
#define VEC_GP 13
#define VEC_PF 14
#define END_U  (PORT_VEC + VEC_GP) /* how a CPL 3 piece ends */

/* How a piece ended, in words; valid until the next call. */
const char *probe_how(const struct probe_vm *vm, int end);

/* Print, one line each, which rules of the architecture this KVM keeps. */
void probe_rules(void);

#endif
