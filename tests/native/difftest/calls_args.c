/*
 * calls_args.c: see calls_args.h.
 */
#include "calls_args.h"

static const u64 odd_addresses[] = {
	0,
	PAGE,
	0xf000,
	0x10000,
	0x400000 - PAGE,
	TASK_SIZE - PAGE,
	TASK_SIZE,
	TASK_SIZE + PAGE,
	0x800000000000,
	0xffff800000000000,
	-PAGE,
	~0ul,
};

static const u64 odd_lengths[] = {
	~0ul,	   -PAGE,	  -2 * PAGE,	  1ul << 63,
	TASK_SIZE, TASK_SIZE + 1, 0x800000000000, 1ul << 62,
};

#define PICK(list) (list)[chance(sizeof(list) / sizeof((list)[0]))]

/* At a border of huge pages, near it, or between. */
static u64 in_huge_arena(void)
{
	u64 at = HUGE_START + chance(HUGE_PLACES) * HUGE;

	switch (chance(5)) {
	case 0:
		return at + chance(HUGE / PAGE) * PAGE;
	case 1:
		return at + chance(8) * PAGE - 4 * PAGE;
	default:
		return at;
	}
}

static u64 in_arena(void)
{
	if (huge_pages && chance(3))
		return in_huge_arena();
	if (one_in(8))
		return SEAL_START + chance(16) * PAGE;
	return ARENA_START + chance((ARENA_END - ARENA_START) / PAGE) * PAGE;
}

static u64 near_map(void)
{
	const struct map *m;

	if (!nr_maps)
		return in_arena();
	m = &maps[chance(nr_maps)];
	switch (chance(6)) {
	case 0:
	case 1:
		return m->start;
	case 2:
		return m->end;
	case 3:
		return m->end - PAGE;
	case 4:
		return m->start - chance(4) * PAGE;
	default:
		return m->start +
		       chance((m->end - m->start) / PAGE) % 2048 * PAGE;
	}
}

u64 arg_address(void)
{
	u64 r = chance(100);

	if (r < 68)
		return near_map();
	if (r < 93)
		return in_arena();
	if (r < 97)
		return near_map() + 1 + chance(PAGE - 1);
	return PICK(odd_addresses);
}

static u64 huge_length(void)
{
	u64 len = (1 + chance(3)) * HUGE;

	return one_in(3) ? len + chance(8) * PAGE - 4 * PAGE : len;
}

static u64 small_length(void)
{
	if (huge_pages && one_in(3))
		return huge_length();
	switch (chance(12)) {
	case 0:
		return chance(2) * (1 + chance(MANY_PAGES * PAGE));
	case 1:
		return (1 + chance(MANY_PAGES)) * PAGE;
	default:
		return (1 + chance(8)) * PAGE;
	}
}

u64 arg_length(u64 addr)
{
	const struct map *m = state_find(addr);

	if (one_in(30))
		return PICK(odd_lengths);
	if (m && one_in(3))
		return m->end - (addr & -PAGE) + chance(3) * PAGE;
	return small_length();
}

u64 arg_new_length(void)
{
	return one_in(40) ? PICK(odd_lengths) : small_length();
}

void arg_range(u64 *addr, u64 *len)
{
	do {
		*addr = arg_address();
		*len = arg_length(*addr);
	} while (!state_is_ours(*addr, *len));
}

u64 arg_byte(void)
{
	u64 addr = one_in(20) ? arg_address() : near_map();

	switch (chance(4)) {
	case 0:
		return addr;
	case 1:
		return addr + 8;
	case 2:
		return addr + PAGE - 1;
	default:
		return addr + chance(PAGE);
	}
}

u64 steps_changed;

u64 arg_prot(void)
{
	switch (chance(24)) {
	case 0:
		return PROT_NONE;
	case 1:
		if (WITH_KEYS)
			return PROT_EXEC;
		steps_changed++;
		return PROT_READ | PROT_EXEC;
	case 2:
		return PROT_WRITE;
	case 3:
		return PROT_READ | PROT_WRITE | PROT_EXEC;
	case 4:
		return PROT_READ | PROT_WRITE | PROT_GROWSDOWN;
	case 5:
		return PROT_READ | (1u << chance(32));
	case 6:
	case 7:
		return PROT_READ | PROT_EXEC;
	case 8:
	case 9:
	case 10:
	case 11:
		return PROT_READ;
	default:
		return PROT_READ | PROT_WRITE;
	}
}

u64 arg_one_of(const int *list, u64 n)
{
	if (one_in(12))
		return chance(2) ? chance(64) : 1ul << chance(40);
	return (u64)(int64_t)list[chance(n)];
}
