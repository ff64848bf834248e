/* walk.c: one address through both dimensions. See walk.h. */
#include "walk.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "boot_internal.h"
#include "describe.h"
#include "escape.h"
#include "filepages.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "pte.h"
#include "tables.h"
#include "vcpu.h"
#include "vcpu_internal.h"

/* ---- The guest's tables ------------------------------------------------ */

static void print_bits(uint64_t entry, FILE *out)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} bits[] = {
		{PTE_WRITE, "write"},	    {PTE_USER, "user"},
		{0x8, "write-through"},	    {0x10, "uncached"},
		{PTE_ACCESSED, "accessed"}, {PTE_DIRTY, "dirty"},
		{PTE_LARGE, "large"},	    {PTE_GLOBAL, "global"},
		{PTE_NX, "no-execute"},
	};

	if (!(entry & PTE_PRESENT)) {
		fputs(entry & PTE_GLOBAL  ? " kept for PROT_NONE"
		      : entry & PTE_GUARD ? " guard marker"
					  : " absent",
		      out);
		return;
	}
	fputs(" present", out);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (entry & bits[i].bit)
			fprintf(out, " %s", bits[i].name);
}

bool walk_tables(const struct guestmem *mem, uint64_t root, uint64_t va,
		 struct walk_page *page, FILE *out)
{
	static const char *const names[] = {"PGD", "PUD", "PMD", "PTE"};
	struct tables_path path;
	uint64_t entry = 0;
	unsigned shift = 0;

	tables_descend(mem, (hv_gpa_t){root}, va, &path);
	for (unsigned i = 0; i < path.n; i++) {
		entry = path.at[i].entry;
		shift = path.at[i].shift;
		fprintf(out, "  %s[%3u] in table %#" PRIx64, names[i],
			path.at[i].index, path.at[i].table);
		if (i == path.n - 1 && !path.in_ram) {
			fputs(": not RAM\n", out);
			return false;
		}
		fprintf(out, " = %016" PRIx64, entry);
		print_bits(entry, out);
		fputc('\n', out);
	}
	/* One that is kept names its frame all the same. */
	if (!(entry & PTE_PRESENT) && !(shift == 12 && entry & PTE_GLOBAL))
		return false;
	page->gpa = tables_leaf_gpa(entry, shift, va);
	page->size = 1ull << shift;
	return true;
}

/* ---- struct page ------------------------------------------------------- */

/* Only the guest knows which frames those are. */
static bool is_zero_page(struct vcpu *v, uint64_t va)
{
	uint64_t entry;

	return va < HV_VA_USER_END && !describe_pagemap(v, va, 1, &entry) &&
	       entry & HV_PAGEMAP_ZERO;
}

static void print_file_page(const struct machine *m,
			    const struct hv_desc_page *page, FILE *out)
{
	const char *path = filepages_path(m, page->file, 0);
	char plain[ESCAPE_TEXT_MAX(PATH_MAX)];

	if (!path)
		return;
	escape_text(plain, path, strnlen(path, PATH_MAX), "");
	fprintf(out, ", page %" PRIu64 " of %s", page->index, plain);
}

/* head: the first frame of the block that pfn is in. */
static void print_page(struct vcpu *v, const struct machine *m, uint64_t va,
		       uint64_t pfn, uint64_t head, FILE *out)
{
	static const char *const flags[] = {HV_PAGE_FLAG_NAMES};
	static const char *const zones[] = {"DMA", "DMA32", "Normal"};
	const char *sep = " ";
	struct hv_desc_page page;

	fprintf(out, "  frame %#" PRIx64, pfn);
	if (pfn != head)
		fprintf(out, ", of the block at %#" PRIx64, head);
	fputc(':', out);
	if (describe_one(v, HV_DESCRIBE_PAGE, head, &page, sizeof(page)) ||
	    page.zone >= HV_ZONES) {
		fputs(" not the allocator's\n", out);
		return;
	}
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!(page.flags >> i & 1))
			continue;
		fprintf(out, "%s%s", sep, flags[i]);
		sep = "|";
	}
	fprintf(out, "%s refcount %u, mapcount %u, order %u, zone %s",
		page.flags ? "," : "", page.refcount, page.mapcount, page.order,
		zones[page.zone]);
	if (is_zero_page(v, va))
		fputs(", the page of zeros", out);
	print_file_page(m, &page, out);
	fputc('\n', out);
}

