/*
 * calls_limits.c: limits of what may be mapped and locked.
 */
#include <asm/resource.h>
#include <asm/unistd.h>

#include "calls_args.h"
#include "calls_ops.h"

static void set_limit(u64 which, u64 value)
{
	u64 limit[2] = {value, ~0ul};

	sys(__NR_prlimit64, 0, which, (u64)limit, 0, 0, 0);
}

void limits_reset(void)
{
	set_limit(RLIMIT_AS, ~0ul);
	set_limit(RLIMIT_DATA, ~0ul);
	set_limit(RLIMIT_STACK, 8ul << 20);
	set_limit(RLIMIT_MEMLOCK, 8ul << 20);
}

void op_setrlimit(struct step *s)
{
	static const u64 which[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK,
				    RLIMIT_MEMLOCK};
	u64 limit[2] = {0, ~0ul};

	if (chance(3)) {
		limits_reset();
		s->name = "reset_limits";
		return;
	}
	s->arg[1] = which[chance(4)];
	switch (s->arg[1]) {
	case RLIMIT_AS:
		limit[0] = (total_pages + chance(24)) * PAGE;
		break;
	case RLIMIT_STACK:
		limit[0] = chance(24) * PAGE;
		break;
	default:
		limit[0] = chance(256) * PAGE + chance(2) * chance(PAGE);
	}

	s->result = sys(__NR_prlimit64, 0, s->arg[1], (u64)limit, 0, 0, 0);
	s->name = "setrlimit";
	s->arg[0] = s->arg[1];
	s->arg[1] = limit[0];
	s->nr_args = 2;
}

/* To memory of ours, or to where there is none. */
void op_getrlimit(struct step *s)
{
	static const int which[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK,
				    RLIMIT_MEMLOCK};
	u64 to;

	do
		to = arg_byte();
	while (!state_is_ours(to, 16) || file_is_beyond_end(to) ||
	       file_is_beyond_end(to + 15));
	if (one_in(2)) {
		s->arg[0] = one_in(8) ? 16 + chance(9) : (u64)which[chance(4)];
		s->arg[1] = to;
		call(s, "getrlimit", __NR_getrlimit, 2);
		return;
	}
	s->arg[1] = (u64)which[chance(4)];
	s->arg[3] = to;
	call(s, "prlimit64", __NR_prlimit64, 4);
}
