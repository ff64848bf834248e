/*
 * hv_const.h: numbers of the contract that C and assembly read: nothing but
 * #define, and no suffixes.
 *
 * The contract is these headers: hv_const.h, hv_map.h, hv_boot.h, hv_call.h,
 * hv_describe.h, hv_fault.h, hv_vcpu.h (and hv_vdso.h, between the VMM and the
 * vDSO). They are all that the VMM (vmm/) and the guest kernel (guest/) know of
 * each other; both are built from them, and both compare HV_ABI_VERSION at
 * start. docs/abi.md has their tables.
 *
 * Conventions. Addresses: gpa = guest physical, va = guest virtual; sizes and
 * offsets are bytes unless the name says pages or pfn. Ranges are half-open.
 * Results are 0 or a value >= 0, or a negative Linux errno. "in" is written by
 * the guest before a hypercall, "out" by the host before it answers.
 */
#ifndef HV_CONST_H
#define HV_CONST_H

#define HV_ABI_VERSION 9
#define HV_IMAGE_MAGIC 0x4c4e524b4d4d5648 /* "HVMMKRNL" */
#define HV_BOOT_MAGIC  0x544f4f424d4d5648 /* "HVMMBOOT" */

/* Selectors; the order is the one that SYSCALL/SYSRET prescribe. */
#define HV_SEL_KERNEL_CS 0x10
#define HV_SEL_KERNEL_DS 0x18
#define HV_SEL_USER_DS	 0x2b
#define HV_SEL_USER_CS	 0x33
#define HV_SEL_TSS	 0x40

#define HV_VECTORS	  32 /* exceptions */
#define HV_VECTOR_SYSCALL 0x100

/*
 * A hypercall is `out %eax, $HV_PORT` with the number in eax and its arguments
 * in the vCPU's call page. The host copies the arguments before it looks at
 * them. Unknown numbers end the guest.
 */
#define HV_PORT 0x5e
/*
 * Before anything else the kernel times HV_PROBE_LOOPS iterations of a loop of
 * two instructions, twice, and puts the least TSC ticks out here, 32
 * bits. The host sees by it whether ring 0 is interpreted, and sets
 * hv_boot.flags.
 */
#define HV_PORT_PROBE  0x5f
#define HV_PROBE_LOOPS 4

/* Of enum hv_call_nr those that the gate makes. */
#define HV_NR_FAULT_LOG 8
#define HV_NR_SYSCALL	10

/* Offsets in struct hv_gate_page and struct hv_vcpu_area: hv_vcpu.h. */
#define HV_VCPU_AREA_SIZE   32768
#define HV_GATE_KERNEL_ROOT 0
#define HV_GATE_USER_ROOT   8
#define HV_GATE_STACK	    16
#define HV_GATE_FAULT	    32
#define HV_GATE_EXCEPTION   72
#define HV_GATE_WHICH	    960
#define HV_GATE_RAX	    968
#define HV_GATE_SAVED	    984
#define HV_GATE_LEFT_TOP    2048 /* end of left_stack: IST1 */
#define HV_GATE_FRAME	    40	 /* bytes of struct hv_gate_frame */

#endif