/* ---- The host ---------------------------------------------------------- */

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_PFN	((1ull << 55) - 1)

static uint64_t pagemap_entry(int fd, const void *at)
{
	uint64_t entry = 0;
	off_t offset = (off_t)((uintptr_t)at / HV_PAGE_SIZE * sizeof(entry));

	if (pread(fd, &entry, sizeof(entry), offset) != sizeof(entry))
		return 0;
	return entry;
}

/* Linux 6.7 and later; Documentation/admin-guide/mm/pagemap.rst. */
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof_mask, return_mask;
};
struct scan_region {
	uint64_t start, end, categories;
};
#define SCAN_PRESENT 8ull
#define SCAN_HUGE    64ull

/* -1: the host does not say. */
static int is_huge(int fd, const void *at)
{
	struct scan_region region = {0};
	uintptr_t page = (uintptr_t)at & -(uintptr_t)HV_PAGE_SIZE;
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = page,
		.end = page + HV_PAGE_SIZE,
		.vec = (uintptr_t)&region,
		.vec_len = 1,
		.anyof_mask = SCAN_PRESENT,
		.return_mask = SCAN_PRESENT | SCAN_HUGE,
	};

	if (ioctl(fd, _IOWR('f', 16, struct scan_arg), &arg) < 0)
		return -1;
	return !!(region.categories & SCAN_HUGE);
}

static void print_host(struct vcpu *v, uint64_t gpa, FILE *out)
{
	static const char *const sizes[] = {"a page of unknown size",
					    "a 4 KiB page", "a 2 MiB page"};
	const void *at = guestmem_at(&v->vm->mem, (hv_gpa_t){gpa}, 1);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;

	fprintf(out, "  guest physical %#" PRIx64 "\n", gpa);
	if (!at) {
		fputs("  host: not RAM\n", out);
	} else {
		entry = pagemap_entry(fd, at);
		fprintf(out, "  host virtual %p", at);
		if (entry & PAGEMAP_PRESENT)
			fprintf(out, ", backed by %s",
				sizes[is_huge(fd, at) + 1]);
		else
			fputs(entry & PAGEMAP_SWAPPED ? ", swapped out"
						      : ", not backed yet",
			      out);
		if (entry & PAGEMAP_PFN && entry & PAGEMAP_PRESENT)
			fprintf(out, "\n  host frame %#llx\n",
				entry & PAGEMAP_PFN);
		else
			fputs("\n  host frame: told to root only\n", out);
	}
	if (fd >= 0)
		close(fd);
}

/* Canonical addresses: bits 47 to 63 are the same. */
#define USER_HALF   (1ull << 47)
#define KERNEL_HALF -USER_HALF

void walk_print(struct vcpu *v, const struct machine *m, uint64_t va, FILE *out)
{
	bool user = va < USER_HALF;
	uint64_t root = user ? v->area->call.user_root.v : boot_root(v->vm);
	struct walk_page at;
	uint64_t head;

	if (!user && va < KERNEL_HALF) {
		fprintf(out,
			"walk of %#" PRIx64
			", not canonical: no table has it\n",
			va);
		return;
	}
	fprintf(out, "walk of %#" PRIx64 ", %s\n", va,
		user ? "user" : "kernel");
	if (!walk_tables(&v->vm->mem, root, va, &at, out))
		return;
	/* The kernel's large pages map frames that are blocks of any size. */
	head = user ? at.gpa & ~(at.size - 1) : at.gpa;
	print_page(v, m, va, at.gpa >> HV_PAGE_SHIFT, head >> HV_PAGE_SHIFT,
		   out);
	print_host(v, at.gpa, out);
}
