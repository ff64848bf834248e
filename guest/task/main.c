/*
 * main.c: from the host's boot information to the program, and its end.
 */
#include "arch.h"
#include "check.h"
#include "cpu.h"
#include "hv.h"
#include "hv_boot.h"
#include "hv_call.h"
#include "hv_const.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "kernel.h"
#include "level.h"
#include "mm_exec.h"
#include "mm_init.h"
#include "mm_life.h"
#include "panic.h"
#include "show.h"
#include "slab.h"
#include "space.h"
#include "trap.h"
#include "writeback.h"

struct kernel_boot kernel_boot;

static void take_boot_flags(const struct hv_boot *boot)
{
	if (boot->magic != HV_BOOT_MAGIC || boot->abi_version != HV_ABI_VERSION)
		panic("boot information is of another version: %#lx %u",
		      boot->magic, boot->abi_version);
	kernel_boot.info = boot;
	kernel_boot.trace = boot->flags & HV_BOOT_TRACE;
	if (boot->ring.v)
		kernel_boot.ring = arch_phys_to_virt(boot->ring);
	kernel_boot.ring_records = (uint32_t)boot->ring_records;
	kernel_boot.check = boot->flags & HV_BOOT_CHECK;
}

void kernel_main(struct hv_boot *boot)
{
	struct cpu *cpu = cpu_this();
	int result;

	take_boot_flags(boot);
	level_init(boot);
	trap_init(boot);
	cpu->stack_top = (uint64_t)cpu_area() + HV_VCPU_AREA_SIZE;
	mm_init(boot);
	cpu->mm = mm_create(&boot->exec);
	if (!cpu->mm)
		panic("no memory for the program's address space");
	mm_populate_strings(cpu->mm);
	if (boot->flags & HV_BOOT_PKEYS)
		arch_pkru_write(HV_PKRU_INIT);
	cpu->pid = cpu->tid = boot->exec.pid;
	space_use(cpu_area(), cpu->mm);
	arch_root_use(mm_root(cpu->mm));
	if (!hv_exec(&kernel_upcalls, &result) || result)
		kernel_exit();
	user_enter(&cpu_area()->regs);
}

void kernel_update_limits(void)
{
	const struct hv_limits *limits = &cpu_area()->call.limits;
	struct cpu *cpu = cpu_this();

	if (cpu->limit_changes == limits->changes)
		return;
	cpu->limit_changes = limits->changes;
	mm_set_limits(cpu->mm, limits);
}

static void must_be_sound(const char *wrong)
{
	if (wrong)
		panic("check: %s", wrong);
}

void kernel_exit(void)
{
	struct cpu *cpu = cpu_this();
	struct hv_counters counters = {0};

	mm_sync_files();

	if (kernel_boot.check) {
		must_be_sound(mm_check(cpu->mm));
		arch_root_use((hv_gpa_t){0});
		mm_destroy(cpu->mm);
		slab_shrink_all();
		must_be_sound(buddy_check());
		must_be_sound(slab_check());
	}
	mm_counters(&counters);
	hv_exit(&counters);
}
