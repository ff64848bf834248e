/*
 * walk_layout.c: the kernel half of the address space, range by range: pages
 * that follow each other in both maps, with the same rights and size, are one.
 */
#include <inttypes.h>

#include "boot_internal.h"
#include "message.h"
#include "pte.h"
#include "stop.h"
#include "table_set.h"
#include "vcpu.h"
#include "vcpu_internal.h"
#include "walk.h"

struct range {
	uint64_t va, gpa, len;
	uint64_t bits;	/* rights */
	unsigned shift; /* page size; 0: no range */
};

struct layout {
	const struct vm *vm;
	FILE *out;
	struct range now;
	struct table_set seen;
};

static const char *kernel_part(const struct vm *vm, uint64_t gpa)
{
	struct hv_image i;
	uint64_t at = gpa - HV_KERNEL_GPA;

	if (gpa < HV_KERNEL_GPA)
		return "boot structures, vCPU areas";
	if (guestmem_read(&vm->mem, (hv_gpa_t){HV_KERNEL_GPA}, &i, sizeof(i)))
		return "kernel";
	if (at < i.text_end)
		return at && at < i.gate_end ? "kernel gate, text"
					     : "kernel text";
	if (at < i.rodata_end)
		return "kernel rodata";
	return at < i.mem_size ? "kernel data, bss" : "kernel";
}

static const char *area(const struct vm *vm, const struct range *r)
{
	if (r->va >= HV_VA_KERNEL)
		return kernel_part(vm, r->gpa);
	if (r->va >= HV_VA_VMEMMAP)
		return "vmemmap (struct pages)";
	if (r->va >= HV_VA_VMALLOC)
		return "vmalloc";
	return r->va >= HV_VA_DIRECT ? "direct map" : "?";
}

static void flush(struct layout *l)
{
	static const char *const sizes[] = {"4K", "2M", "1G"};
	const struct range *r = &l->now;

	if (!r->shift)
		return;
	fprintf(l->out,
		"%016" PRIx64 "-%016" PRIx64 " %c%c%c%c %s pages, gpa %#" PRIx64
		", %" PRIu64 " KiB: %s\n",
		r->va, r->va + r->len, 'r', r->bits & PTE_WRITE ? 'w' : '-',
		r->bits & PTE_NX ? '-' : 'x', r->bits & PTE_USER ? 'u' : 's',
		sizes[(r->shift - 12) / 9], r->gpa, r->len >> 10,
		area(l->vm, r));
	l->now = (struct range){0};
}

static void add(struct layout *l, uint64_t va, uint64_t gpa, uint64_t bits,
		unsigned shift)
{
	struct range *r = &l->now;

	if (!r->shift || r->bits != bits || r->shift != shift ||
	    r->va + r->len != va || r->gpa + r->len != gpa) {
		flush(l);
		*r = (struct range){va, gpa, 0, bits, shift};
	}
	r->len += 1ull << shift;
}

/* bits: what the levels above allow. */
static void walk_table(struct layout *l, uint64_t table, int level, uint64_t va,
		       uint64_t bits)
{
	uint64_t entries[512];
	unsigned shift = 12 + 9 * (unsigned)level;

	if (stop_signal() || guestmem_read(&l->vm->mem, (hv_gpa_t){table},
					   entries, sizeof(entries)))
		return;
	if (!table_set_add(&l->seen, table)) {
		flush(l);
		fprintf(l->out,
			"%016" PRIx64 ": table at gpa %#" PRIx64 ", again\n",
			va, table);
		return;
	}
	for (unsigned i = level == 3 ? 256 : 0; i < 512; i++) {
		uint64_t e = entries[i], mask = (1ull << shift) - 1;
		uint64_t at = va + ((uint64_t)i << shift);
		uint64_t now = bits & e & (PTE_WRITE | PTE_USER);

		if (!(e & PTE_PRESENT))
			continue;
		if (level == 3) /* canonical */
			at |= 0xffff000000000000ull;
		now |= (bits | e) & PTE_NX;
		if (pte_is_leaf(e, shift))
			add(l, at, e & PTE_ADDR & ~mask, now, shift);
		else
			walk_table(l, e & PTE_ADDR, level - 1, at, now);
	}
}

static void walk_root(struct layout *l, uint64_t root)
{
	if (table_set_init(&l->seen, &l->vm->mem)) {
		error("--dump: layout: no memory");
		return;
	}
	walk_table(l, root & PTE_ADDR, 3, 0, PTE_WRITE | PTE_USER);
	flush(l);
	table_set_fini(&l->seen);
}

void walk_layout(struct vcpu *v, FILE *out)
{
	struct layout l = {.vm = v->vm, .out = out};

	fprintf(out,
		"kernel at CPL %u; r w x, u: user-accessible, s: supervisor\n",
		v->vm->kernel_cpl);
	walk_root(&l, boot_root(v->vm));
	if (v->vm->kernel_cpl != 3)
		return;
	fputs("root of the program, kernel half\n", out);
	walk_root(&l, v->area->call.user_root.v);
}
