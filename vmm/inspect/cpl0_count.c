/* cpl0_count.c: see cpl0_count.h. */
#include "cpl0_count.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "hv_map.h"
#include "vcpu.h"
#include "vcpu_internal.h"

static struct {
	uint64_t entry; /* the program's first instruction */
	uint64_t steps; /* at CPL 0 */
	uint64_t
		until_entry; /* of them, before the program; 0: not there yet */
} count;

int cpl0_count_init(struct vcpu *v, uint64_t program_entry)
{
	struct kvm_guest_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP,
	};

	count.entry = program_entry;
	return ioctl(v->fd, KVM_SET_GUEST_DEBUG, &debug) < 0 ? -errno : 0;
}

/* Read from the kernel's linear addresses: the image or the direct map. */
static int kernel_read(struct vcpu *v, uint64_t va, void *dst, size_t len)
{
	uint64_t base = va >= HV_VA_KERNEL ? HV_VA_KERNEL : HV_VA_DIRECT;

	return guestmem_read(&v->vm->mem, (hv_gpa_t){va - base}, dst, len);
}

/* Whether the next instruction is the IRETQ that starts the program. */
static bool starts_program(struct vcpu *v, uint64_t pc)
{
	struct kvm_regs regs;
	uint8_t code[2];
	uint64_t rip;

	return !kernel_read(v, pc, code, sizeof(code)) && code[0] == 0x48 &&
	       code[1] == 0xcf && !ioctl(v->fd, KVM_GET_REGS, &regs) &&
	       !kernel_read(v, regs.rsp, &rip, sizeof(rip)) &&
	       rip == count.entry;
}

void cpl0_count_step(struct vcpu *v)
{
	uint64_t pc = v->run->debug.arch.pc;
	struct kvm_sregs sregs;

	if (ioctl(v->fd, KVM_GET_SREGS, &sregs) < 0 || sregs.cs.selector & 3)
		return;
	count.steps++;
	if (!count.until_entry && pc >= HV_VA_KERNEL && starts_program(v, pc))
		count.until_entry = count.steps + 1;
}

void cpl0_count_report(void)
{
	fprintf(stderr,
		"ring 0: %lu instructions before the program's first, %lu in "
		"all\n",
		count.until_entry, count.steps);
}
