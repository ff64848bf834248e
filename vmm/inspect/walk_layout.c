/*
 * walk_layout.c: the kernel half of the address space, range by range: pages
 * that follow each other in both maps, with the same rights and size, are one.
 */
#include <inttypes.h>

#include "boot_internal.h"
#include "hv_boot.h"
#include "hv_map.h"
#include "message.h"
#include "table_set.h"
#include "tables.h"
#include "vcpu.h"
#include "vcpu_internal.h"
#include "walk.h"

struct range {
	uint64_t va, gpa, len;
	bool user, write, exec;
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
		r->va, r->va + r->len, 'r', r->write ? 'w' : '-',
		r->exec ? 'x' : '-', r->user ? 'u' : 's',
		sizes[(r->shift - 12) / 9], r->gpa, r->len >> 10,
		area(l->vm, r));
	l->now = (struct range){0};
}

static int add(void *ctx, const struct tables_page *p)
{
	struct layout *l = ctx;
	struct range *r = &l->now;

	if (r->user != p->user || r->write != p->write || r->exec != p->exec ||
	    r->shift != p->shift || r->va + r->len != p->va ||
	    r->gpa + r->len != p->gpa) {
		flush(l);
		*r = (struct range){p->va,    p->gpa,  0,	p->user,
				    p->write, p->exec, p->shift};
	}
	r->len += 1ull << p->shift;
	return 0;
}

static int note_table(void *ctx, uint64_t gpa, uint64_t va)
{
	struct layout *l = ctx;

	if (table_set_add(&l->seen, gpa))
		return 0;
	flush(l);
	fprintf(l->out, "%016" PRIx64 ": table at gpa %#" PRIx64 ", again\n",
		va, gpa);
	return TABLES_SKIP;
}

static void walk_root(struct layout *l, hv_gpa_t root)
{
	static const struct tables_visitor visitor = {
		.table = note_table,
		.page = add,
	};

	if (table_set_init(&l->seen, &l->vm->mem)) {
		error("--dump: layout: no memory");
		return;
	}
	tables_each(&l->vm->mem, root, TABLES_HALF, TABLES_ENTRIES, &visitor,
		    l);
	flush(l);
	table_set_fini(&l->seen);
}

void walk_layout(struct vcpu *v, FILE *out)
{
	struct layout l = {.vm = v->vm, .out = out};

	fprintf(out,
		"kernel at CPL %u; r w x, u: user-accessible, s: supervisor\n",
		v->vm->kernel_cpl);
	walk_root(&l, (hv_gpa_t){boot_root(v->vm)});
	if (v->vm->kernel_cpl != 3)
		return;
	fputs("root of the program, kernel half\n", out);
	walk_root(&l, v->area->call.user_root);
}
