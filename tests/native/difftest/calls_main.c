/*
 * calls_main.c: step after step, and what is printed of it.
 */
#include <asm/unistd.h>

#include "calls_args.h"

void calls_main(long *stack);

static u64 to_number(const char **s)
{
	u64 n = 0;

	while (**s >= '0' && **s <= '9')
		n = n * 10 + (u64)(*(*s)++ - '0');
	return n;
}

/* ---- Which steps -------------------------------------------------------- */

/* "1-5,9", ascending, from *list on; NULL: all. Consumes what it has passed. */
static bool is_listed(const char **list, u64 nr)
{
	while (*list && **list) {
		const char *p = *list;
		u64 first = to_number(&p), last = first;

		if (*p == '-') {
			p++;
			last = to_number(&p);
		}
		if (nr <= last)
			return nr >= first;
		*list = *p ? p + 1 : p;
	}
	return !*list;
}

/* ---- What is looked at -------------------------------------------------- */

struct look {
	u64 maps, pages, accounts, smaps;
};

/*
 * All of it, or what is dear only at times. Contents at the same steps always,
 * for reading leaves its mark: pages are accessed.
 */
static struct look look(u64 nr, bool all, bool contents)
{
	struct look l = {.maps = state_maps()};
	bool pages = nr % (huge_pages ? 6 : 3) == 0;

	if (all || pages)
		l.pages = pages_digest(contents && pages);
	if (all || nr % 12 == 0)
		l.accounts = accounts_digest();
	if (all || nr % 24 == 0)
		l.smaps = accounts_smaps();
	return l;
}

static void print_digest(const char *what, u64 h)
{
	say(what);
	say_hex(h & 0xffffffff);
}

static void print_step(u64 nr, const struct step *s, const struct look *l)
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
	if (s->seen)
		print_digest(" seen ", s->seen);
	print_digest(" maps ", l->maps);
	print_digest(" pages ", l->pages);
	print_digest(" accounts ", l->accounts);
	print_digest(" smaps ", l->smaps);
	say("\n");
	say_flush();
}

static void print_state(void)
{
	state_print();
	accounts_print();
	pages_print();
	say_flush();
}

static u64 hash_step(u64 h, const struct step *s, const struct look *l)
{
	for (unsigned i = 0; i < s->nr_args; i++)
		h = hash(h, s->arg[i]);
	h = hash(hash(h, (u64)s->result), s->seen);
	return hash(hash(hash(hash(h, l->maps), l->pages), l->accounts),
		    l->smaps);
}

/* ---- Steps -------------------------------------------------------------- */

struct run {
	u64 seed, steps;
	bool each, last; /* print each step; the state before and after */
	bool contents;	 /* read what is there after each step */
	const char *list;
};

static void run(struct run *r)
{
	u64 h = 0;

	state_maps();
	for (u64 nr = 1; nr <= r->steps; nr++) {
		struct step s = {0};
		struct look l;

		if (!is_listed(&r->list, nr))
			continue;
		if (r->last && nr == r->steps)
			print_state();
		/* So that a step does the same, whichever are left out. */
		chance_start(hash(hash(1, r->seed), nr));
		ops_step(&s);
		l = look(nr, r->each, r->contents);
		h = hash_step(h, &s, &l);
		if (r->each)
			print_step(nr, &s, &l);
		if (r->last && nr == r->steps)
			print_state();
		if (nr % 100 == 0 || nr == r->steps) {
			say("= ");
			say_number((long)nr);
			say(" ");
			say_hex(h);
			say("\n");
		}
	}
}

/* A limit on the stack must not end the program itself: have it grown now. */
static void touch_stack(void)
{
	volatile char room[64 * 1024];

	for (size_t i = 0; i < sizeof(room); i += PAGE)
		room[i] = 1;
}

void calls_main(long *stack)
{
	long argc = stack[0];
	const char **argv = (const char **)(stack + 1);
	struct run r = {0};

	if (argc < 4)
		die("usage: calls FILE SEED STEPS [each | last [LIST]]");
	r.seed = to_number(&argv[2]);
	r.steps = to_number(&argv[3]);
	r.last = argc > 4 && argv[4][0] == 'l';
	r.each = argc > 4;
	r.list = argc > 5 ? argv[5] : NULL;
	touch_stack();
	probe_start();
	state_start();
	chance_start(r.seed);
	r.contents = one_in(2);
	ops_start(argv[1]);
	run(&r);
	if (!WITH_KEYS) {
		say("changed ");
		say_number((long)steps_changed);
		say("\n");
	}
	say_flush();
	for (;;)
		SYS(__NR_exit_group, 0, 0, 0);
}
