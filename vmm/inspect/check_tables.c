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
#include <stdio.h>

#include "table_set.h"
#include "tables.h"

struct walk {
	const struct check_tables *c;
	const char *root;	       /* "user" or "kernel", for messages */
	struct table_set user, kernel; /* the table pages of each root */
	struct table_set *tables;      /* of this root, in the first pass */
	char *why;
	size_t why_size;
	/* Second pass: 0 or -EINVAL for each page. */
	int (*look)(struct walk *w, const struct tables_page *m);
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

/* The first pass: none of them twice, or there would be no end. */
static int note_table(void *ctx, uint64_t gpa, uint64_t va)
{
	struct walk *w = ctx;

	if (table_set_add(w->tables, gpa))
		return 0;
	return wrong(w,
		     "%s root: table of %#" PRIx64 " at %#" PRIx64
		     " is in use elsewhere in this root",
		     w->root, va, gpa);
}

static int no_table(void *ctx, uint64_t gpa, uint64_t va)
{
	struct walk *w = ctx;

	return wrong(
		w, "%s root: table of %#" PRIx64 " at %#" PRIx64 " is not RAM",
		w->root, va, gpa);
}

static int look_page(void *ctx, const struct tables_page *m)
{
	struct walk *w = ctx;

	return w->look(w, m);
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

static int look_program(struct walk *w, const struct tables_page *m)
{
	if (!m->user)
		return wrong(w,
			     "%s root: page %#" PRIx64 " of the program is not "
			     "for user mode",
			     w->root, m->va);
	if (!may_be_the_programs(w->c, m->gpa, 1ull << m->shift))
		return wrong(w,
			     "%s root: page %#" PRIx64 " of the program is "
			     "%#" PRIx64 ", which is the kernel's",
			     w->root, m->va, m->gpa);
	if (table_set_has(&w->user, m->gpa, 1ull << m->shift) ||
	    table_set_has(&w->kernel, m->gpa, 1ull << m->shift))
		return wrong(w,
			     "%s root: page %#" PRIx64 " of the program is "
			     "%#" PRIx64 ", a page table",
			     w->root, m->va, m->gpa);
	return 0;
}

static int look_nothing(struct walk *w, const struct tables_page *m)
{
	return wrong(w, "%s root: page %#" PRIx64 " of a program", w->root,
		     m->va);
}

static int look_rights(struct walk *w, const struct tables_page *m)
{
	if (m->write && m->exec)
		return wrong(w,
			     "%s root: kernel page %#" PRIx64 " can be written "
			     "and run",
			     w->root, m->va);
	return 0;
}

static int look_supervisor(struct walk *w, const struct tables_page *m)
{
	if (m->user)
		return wrong(
			w, "%s root: kernel page %#" PRIx64 " is for user mode",
			w->root, m->va);
	return look_rights(w, m);
}

static int look_gate(struct walk *w, const struct tables_page *m)
{
	for (unsigned i = 0; i < w->c->nr_gate; i++) {
		const struct check_range *g = &w->c->gate[i];

		if (m->va >= g->va && m->va < g->va + g->len &&
		    1ull << m->shift <= g->va + g->len - m->va &&
		    m->gpa - g->gpa == m->va - g->va)
			return look_supervisor(w, m);
	}
	return wrong(w,
		     "%s root: kernel page %#" PRIx64 " (%#" PRIx64
		     ") is not the gate's",
		     w->root, m->va, m->gpa);
}

typedef int (*look_fn)(struct walk *w, const struct tables_page *m);

static int look_at(struct walk *w, hv_gpa_t root, look_fn lower, look_fn upper)
{
	static const struct tables_visitor visitor = {
		.no_table = no_table,
		.page = look_page,
	};
	int ret;

	w->look = lower;
	ret = tables_each(w->c->mem, root, 0, TABLES_HALF, &visitor, w);
	if (ret)
		return ret;
	w->look = upper;
	return tables_each(w->c->mem, root, TABLES_HALF, TABLES_ENTRIES,
			   &visitor, w);
}

static int collect_tables(struct walk *w, const char *root, hv_gpa_t gpa,
			  struct table_set *tables)
{
	static const struct tables_visitor visitor = {
		.table = note_table,
		.no_table = no_table,
	};

	w->root = root;
	w->tables = tables;
	return tables_each(w->c->mem, gpa, 0, TABLES_ENTRIES, &visitor, w);
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
		ret = collect_tables(&w, "user", c->user_root, &w.user);
	if (!ret)
		ret = collect_tables(&w, "kernel", c->kernel_root, &w.kernel);
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
