/*
 * areas.c: see areas.h. The first of the areas is not used, as vCPU 0 has its
 * own below the kernel image.
 */
#include "areas.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "boot_internal.h"
#include "boot_tables.h"
#include "hv_vcpu.h"
#include "vm.h"

#define AREAS_BYTES  (HV_VCPUS_MAX * (uint64_t)HV_VCPU_AREA_SIZE)
#define TABLES_PAGES 20 /* two roots: a table of 2 MiB entries, 8 of pages */

static int map_kernel_root(struct vm *vm, struct boot_tables *t)
{
	uint64_t bits = PTE_WRITE | PTE_NX | (vm->kernel_cpl ? PTE_USER : 0);

	return boot_tables_map(t, (hv_gpa_t){boot_root(vm)}, HV_VA_AREAS,
			       HV_AREAS_GPA, AREAS_BYTES, bits);
}

static int map_gates(struct vm *vm, struct boot_tables *t)
{
	uint64_t gate = offsetof(struct hv_vcpu_area, gate);
	int ret = 0;

	for (unsigned n = 1; n < HV_VCPUS_MAX && !ret; n++)
		ret = boot_tables_map(t, vm->gate_root, areas_va(n) + gate,
				      areas_gpa(n).v + gate, HV_PAGE_SIZE,
				      PTE_WRITE | PTE_NX);
	return ret;
}

static int map(struct vm *vm)
{
	struct boot_tables t = {
		.mem = &vm->mem,
		.next = HV_AREAS_GPA + AREAS_BYTES,
		.end = HV_AREAS_GPA + vm->mem.areas_size,
	};
	int ret = map_kernel_root(vm, &t);

	return ret || !vm->kernel_cpl ? ret : map_gates(vm, &t);
}

int areas_make(struct vm *vm)
{
	uint64_t size = AREAS_BYTES + TABLES_PAGES * HV_PAGE_SIZE;
	void *at;
	int ret;

	if (vm->mem.areas)
		return 0;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return -errno;
	vm->mem.areas = at;
	vm->mem.areas_size = size;
	ret = vm_areas_online(vm);
	return ret ? ret : map(vm);
}
