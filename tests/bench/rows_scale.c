/*
 * rows_scale.c: what must not grow: costs with more RAM, pages and mappings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static void with_ram(void)
{
	static const char *const sizes[] = {"64M", "1G", "16G", "64G"};
	enum { N = sizeof(sizes) / sizeof(sizes[0]) };

	group_begin(7, "start to end with much RAM (base: 64M)");
	group_runs(21);
	for (unsigned i = 0; i < N; i++)
		group_add(text("vmm -m %s", sizes[i]), WHOLE, 1,
			  "%s -m %s %s/nolibc", vmm_at(0), sizes[i],
			  bench.images)
			->status = 42;
	group_run();
	group_begin(7, "one fault with much RAM (base: 64M)");
	group_runs(3);
	for (unsigned i = 0; i < N; i++)
		group_add(text("vmm -m %s", sizes[i]), PER_OPERATION, 10000,
			  "%s -m %s %s/nolibc_pf @", vmm_at(0), sizes[i],
			  bench.images);
	group_run();
}

/* Room for so many pages, and a quarter more? */
static bool has_memory(unsigned long pages)
{
	return (double)sysconf(_SC_AVPHYS_PAGES) > 1.25 * (double)pages;
}

static void add_pages(unsigned long pages, const char *ram)
{
	struct subject *native =
		group_add(text("%lu pages, native", pages), PER_OPERATION,
			  pages, "%s/nolibc_pf @", bench.images);
	struct subject *guest = group_add(
		text("%lu pages, vmm -m %s", pages, ram), PER_OPERATION, pages,
		"%s -m %s %s/nolibc_pf @", vmm_at(0), ram, bench.images);

	native->is_base = true;
	native->is_fixed = guest->is_fixed = true;
	if (has_memory(pages))
		return;
	subject_miss(native, "this machine has too little free memory");
	subject_miss(guest, "this machine has too little free memory");
}

/* In a virtual machine even RAM may have to be faulted in: once, and now. */
static void touch_natively(unsigned long pages)
{
	static struct outcome o;

	if (has_memory(pages))
		command_run(text("%s/nolibc_pf @", bench.images), pages,
			    CAPTURE_NONE, &o);
}

static void with_pages(void)
{
	group_begin(7, "one fault among many");
	group_runs(3);
	add_pages(10000, "8G");
	add_pages(100000, "8G");
	group_run();
	group_begin(7, "one fault among very many: a single run");
	group_runs(1);
	touch_natively(bench.is_long ? 4000000 : 1000000);
	add_pages(1000000, "8G");
	if (bench.is_long)
		add_pages(4000000, "32G");
	group_run();
}

static void with_mappings(void)
{
	static const unsigned long counts[] = {10, 1000, 60000};

	group_begin(7, "mmap and munmap of a page, with many mappings");
	group_runs(3);
	for (unsigned i = 0; i < 3; i++) {
		group_add(text("%lu mappings, native", counts[i]), REPORTED,
			  counts[i], "%s/mappings @", bench.here)
			->is_base = true;
		group_add(text("%lu mappings, vmm", counts[i]), REPORTED,
			  counts[i], "%s %s/mappings @", vmm_at(0), bench.here);
	}
	group_run();
}

static void with_mappings_hosted(void)
{
	static const char *const names[][2] = {
		{"find", "look up"},
		{"map", "mmap, munmap"},
		{"split", "mprotect twice"},
	};
	static const unsigned long sizes[] = {10, 1000, 60000};
	char program[300];
	double counts[10];
	unsigned n = 0;

	snprintf(program, sizeof(program), "%s/bench_vma", bench.here);
	if (command_exists("valgrind"))
		n = callgrind_count("", program, counts, 10);
	group_begin(7, n ? "mappings, hosted (base: 10 mappings)"
			 : "mappings, hosted (no valgrind: no counts)");
	group_runs(3);
	for (unsigned k = 0; k < 3; k++) {
		for (unsigned i = 0; i < 3; i++) {
			struct subject *s = group_add(
				text("%s, %lu mappings", names[k][1], sizes[i]),
				REPORTED, 2, "%s %s-%lu", program, names[k][0],
				sizes[i]);

			s->is_base = i == 0;
			if (n == 10)
				s->instructions = counts[1 + 3 * i + k];
		}
	}
	group_run();
}

void row_scale(void)
{
	with_ram();
	with_pages();
	with_mappings();
	with_mappings_hosted();
}
