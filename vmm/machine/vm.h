/*
 * vm.h: one virtual machine: its KVM descriptors and its RAM. A vcpu refers to
 * its vm.
 */
#ifndef VM_H
#define VM_H

#include <stdbool.h>
#include <stdint.h>

#include "guestmem.h"
#include "hv_boot.h"
#include "hv_fault.h"
#include "hv_map.h"

struct kvm_cpuid2;
struct vcpu_handlers;

struct vm {
	int kvm_fd, vm_fd;
	/* What KVM supports and what the host has, asked for once; and what the
	 * vCPU is to be, since vcpu_create: what it is. See processor.h. */
	struct kvm_cpuid2 *cpuid_kvm, *cpuid_host, *cpuid;
	uint64_t xcr0; /* the host's, as far as vCPUs can have it */
	struct guestmem mem;
	struct hv_bank banks[HV_BANKS_MAX];
	bool online[HV_BANKS_MAX]; /* has its memory slot */
	unsigned nr_banks;
	struct hv_ring *ring; /* batched log, or NULL */
	uint64_t ring_size;   /* bytes */
	uint32_t ring_logged; /* of its records, those that were taken */
	uint64_t ram_size;    /* bytes */
	uint64_t tsc_khz;     /* of the vCPUs; 0: not known */
	uint32_t kernel_cpl;  /* level of the guest kernel, 0 or 3 */
	bool choose_cpl;      /* it is ours to choose */
	hv_gpa_t gate_root;   /* CPL 3: a root with the gate alone */
	const struct vcpu_handlers *handlers; /* set by the owner */
	bool over;			      /* no vCPU is to run any more */
};

/*
 * Open /dev/kvm, check version and capabilities, create the VM. On failure
 * prints one line that says what to do and returns -errno.
 */
int vm_create(struct vm *vm);
void vm_destroy(struct vm *vm);

/* Give bank i its memory slot. Returns 0 or -errno. */
int vm_bank_online(struct vm *vm, unsigned i);
/* Likewise to the areas of vCPUs, once they are made. */
int vm_areas_online(struct vm *vm);

#endif
