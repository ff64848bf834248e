/*
 * calls_main.c: step after step, and what is printed of it.
 */
#include <asm/unistd.h>

#include "calls.h"

void calls_main(long *stack);

static u64 to_number(const char *s)
{
	u64 n = 0;

	while (*s >= '0' && *s <= '9')
		n = n * 10 + (u64)(*s++ - '0');
	return n;
}

static void print_step(u64 nr, const struct step *s, u64 h_maps, u64 h_more)
{
	say_number((long)nr);
	say(" ");
	say(s->name);
	say("(");
	for (unsigned i = 0; i < s->nr_args; i++) {
		if (i)
			say(", ");
		say_hex(s->arg[i]);
	}
	say(") = ");
	if (s->result < 0 && s->result > -4096)
		say_number(s->result);
	else
		say_hex((u64)s->result);
	if (s->seen) {
		say(" seen ");
		say_hex(s->seen & 0xffffffff);
	}
	say(" maps ");
	say_hex(h_maps & 0xffffffff);
	if (h_more) {
		say(" more ");
		say_hex(h_more & 0xffffffff);
	}
	say("\n");
}

static u64 hash_step(u64 h, const struct step *s)
{
	for (unsigned i = 0; i < s->nr_args; i++)
		h = hash(h, s->arg[i]);
	return hash(hash(h, (u64)s->result), s->seen);
}

static void run(u64 steps, u64 from, u64 to)
{
	u64 h = 0;

	state_maps();
	for (u64 nr = 1; nr <= steps; nr++) {
		struct step s = {0};
		u64 h_maps, h_more = 0;

		if (nr == from && from == to)
			state_print();
		ops_step(&s);
		h_maps = state_maps();
		if (nr % 20 == 0)
			h_more = state_accounts();
		if (nr % 50 == 0)
			h_more = hash(h_more, state_contents());
		h = hash(hash(hash_step(h, &s), h_maps), h_more);
		if (nr >= from && nr <= to)
			print_step(nr, &s, h_maps, h_more);
		if (nr == to && from == to) {
			state_print();
			state_print_contents();
		}
		if (nr % 100 == 0 || nr == steps) {
			say("= ");
			say_number((long)nr);
			say(" ");
			say_hex(h);
			say("\n");
		}
		if (nr >= from && nr <= to)
			say_flush();
	}
}

void calls_main(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);

	if (argc < 4)
		die("usage: calls FILE SEED STEPS [FROM TO]");
	probe_start();
	state_start();
	chance_start(to_number(argv[2]));
	ops_start(argv[1]);
	run(to_number(argv[3]), argc > 5 ? to_number(argv[4]) : 0,
	    argc > 5 ? to_number(argv[5]) : 0);
	say_flush();
	for (;;)
		SYS(__NR_exit_group, 0, 0, 0);
}
