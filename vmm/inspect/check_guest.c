/* check_guest.c: see check_guest.h. */
#include "check_guest.h"

#include <errno.h>

#include "boot.h"
#include "boot_internal.h"
#include "check_tables.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "message.h"
#include "vcpu.h"
#include "vcpu_internal.h"

int check_guest_tables(const struct vcpu *v)
{
	struct vm *vm = v->vm;
	uint64_t page = BOOT_VCPU_AREA + offsetof(struct hv_vcpu_area, gate);
	uint64_t code = HV_KERNEL_GPA + HV_PAGE_SIZE;
	const struct check_range gate[] = {
		{kernel_va(GDT_GPA), GDT_GPA, HV_PAGE_SIZE},
		{kernel_va(IDT_GPA), IDT_GPA, HV_PAGE_SIZE},
		{kernel_va(DF_STACK_GPA), DF_STACK_GPA, HV_PAGE_SIZE},
		{kernel_va(page), page, HV_PAGE_SIZE},
		{kernel_va(code), code,
		 boot_kernel_image(vm)->gate_end - HV_PAGE_SIZE},
	};
	const struct check_tables c = {
		.mem = &vm->mem,
		.user_root = v->area->call.user_root,
		.kernel_root = {boot_root(vm)},
		.kernel_cpl = vm->kernel_cpl,
		.gate = gate,
		.nr_gate = sizeof(gate) / sizeof(gate[0]),
		.banks = vm->banks,
		.nr_banks = vm->nr_banks,
	};
	char why[160];
	int ret = check_tables(&c, why, sizeof(why));

	if (ret == -EINTR)
		return 0; /* somebody ends us: nobody waits for the check */
	if (ret)
		error("check failed: %s", why);
	return ret;
}
