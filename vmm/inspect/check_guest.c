/* check_guest.c: see check_guest.h. */
#include "check_guest.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "areas.h"
#include "boot.h"
#include "boot_internal.h"
#include "check_tables.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "message.h"
#include "vcpu.h"
#include "vcpu_internal.h"

/* What every address space shares with a kernel at CPL 3. */
static unsigned gate_ranges(const struct vm *vm, struct check_range *out)
{
	uint64_t gate = offsetof(struct hv_vcpu_area, gate);
	uint64_t page = BOOT_VCPU_AREA + gate;
	uint64_t code = HV_KERNEL_GPA + HV_PAGE_SIZE;
	const struct check_range fixed[] = {
		{kernel_va(GDT_GPA), GDT_GPA, HV_PAGE_SIZE},
		{kernel_va(IDT_GPA), IDT_GPA, HV_PAGE_SIZE},
		{kernel_va(DF_STACK_GPA), DF_STACK_GPA, HV_PAGE_SIZE},
		{kernel_va(page), page, HV_PAGE_SIZE},
		{kernel_va(code), code,
		 boot_kernel_image(vm)->gate_end - HV_PAGE_SIZE},
	};
	unsigned n = sizeof(fixed) / sizeof(*fixed);

	memcpy(out, fixed, sizeof(fixed));
	for (unsigned i = 1; i < HV_VCPUS_MAX && vm->mem.areas; i++)
		out[n++] = (struct check_range){areas_va(i) + gate,
						areas_gpa(i).v + gate,
						HV_PAGE_SIZE};
	return n;
}

int check_guest_tables(const struct vcpu *v)
{
	struct vm *vm = v->vm;
	struct check_range gate[5 + HV_VCPUS_MAX];
	const struct check_tables c = {
		.mem = &vm->mem,
		.user_root = v->area->call.user_root,
		.kernel_root = {boot_root(vm)},
		.kernel_cpl = vm->kernel_cpl,
		.gate = gate,
		.nr_gate = gate_ranges(vm, gate),
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
