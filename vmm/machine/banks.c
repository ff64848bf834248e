/*
 * banks.c: how RAM is cut into banks. Arithmetic only, no state.
 */
#include "banks.h"

/* 4 MiB, the largest buddy block, is what struct pages are rounded up to. */
#define MEMMAP_UNIT (1024 * (uint64_t)HV_STRUCT_PAGE_SIZE)
#define UNIT_SIZE   (1024 * HV_PAGE_SIZE)

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Bytes of struct pages for a bank of `size` bytes. */
static uint64_t memmap_size(uint64_t size)
{
	return round_up(size, UNIT_SIZE) / UNIT_SIZE * MEMMAP_UNIT;
}

/*
 * A bank of RAM whose first `used` bytes are taken. No room: all of it is
 * `memmap`, and nothing is free; its frames are never handed out.
 */
static struct hv_bank make_bank(uint64_t start, uint64_t size, uint64_t used)
{
	uint64_t memmap = start + round_up(used, HV_PAGE_SIZE);
	uint64_t free = memmap + memmap_size(size);

	return (struct hv_bank){
		.start = start,
		.end = start + size,
		.memmap = memmap,
		.free = min_u64(free, start + size),
	};
}

/* Cut [start, start + size) and append to banks[n ..]; the new n. */
static unsigned cut(uint64_t start, uint64_t size, uint64_t used,
		    struct hv_bank *banks, unsigned n)
{
	uint64_t next = HV_BANK_FIRST; /* size of the next bank */
	uint64_t done = 0;

	while (done < size) {
		uint64_t len = min_u64(next, size - done);

		banks[n++] = make_bank(start + done, len, done ? 0 : used);
		done += len;
		next = done;
	}
	return n;
}

unsigned banks_layout(uint64_t ram_size, uint64_t reserved_end,
		      struct hv_bank banks[HV_BANKS_MAX])
{
	uint64_t low = min_u64(ram_size, HV_RAM_HOLE_START);
	uint64_t first = min_u64(low, HV_BANK_FIRST);
	unsigned n;

	if (ram_size < HV_RAM_MIN || ram_size > HV_RAM_MAX ||
	    ram_size % HV_PAGE_SIZE)
		return 0;
	if (reserved_end >= first ||
	    first - reserved_end < memmap_size(first) + HV_PAGE_SIZE)
		return 0;
	n = cut(0, low, reserved_end, banks, 0);
	return cut(HV_RAM_HOLE_END, ram_size - low, 0, banks, n);
}
