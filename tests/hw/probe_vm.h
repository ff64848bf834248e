/*
 * probe_vm.h: a VM just large enough to measure a kind of KVM with.
 *
 * Every VM starts fresh: long mode, paging, GDT, IDT, TSS, syscall enabled,
 * RFLAGS.IF set and trap gates, so that the host can always interrupt it (Bochs
 * cannot be kicked out of a guest that spins with IF clear). A host resource
 * that fails ends the probe with one line.
 */
#ifndef PROBE_VM_H
#define PROBE_VM_H

#include <linux/kvm.h>
#include <stdint.h>

#include "probe_guest.h"

extern const char kcode[], kcode_end[], ucode[], ucode_end[];

struct probe_vm {
	int kvm, vm, vcpu;
	int run_size; /* bytes of *run */
	struct kvm_run *run;
	uint8_t *ram; /* RAM_SIZE bytes, GPA 0 */
};

/* What probe_vm_run returns instead of a port. */
#define PROBE_HANG  -1 /* did not come back within two seconds */
#define PROBE_DEBUG -2 /* KVM_EXIT_DEBUG */
#define PROBE_MMIO  -3
#define PROBE_OTHER -4 /* any other exit: see run->exit_reason */

void probe_vm_open(struct probe_vm *vm);
void probe_vm_close(struct probe_vm *vm);

/* Start next at this piece of kcode or ucode, at its level; count goes to rbx.
 */
void probe_vm_enter(struct probe_vm *vm, const char *piece, uint64_t count);
/* Let a vector be handled by this piece of kcode. */
void probe_vm_gate(struct probe_vm *vm, int vector, const char *piece);
void probe_vm_set_msr(struct probe_vm *vm, uint32_t msr, uint64_t value);
/* Permit the first ports at CPL 3, by the TSS; off at first. */
void probe_vm_io_bitmap(struct probe_vm *vm, int on);
/* The page-table entry of a guest address. */
uint64_t *probe_vm_pte(struct probe_vm *vm, uint64_t va);

/* Until the next exit: the port of an OUT, or a PROBE_ value. */
int probe_vm_run(struct probe_vm *vm);
/* The same, but PORT_COUNT and MMIO exits are counted (may be NULL) and
 * resumed. */
int probe_vm_run_counted(struct probe_vm *vm, uint64_t *exits);

/* ioctl that cannot fail here; what names it in the message if it does. */
int probe_ioctl(int fd, unsigned long request, void *arg, const char *what);
double probe_now(void); /* seconds */

#define MSR_EFER  0xc0000080
#define MSR_STAR  0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084

#endif
