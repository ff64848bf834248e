/*
 * memory.c: RAM as the hostile kernel uses it. See hostile.h.
 *
 * The upper half of RAM is a pool that frames are taken from in turn; when it
 * is used up it begins again, so old tables become pages and the other way
 * round. What is mapped honestly is so with all rights and bits.
 */
#include <string.h>

#include "hostile.h"
#include "hv_map.h"
#include "hv_vcpu.h"

#define POOL	  (RAM_SIZE / 2)
#define PAGE	  HV_PAGE_SIZE
#define ALL_BITS  0x67ull /* present, write, user, accessed, dirty */
#define ADDR_BITS 0x000ffffffffff000ull
#define AREA_GPA  0x8000

static uint64_t next_frame;

struct hv_vcpu_area *vcpu_area(void)
{
	return (struct hv_vcpu_area *)(machine.ram + AREA_GPA);
}

static uint64_t take_frame(void)
{
	uint64_t frame = next_frame;

	next_frame += PAGE;
	if (next_frame == RAM_SIZE)
		next_frame = POOL + PAGE; /* the root stays */
	memset(machine.ram + frame, 0, PAGE);
	return frame;
}

void memory_init(void)
{
	next_frame = POOL;
	take_frame();
}

uint64_t memory_root(void)
{
	return POOL;
}

/* The entry for va of the last level, or NULL. */
static uint64_t *find_entry(uint64_t va)
{
	uint64_t table = memory_root();

	for (unsigned shift = 39;; shift -= 9) {
		uint64_t *entry =
			(uint64_t *)(machine.ram + table) + (va >> shift & 511);

		if (shift == 12)
			return entry;
		if (!*entry)
			*entry = take_frame() | ALL_BITS;
		table = *entry & ADDR_BITS;
		if (table >= RAM_SIZE)
			return NULL;
	}
}

bool memory_map(uint64_t va)
{
	uint64_t *entry = va < HV_VA_USER_END ? find_entry(va) : NULL;

	if (!entry)
		return false;
	if ((*entry & ALL_BITS) != ALL_BITS)
		*entry = take_frame() | ALL_BITS;
	return (*entry & ADDR_BITS) < RAM_SIZE;
}

void memory_put(uint64_t va, const void *src, size_t len)
{
	const uint8_t *from = src;

	for (size_t n; len; len -= n, va += n, from += n) {
		n = PAGE - va % PAGE;
		n = n < len ? n : len;
		if (!memory_map(va))
			return;
		memcpy(machine.ram + (*find_entry(va) & ADDR_BITS) + va % PAGE,
		       from, n);
	}
}

uint64_t memory_any_frame(void)
{
	switch (below(8)) {
	case 0:
		return chance();
	case 1:
		return RAM_SIZE - below(3) * PAGE;
	case 2:
		return below(RAM_SIZE);
	default:
		return below(RAM_SIZE / PAGE) * PAGE;
	}
}

/* What a page-table entry may be. */
static uint64_t any_entry(void)
{
	uint64_t bits =
		one_in(3) ? chance() & (0xfffull | 1ull << 63) : ALL_BITS;

	return one_in(4) ? chance() : (memory_any_frame() & ADDR_BITS) | bits;
}

void memory_scribble(void)
{
	uint64_t table = POOL + below(40) * PAGE;
	uint64_t *entry = (uint64_t *)(machine.ram + table) + below(512);

	switch (below(6)) {
	case 0: /* a table that leads to itself */
		*entry = table | ALL_BITS;
		break;
	case 1: /* anywhere, the kernel's own tables too */
		*(uint64_t *)(machine.ram + below(RAM_SIZE / 8) * 8) =
			any_entry();
		break;
	case 2: /* boot information, vCPU area */
		*(uint64_t *)(machine.ram + below(0x12000 / 8) * 8) = chance();
		break;
	default:
		*entry = any_entry();
	}
}
