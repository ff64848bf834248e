/*
 * check_tables.c: see check_tables.h.
 *
 * Two passes: the first notes every table page of both roots in a set, the
 * second looks at each page that is mapped. A table that is reached more than
 * once (the gate's, from both roots) is walked as often.
 */
#include "check_tables.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "pte.h"

#define ENTRIES	   512u
#define LOWER_HALF 256u /* entries of a PML4 */

/* A page as the processor sees it: rights of all levels combined. */
struct mapping {
	uint64_t va, gpa, len;
	bool user, write, exec;
};

struct walk {
	const struct check_tables *c;
	const char *root; /* "user" or "kernel", for messages */
	uint64_t *tables; /* sorted gpas of all table pages */
	size_t nr_tables, room;
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

static int note_table(struct walk *w, uint64_t gpa)
{
	uint64_t *more;

	if (w->nr_tables == w->room) {
		size_t room = 2 * w->room + 64;

		more = realloc(w->tables, room * sizeof(*more));
		if (!more) {
			snprintf(w->why, w->why_size, "no memory");
			return -ENOMEM;
		}
		w->tables = more;
		w->room = room;
	}
	w->tables[w->nr_tables++] = gpa;
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The first table page at or above gpa; ~0: none. */
static uint64_t next_table(const struct walk *w, uint64_t gpa)
{
	size_t low = 0, high = w->nr_tables;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (w->tables[mid] < gpa)
			low = mid + 1;
		else
			high = mid;
	}
	return low < w->nr_tables ? w->tables[low] : ~0ull;
}

/* Bits 47 to 63 of an address are equal. */
static uint64_t canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16);
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

	if (!table)
		return wrong(w,
			     "%s root: table of %#" PRIx64 " at %#" PRIx64
			     " is not RAM",
			     w->root, canonical(above.va), gpa);
	if (!w->look)
		ret = note_table(w, gpa);
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
	if (next_table(w, m->gpa) < m->gpa + m->len)
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
	ret = walk_root(w, w->c->user_root, 0, ENTRIES);
	if (ret)
		return ret;
	w->root = "kernel";
	ret = walk_root(w, w->c->kernel_root, 0, ENTRIES);
	if (!ret)
		qsort(w->tables, w->nr_tables, sizeof(*w->tables), compare);
	return ret;
}

int check_tables(const struct check_tables *c, char *why, size_t size)
{
	struct walk w = {.c = c, .why = why, .why_size = size};
	int ret = collect_tables(&w);

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
	free(w.tables);
	return ret;
}
