/*
 * check_tables.c: see check_tables.h.
 *
 * Two passes: the first notes every table page of each root in a set, the
 * second looks at each page that is mapped. No table may be reached twice from
 * a root, so both end; the gate's are reached from both roots.
 */
#include "check_tables.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "pte.h"
#include "stop.h"
#include "table_set.h"

#define ENTRIES	   512u
#define LOWER_HALF 256u /* entries of a PML4 */

/* A page as the processor sees it: rights of all levels combined. */
struct mapping {
	uint64_t va, gpa, len;
	bool user, write, exec;
};

struct walk {
	const struct check_tables *c;
	const char *root;	       /* "user" or "kernel", for messages */
	struct table_set user, kernel; /* the table pages of each root */
	struct table_set *tables;      /* of this root, in the first pass */
	char *why;
	size_t why_size;
	/* Second pass: 0 or -EINVAL for each mapping. NULL: collect tables. */
	int (*look)(struct walk *w, const struct mapping *m);
};

__attribute__((format(printf, 2, 3))) static int wrong(struct walk *w,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->why, w->why_size, format, args);
	va_end(args);
	return -EINVAL;
}

/* Bits 47 to 63 of an address are equal. */
static uint64_t canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16);
}

/* The first pass only: none of them twice, or there would be no end. */
static int note_table(struct walk *w, uint64_t gpa, uint64_t va)
{
	if (table_set_add(w->tables, gpa))
		return 0;
	return wrong(w,
		     "%s root: table of %#" PRIx64 " at %#" PRIx64
		     " is in use elsewhere in this root",
		     w->root, canonical(va), gpa);
}

static int walk_table(struct walk *w, uint64_t gpa, unsigned shift,
		      struct mapping above, unsigned first, unsigned end);

static int walk_entry(struct walk *w, uint64_t entry, unsigned shift,
		      struct mapping m)
{
	m.user &= !!(entry & PTE_USER);
	m.write &= !!(entry & PTE_WRITE);
	m.exec &= !(entry & PTE_NX);
	m.len = 1ull << shift;
	if (!pte_is_leaf(entry, shift))
		return walk_table(w, entry & PTE_ADDR, shift - 9, m, 0,
				  ENTRIES);
	m.gpa = entry & PTE_ADDR & ~(m.len - 1);
	return w->look ? w->look(w, &m) : 0;
}

/* Entries [first, end) of the table at gpa, each for 2^shift bytes. */
static int walk_table(struct walk *w, uint64_t gpa, unsigned shift,
		      struct mapping above, unsigned first, unsigned end)
{
	const uint64_t *table =
		guestmem_at(w->c->mem, (hv_gpa_t){gpa}, HV_PAGE_SIZE);
	int ret = 0;

	if (stop_signal())
		return -EINTR;
	if (!table)
		return wrong(w,
			     "%s root: table of %#" PRIx64 " at %#" PRIx64
			     " is not RAM",
			     w->root, canonical(above.va), gpa);
	if (!w->look)
		ret = note_table(w, gpa, above.va);
	for (unsigned i = first; i < end && !ret; i++) {
		struct mapping m = above;

		if (!(table[i] & PTE_PRESENT))
			continue;
		m.va = canonical(above.va + ((uint64_t)i << shift));
		ret = walk_entry(w, table[i], shift, m);
	}
	return ret;
}

static int walk_root(struct walk *w, hv_gpa_t root, unsigned first,
		     unsigned end)
{
	struct mapping all = {.user = true, .write = true, .exec = true};

	return walk_table(w, root.v & PTE_ADDR, 39, all, first, end);
}

static bool may_be_the_programs(const struct check_tables *c, uint64_t gpa,
				uint64_t len)
{
	for (unsigned i = 0; i < c->nr_banks; i++)
		if (gpa >= c->banks[i].free && gpa < c->banks[i].end &&
		    len <= c->banks[i].end - gpa)
			return true;
	return false;
}

static int look_program(struct walk *w, const struct mapping *m)
{
	if (!m->user)
		return wrong(w,
			     "%s root: page %#" PRIx64 " of the program is not "
			     "for user mode",
			     w->root, m->va);
	if (!may_be_the_programs(w->c, m->gpa, m->len))
		return wrong(w,
			     "%s root: page %#" PRIx64 " of the program is "
			     "%#" PRIx64 ", which is the kernel's",
			     w->root, m->va, m->gpa);
	if (table_set_has(&w->user, m->gpa, m->len) ||
	    table_set_has(&w->kernel, m->gpa, m->len))
		return wrong(w,
			     "%s root: page %#" PRIx64 " of the program is "
			     "%#" PRIx64 ", a page table",
			     w->root, m->va, m->gpa);
	return 0;
}

static int look_nothing(struct walk *w, const struct mapping *m)
{
	return wrong(w, "%s root: page %#" PRIx64 " of a program", w->root,
		     m->va);
}

static int look_rights(struct walk *w, const struct mapping *m)
{
	if (m->write && m->exec)
		return wrong(w,
			     "%s root: kernel page %#" PRIx64 " can be written "
			     "and run",
			     w->root, m->va);
	return 0;
}

static int look_supervisor(struct walk *w, const struct mapping *m)
{
	if (m->user)
		return wrong(
			w, "%s root: kernel page %#" PRIx64 " is for user mode",
			w->root, m->va);
	return look_rights(w, m);
}

static int look_gate(struct walk *w, const struct mapping *m)
{
	for (unsigned i = 0; i < w->c->nr_gate; i++) {
		const struct check_range *g = &w->c->gate[i];

		if (m->va >= g->va && m->va < g->va + g->len &&
		    m->len <= g->va + g->len - m->va &&
		    m->gpa - g->gpa == m->va - g->va)
			return look_supervisor(w, m);
	}
	return wrong(w,
		     "%s root: kernel page %#" PRIx64 " (%#" PRIx64
		     ") is not the gate's",
		     w->root, m->va, m->gpa);
}

typedef int (*look_fn)(struct walk *w, const struct mapping *m);

static int look_at(struct walk *w, hv_gpa_t root, look_fn lower, look_fn upper)
{
	int ret;

	w->look = lower;
	ret = walk_root(w, root, 0, LOWER_HALF);
	if (ret)
		return ret;
	w->look = upper;
	return walk_root(w, root, LOWER_HALF, ENTRIES);
}

static int collect_tables(struct walk *w)
{
	int ret;

	w->root = "user";
	w->tables = &w->user;
	ret = walk_root(w, w->c->user_root, 0, ENTRIES);
	if (ret)
		return ret;
	w->root = "kernel";
	w->tables = &w->kernel;
	return walk_root(w, w->c->kernel_root, 0, ENTRIES);
}

static int make_sets(struct walk *w)
{
	if (!table_set_init(&w->user, w->c->mem) &&
	    !table_set_init(&w->kernel, w->c->mem))
		return 0;
	snprintf(w->why, w->why_size, "no memory");
	return -ENOMEM;
}

int check_tables(const struct check_tables *c, char *why, size_t size)
{
	struct walk w = {.c = c, .why = why, .why_size = size};
	int ret = make_sets(&w);

	if (!ret)
		ret = collect_tables(&w);
	if (!ret) {
		w.root = "user";
		ret = look_at(&w, c->user_root, look_program,
			      c->kernel_cpl ? look_gate : look_supervisor);
	}
	if (!ret) {
		w.root = "kernel";
		ret = look_at(&w, c->kernel_root, look_nothing,
			      c->kernel_cpl ? look_rights : look_supervisor);
	}
	table_set_fini(&w.user);
	table_set_fini(&w.kernel);
	return ret;
}
