/*
 * shim.c: guest RAM, struct pages, banks and TLB flushes on the host.
 *
 * One mapping for physical memory and one for struct pages, inaccessible but
 * for the parts that belong to online banks. Pages are real only once touched.
 */
#include "shim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch.h"
#include "banks.h"
#include "hv_const.h"

#define FLUSHES_KEPT 4096

uint8_t *shim_ram;
uint8_t *shim_memmap;

static struct hv_boot boot;
static uint64_t ram_span, memmap_span; /* bytes of the two mappings */
static bool online[HV_BANKS_MAX];
static uint64_t pages_zeroed, pages_copied;
static hv_gpa_t current_root;
static struct shim_flush flushes[FLUSHES_KEPT];
static unsigned nr_flushes;
static uint64_t count_page, count_all;

void shim_abort(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("shim: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}

bool shim_failure_due(struct shim_failure *f)
{
	if (f->after) {
		f->after--;
		return false;
	}
	if (!f->count)
		return false;
	if (f->count != ~0u)
		f->count--;
	return true;
}

/* ---- Memory ------------------------------------------------------------ */

/* At a multiple of 4 MiB, as the direct map: blocks are aligned there too. */
static uint8_t *reserve(uint64_t size)
{
	const uint64_t align = 4ull << 20;
	uint8_t *p = mmap(NULL, size + align, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t skip;

	if (p == MAP_FAILED)
		shim_abort("cannot reserve %#lx bytes", size);
	skip = -(uintptr_t)p & (align - 1);
	if (skip)
		munmap(p, skip);
	if (skip < align)
		munmap(p + skip + size, align - skip);
	return p + skip;
}

static void make_accessible(uint8_t *start, uint64_t size)
{
	if (mprotect(start, size, PROT_READ | PROT_WRITE))
		shim_abort("mprotect of %#lx bytes failed", size);
}

static uint64_t memmap_offset(uint64_t gpa)
{
	return gpa / HV_PAGE_SIZE * HV_STRUCT_PAGE_SIZE;
}

void shim_bank_set_online(unsigned bank)
{
	const struct hv_bank *b = &boot.banks[bank];

	if (bank >= boot.nr_banks)
		shim_abort("bank %u of %u", bank, boot.nr_banks);
	if (online[bank])
		shim_abort("bank %u is online already", bank);
	online[bank] = true;
	make_accessible(shim_ram + b->start, b->end - b->start);
	make_accessible(shim_memmap + memmap_offset(b->start),
			b->free - b->memmap);
}

bool shim_bank_is_online(unsigned bank)
{
	return bank < boot.nr_banks && online[bank];
}

void *shim_frame(hv_gpa_t gpa)
{
	if (gpa.v % HV_PAGE_SIZE)
		shim_abort("frame address %#lx is not aligned", gpa.v);
	for (unsigned i = 0; i < boot.nr_banks; i++)
		if (gpa.v >= boot.banks[i].start && gpa.v < boot.banks[i].end &&
		    online[i])
			return shim_ram + gpa.v;
	shim_abort("no online RAM at gpa %#lx", gpa.v);
}

static void machine_free(void)
{
	if (!shim_ram)
		return;
	munmap(shim_ram, ram_span);
	munmap(shim_memmap, memmap_span);
	shim_ram = shim_memmap = NULL;
}

uint32_t shim_pkru;

void shim_reset(uint64_t ram_size)
{
	machine_free();
	memset(&boot, 0, sizeof(boot));
	memset(online, 0, sizeof(online));
	pages_zeroed = pages_copied = 0;
	shim_pkru = 0;
	current_root = (hv_gpa_t){0};
	shim_flush_forget();
	count_page = count_all = 0;
	shim_hv_reset();
	shim_fail_reset();

	boot.magic = HV_BOOT_MAGIC;
	boot.abi_version = HV_ABI_VERSION;
	boot.flags = HV_BOOT_TRACE | HV_BOOT_ZERO_PAGE;
	boot.fault_around = HV_PAGE_SIZE;
	boot.commit.mode = 1; /* promise anything */
	boot.nr_banks = banks_layout(ram_size, SHIM_RESERVED_END, boot.banks);
	if (!boot.nr_banks)
		shim_abort("RAM size %#lx is not allowed", ram_size);
	ram_span = boot.banks[boot.nr_banks - 1].end;
	/* Struct pages come in 64 KiB, which is 4 MiB of RAM. */
	memmap_span = (memmap_offset(ram_span) + 0xffff) & ~0xffffull;
	shim_ram = reserve(ram_span);
	shim_memmap = reserve(memmap_span);
	shim_bank_set_online(0);
}

struct hv_boot *shim_boot(void)
{
	return &boot;
}

static uint64_t resident(uint8_t *start, uint64_t size)
{
	enum { CHUNK = 4096 };
	unsigned char vec[CHUNK];
	uint64_t pages = 0;

	for (uint64_t at = 0; at < size; at += CHUNK * HV_PAGE_SIZE) {
		uint64_t len = size - at;

		if (len > CHUNK * HV_PAGE_SIZE)
			len = CHUNK * HV_PAGE_SIZE;
		if (mincore(start + at, len, vec))
			shim_abort("mincore failed");
		for (uint64_t i = 0; i < len / HV_PAGE_SIZE; i++)
			pages += vec[i] & 1;
	}
	return pages * HV_PAGE_SIZE;
}

uint64_t shim_resident_bytes(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < boot.nr_banks; i++) {
		const struct hv_bank *b = &boot.banks[i];

		if (!online[i])
			continue;
		sum += resident(shim_ram + b->start, b->end - b->start);
		sum += resident(shim_memmap + memmap_offset(b->start),
				b->free - b->memmap);
	}
	return sum;
}

void arch_page_zero(hv_gpa_t page)
{
	memset(shim_frame(page), 0, HV_PAGE_SIZE);
	pages_zeroed++;
}

void arch_page_copy(hv_gpa_t dst, hv_gpa_t src)
{
	memcpy(shim_frame(dst), shim_frame(src), HV_PAGE_SIZE);
	pages_copied++;
}

uint64_t shim_pages_zeroed(void)
{
	return pages_zeroed;
}

uint64_t shim_pages_copied(void)
{
	return pages_copied;
}

/* ---- Page-table roots, TLB --------------------------------------------- */

void arch_root_init(pte_t *root)
{
	root[256].v = root[511].v = SHIM_KERNEL_ENTRY;
}

void arch_root_use(hv_gpa_t root)
{
	if (root.v)
		shim_frame(root);
	current_root = root;
}

hv_gpa_t shim_root(void)
{
	return current_root;
}

static void record_flush(uint64_t start, uint64_t end)
{
	if (nr_flushes < FLUSHES_KEPT)
		flushes[nr_flushes] = (struct shim_flush){start, end};
	nr_flushes++;
}

void tlb_flush_page(uint64_t va)
{
	va &= ~(HV_PAGE_SIZE - 1);
	record_flush(va, va + HV_PAGE_SIZE);
	count_page++;
}

void tlb_flush_range(uint64_t start, uint64_t end)
{
	if (start > end)
		shim_abort("tlb_flush_range(%#lx, %#lx)", start, end);
	record_flush(start, end);
	count_page += (end - start) / HV_PAGE_SIZE;
}

void tlb_flush_all(void)
{
	record_flush(0, ~0ull);
	count_all++;
}

void tlb_flush_counts(uint64_t *page, uint64_t *all)
{
	*page = count_page;
	*all = count_all;
}

unsigned shim_flushes(void)
{
	return nr_flushes;
}

struct shim_flush shim_flush(unsigned i)
{
	if (i >= nr_flushes || i >= FLUSHES_KEPT)
		shim_abort("flush %u of %u", i, nr_flushes);
	return flushes[i];
}

bool shim_flushed(uint64_t va)
{
	for (unsigned i = 0; i < nr_flushes && i < FLUSHES_KEPT; i++)
		if (va >= flushes[i].start && va < flushes[i].end)
			return true;
	return false;
}

void shim_flush_forget(void)
{
	nr_flushes = 0;
}
