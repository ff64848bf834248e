/*
 * iso_pages.c: read, write and run at every page of the kernel half that could
 * matter. One line for each run of pages with the same answer; natively and
 * under vmm the lines must be equal.
 *
 *	iso_pages slots    every PML4 slot of the kernel half
 *	iso_pages image    the kernel image and what lies beside it, 4 MiB
 *	iso_pages low      direct map and vmemmap, first pages
 *	iso_pages entries  jumps to each 16th byte of the kernel's first code
 *	iso_pages strange  addresses that are not canonical, or at a border
 */
#include "probe.h"

PROBE(accesses, "read", "	movb (%rbx), %al");
PROBE(accesses, "write", "	movb %al, (%rbx)");
PROBE(accesses, "run", "	jmp *%rbx");

extern const struct probe_code __start_probes_accesses[],
	__stop_probes_accesses[];

static unsigned long tried, refused;

/* One run of pages: all refused alike, and each with its own address. */
struct run {
	uint64_t first, last;
	struct probe_result result;
	int open;
};

static void run_close(const char *what, struct run *run)
{
	if (run->open)
		printf("%s %#lx-%#lx: %s code %d trap %lu err %#lx\n", what,
		       run->first, run->last, probe_signal(run->result.sig),
		       run->result.code, run->result.trapno, run->result.err);
	run->open = 0;
}

static void one(const struct probe_code *access, struct run *run, uint64_t va)
{
	struct probe_regs regs = probe_plain();
	struct probe_result r;
	uint64_t at = va;

	regs.rbx = va;
	r = probe(access->code, &regs);
	tried++;
	refused += r.sig == SIGSEGV;
	if (r.trapno == 13)
		at = 0; /* no address is known of a #GP */
	if (!r.sig || r.addr != at)
		printf("%s %#lx: %s, address %#lx, rax %#lx\n", access->name,
		       va, probe_signal(r.sig), r.addr, r.rax & 0xff);
	if (!run->open || run->result.sig != r.sig ||
	    run->result.code != r.code || run->result.trapno != r.trapno ||
	    run->result.err != r.err) {
		run_close(access->name, run);
		run->open = 1;
		run->first = va;
		run->result = r;
	}
	run->last = va;
}

static void range(uint64_t start, uint64_t step, unsigned long n)
{
	for (const struct probe_code *a = __start_probes_accesses;
	     a < __stop_probes_accesses; a++) {
		struct run run = {0};

		for (unsigned long i = 0; i < n; i++)
			one(a, &run, start + i * step);
		run_close(a->name, &run);
	}
}

/*
 * Entry points are 16-aligned, so this jumps to each of them. Where KVM is
 * software, a jump to LSTAR looks like SYSCALL: there alone the program may go
 * on, at rcx, with the answer to a call that does not exist.
 */
static void entries(void)
{
	const struct probe_code *jump = &__start_probes_accesses[2];
	struct probe_regs regs = probe_plain();
	unsigned calls = 0, odd = 0;

	regs.rcx = (uint64_t)probe_back;
	for (uint64_t at = 0xffffffff80101000; at < 0xffffffff80111000;
	     at += 16) {
		struct probe_result r;

		regs.rbx = at;
		regs.rax = 0x1111;
		r = probe(jump->code, &regs);
		if (!r.sig && r.rax == (uint64_t)-38)
			calls++;
		else if (r.sig != SIGSEGV || r.code != 1 || r.addr != at ||
			 r.rip != at)
			odd++;
	}
	printf("entries: %u odd ends, %s\n", odd,
	       calls > 1 ? "several system calls" : "one system call at most");
}

static void strange(void)
{
	static const uint64_t addresses[] = {
		0x7ffffffff000,	    0x7fffffffffff,	0x800000000000,
		0x8000000000000000, 0xffff7fffffffffff, 0xffff800000000000,
		0xfffffffffffff000, 0xffffffffffffffff, 0x10000000000000,
	};

	for (size_t i = 0; i < sizeof(addresses) / 8; i++)
		range(addresses[i], 0, 1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	probe_init();
	if (!strcmp(what, "slots"))
		range(0xffff800000000000, 1ul << 39, 256);
	else if (!strcmp(what, "image"))
		range(0xffffffff80000000, PAGE, 1024);
	else if (!strcmp(what, "low"))
		for (uint64_t at = 0; at < 2ul << 20; at += 512 * PAGE) {
			range(0xffff888000000000 + at, PAGE, 512);
			range(0xffffea0000000000, PAGE, 32);
		}
	else if (!strcmp(what, "entries"))
		entries();
	else
		strange();
	printf("refused %lu of %lu\n", refused, tried);
	return refused != tried;
}
