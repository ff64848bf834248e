/*
 * space.c: address spaces that come and go while programs run, as the host
 * asks for it: clone, fork, exec, and the end of a thread.
 */
#include "space.h"

#include <asm/errno.h>

#include "arch.h"
#include "cpu.h"
#include "hv_boot.h"
#include "hv_call.h"
#include "kernel.h"
#include "mm_dup.h"
#include "mm_exec.h"
#include "mm_life.h"
#include "string.h"

void space_use(struct hv_vcpu_area *area, struct mm *mm)
{
	((struct cpu *)area->stack)->mm = mm;
	area->call.user_root = mm_root(mm);
}

/*
 * The vCPU begins in the program, with an empty stack here. Its limits are
 * taken anew at its first look.
 */
static void start_task(const struct hv_call_mm_upcall *call, struct mm *mm)
{
	struct hv_vcpu_area *area = (void *)call->area;
	struct cpu *cpu = (struct cpu *)area->stack;

	memset(cpu, 0, sizeof(*cpu));
	cpu->stack_top = call->area + HV_VCPU_AREA_SIZE;
	cpu->pid = call->pid;
	cpu->tid = call->tid;
	area->call.pkru = cpu_area()->call.pkru;
	area->gate.user_root = mm_root(mm).v;
	space_use(area, mm);
}

static int share(const struct hv_call_mm_upcall *call)
{
	start_task(call, mm_get(cpu_this()->mm));
	return 0;
}

static int dup(const struct hv_call_mm_upcall *call)
{
	struct mm *mm = mm_dup(cpu_this()->mm);

	if (!mm)
		return -ENOMEM;
	start_task(call, mm);
	return 0;
}

/* The old one goes last: the new one may need what of it is cached. */
static int exec(void)
{
	struct cpu *cpu = cpu_this();
	struct mm *old = cpu->mm, *mm = mm_create(&kernel_boot.info->exec);

	if (!mm)
		return -ENOMEM;
	space_use(cpu_area(), mm);
	arch_root_use(mm_root(mm));
	if (kernel_boot.info->flags & HV_BOOT_PKEYS)
		arch_pkru_write(HV_PKRU_INIT);
	mm_put(old);
	mm_populate_strings(mm);
	return 0;
}

/* Also of a vCPU that was to be started, and was not. */
static void leave(const struct hv_call_mm_upcall *call)
{
	struct hv_vcpu_area *area = (void *)call->area;
	struct cpu *cpu = (struct cpu *)area->stack;
	struct mm *mm = cpu->mm;

	if (cpu == cpu_this())
		arch_root_use((hv_gpa_t){0});
	cpu->mm = NULL;
	mm_put(mm);
}

int space_upcall(const struct hv_call_mm_upcall *request)
{
	/* The page is needed for other calls. */
	const struct hv_call_mm_upcall call = *request;

	switch (call.op) {
	case HV_MM_SHARE:
		return share(&call);
	case HV_MM_DUP:
		return dup(&call);
	case HV_MM_EXEC:
		return exec();
	case HV_MM_LEAVE:
		leave(&call);
		return 0;
	default:
		return -EINVAL;
	}
}
