/*
 * program.c: the code of every program that make.c makes: says what it finds.
 *
 * One piece without data, relocations or a library, to be put anywhere. Prints
 * its first stack, /proc/self/{maps,auxv,stat,status,smaps} and, as it touches
 * every kind of page, what it reads there or which signal that is, with the
 * number of its page faults so far.
 */
#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

#include "page_size.h"

#define MAPS_MAX   64
#define EDGE_PAGES 3 /* of each mapping, at both ends */

typedef uint64_t u64;

static inline long call6(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	register u64 r10 __asm__("r10") = d;
	register u64 r8 __asm__("r8") = e;
	register u64 r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static long call3(long nr, u64 a, u64 b, u64 c)
{
	return call6(nr, a, b, c, 0, 0, 0);
}

/* ---- Printing ----------------------------------------------------------- */

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static void say(const char *s)
{
	call3(__NR_write, 1, (u64)s, length(s));
}

static void say_number(u64 v)
{
	char text[18];

	for (int i = 0; i < 16; i++)
		text[i] = (char)("0123456789abcdef"[v >> (60 - 4 * i) & 15]);
	text[16] = ' ';
	call3(__NR_write, 1, (u64)text, 17);
}

/* FNV-1a of 64-bit words. */
static u64 digest(u64 h, u64 v)
{
	return (h ^ v) * 0x100000001b3ull;
}

static u64 digest_words(u64 from, u64 to)
{
	u64 h = 0xcbf29ce484222325ull;

	for (; from + 8 <= to; from += 8)
		h = digest(h, *(volatile u64 *)from);
	return h;
}

static void step(const char *name)
{
	say("== ");
	say(name);
	say("\n");
}

/* Of this process, which on Linux took some before execve. */
static u64 nr_faults(void)
{
	u64 usage[18];

	call3(__NR_getrusage, 0, (u64)usage, 0);
	return usage[8] + usage[9];
}

static void show(const char *path)
{
	char buf[1024];
	long fd, n;

	step(path);
	fd = call3(__NR_open, (u64)path, 0, 0);
	while ((n = call3(__NR_read, fd, (u64)buf, sizeof(buf))) > 0)
		call3(__NR_write, 1, (u64)buf, n);
	call3(__NR_close, fd, 0, 0);
}

/* ---- Mappings ----------------------------------------------------------- */

struct map {
	u64 start, end;
	char prot[4];
};

/* Parse the lines of /proc/self/maps as the bytes come. */
struct parser {
	struct map *maps;
	unsigned n;
	int column; /* 0: start, 1: end, 2: rights, 3: the rest */
	int at;
};

static void parse(struct parser *p, char c)
{
	struct map *m = &p->maps[p->n];
	u64 digit = c <= '9' ? c - '0' : c - 'a' + 10;

	if (c == '\n') {
		p->n += p->n < MAPS_MAX;
		p->column = p->at = 0;
		p->maps[p->n] = (struct map){0};
	} else if (c == '-' && p->column == 0) {
		p->column = 1;
	} else if (c == ' ') {
		p->column++;
	} else if (p->column == 0) {
		m->start = m->start << 4 | digit;
	} else if (p->column == 1) {
		m->end = m->end << 4 | digit;
	} else if (p->column == 2) {
		m->prot[p->at++ & 3] = c;
	}
}

static unsigned read_maps(struct map *maps)
{
	struct parser p = {.maps = maps};
	const char path[] = "/proc/self/maps";
	char buf[512];
	long fd, n;

	maps[0] = (struct map){0};
	fd = call3(__NR_open, (u64)path, 0, 0);
	while ((n = call3(__NR_read, fd, (u64)buf, sizeof(buf))) > 0)
		for (long i = 0; i < n; i++)
			parse(&p, buf[i]);
	call3(__NR_close, fd, 0, 0);
	return p.n;
}

/* ---- Touching ----------------------------------------------------------- */

/*
 * touch(how, address): 0, or what the signal's handler makes of it: it goes on
 * after the instruction, whose address is at touch_at, with rax set.
 */
long touch(long how, u64 va);
void restore(void);
void handle(int sig, void *info, void *context);
__asm__(".text\n"
	"touch: mov %rsi, %rcx; xor %eax, %eax\n"
	"cmp $1, %edi; jb 1f; je 2f\n"
	"call *%rcx; jmp touch_end\n"
	"1: movb (%rcx), %dl; jmp touch_end\n"
	"2: lock orb $0, (%rcx)\n"
	"touch_end: ret\n"
	"restore: mov $15, %eax; syscall\n");
extern const char touch_end[] __attribute__((visibility("hidden")));

/* struct sigcontext from uc_mcontext on, in words. */
enum {
	UC_REGS = 5,
	RSP = 15,
	RIP = 16,
	RAX = 13,
	ERR = 19,
	TRAPNO = 20,
	CR2 = 22
};

void handle(int sig, void *info, void *context)
{
	u64 *regs = (u64 *)context + UC_REGS;
	const int *si = info;
	u64 addr = ((u64 *)info)[2];

	say("signal ");
	say_number((u64)sig << 32 | (uint32_t)si[2]);
	say_number(addr);
	say_number(regs[CR2]);
	say_number(regs[ERR] << 32 | regs[TRAPNO]);
	/* A call has pushed its return address, if it got that far. */
	if (regs[RIP] == regs[14])
		regs[RSP] += 8;
	regs[RIP] = (u64)touch_end;
	regs[RAX] = 1;
}

static void catch_signals(u64 stack)
{
	const u64 alt[3] = {stack, 0, 0x8000};
	u64 act[4] = {0, 0x4c000004, 0, 0}; /* SA_SIGINFO, _ONSTACK, ... */

	/* Not as an initialiser, which would be data with relocations. */
	__asm__("lea handle(%%rip), %0" : "=r"(act[0]));
	__asm__("lea restore(%%rip), %0" : "=r"(act[2]));

	call3(__NR_sigaltstack, (u64)alt, 0, 0);
	for (int sig = 4; sig < 12; sig++)
		if (sig != 9 && sig != 10)
			call6(__NR_rt_sigaction, sig, (u64)act, 0, 8, 0, 0);
}

static void touch_page(const struct map *m, u64 va, u64 faults)
{
	say_number(va);
	if (touch(0, va) == 0 && m->prot[0] == 'r')
		say_number(digest_words(va, va + PAGE));
	touch(1, va);
	if (m->prot[2] != 'x')
		touch(2, va);
	say_number(nr_faults() - faults);
	say("\n");
}

/* Is it one whose bytes are the kernel's, or change as this runs? */
static int is_other(const struct map *m, u64 sp)
{
	return m->start >> 47 || (m->start <= sp && sp < m->end);
}

static void touch_all(const struct map *maps, unsigned n, u64 sp, u64 vdso)
{
	u64 faults = nr_faults();

	for (const struct map *m = maps; m < maps + n; m++) {
		u64 pages = (m->end - m->start) / PAGE;

		if (is_other(m, sp) ||
		    (m->end > vdso - 6 * PAGE && m->start < vdso + 2 * PAGE))
			continue;
		for (u64 i = 0; i < pages; i++) {
			touch_page(m, m->start + i * PAGE, faults);
			if (i == EDGE_PAGES && pages > 3 * EDGE_PAGES)
				i = pages - EDGE_PAGES;
		}
	}
}

/* ---- Growing ------------------------------------------------------------- */

static long map_pages(u64 at, u64 pages, u64 flags)
{
	return call6(__NR_mmap, at, pages * PAGE, 3, 0x22 | flags, -1, 0);
}

static void grow(u64 sp)
{
	u64 brk = call3(__NR_brk, 0, 0, 0), down;

	step("brk");
	say_number(brk);
	say_number(call3(__NR_brk, brk + 0x21000, 0, 0));
	say_number(touch(1, brk));
	say_number(touch(1, brk + 0x20000));
	say_number(call3(__NR_brk, brk + (1ul << 28), 0, 0));
	step("mmap");
	say_number(map_pages(0, 3, 0));
	say_number(map_pages(0, 1024, 0));
	say_number(map_pages(0x10000, 1, 0));
	down = map_pages(1ul << 32, 4, 0x100);
	say_number(down);
	step("growsdown");
	if (down < -PAGE)
		for (u64 i = 0; i < 300; i += 1 + i)
			say_number(touch(1, down - i * PAGE));
	step("stack");
	for (u64 size = PAGE; size < 1ul << 25; size *= 2) {
		say_number(size);
		say_number(touch(1, sp - size));
		say("\n");
	}
}

/* ---- The first stack ------------------------------------------------------
 */

static u64 auxv_value(const u64 *v, u64 type)
{
	for (; v[0]; v += 2)
		if (v[0] == type)
			return v[1];
	return 0;
}

/* All but the random bytes. */
static void show_stack(const u64 *sp, u64 end, const u64 *auxv)
{
	u64 random = auxv_value(auxv, 25);

	step("first stack");
	say_number((u64)sp);
	say_number(sp[0]);
	say_number(end);
	if (random && end)
		say_number(digest_words((u64)sp, random & ~7ul));
	if (end)
		say_number(digest_words((random + 23) & ~7ul, end));
	say("\n");
}

static void show_auxv(const u64 *v)
{
	step("auxv");
	for (; v[0]; v += 2) {
		say_number(v[0]);
		say_number(v[1]);
		say("\n");
	}
}

/* Where the mapping of sp ends. */
static u64 stack_end(const struct map *maps, unsigned n, u64 sp)
{
	for (; n--; maps++)
		if (maps->start <= sp && sp < maps->end)
			return maps->end;
	return 0;
}

__asm__(".section .start, \"ax\"\n"
	"mov %rsp, %rdi; and $-16, %rsp; call begin\n"
	".text\n");

void begin(const u64 *sp);
void begin(const u64 *sp)
{
	const u64 *auxv = sp + 1 + sp[0] + 1;
	struct map maps[MAPS_MAX + 1];
	unsigned n;
	u64 alt;

	while (*auxv++)
		;
	show("/proc/self/maps");
	n = read_maps(maps);
	show_auxv(auxv);
	show_stack(sp, stack_end(maps, n, (u64)sp), auxv);
	show("/proc/self/stat");
	show("/proc/self/status");
	alt = map_pages(0, 9, 0);
	say_number(alt);
	if (alt > -PAGE)
		call3(__NR_exit_group, 1, 0, 0);
	catch_signals(alt);
	step("touch");
	touch_all(maps, n, (u64)sp, auxv_value(auxv, 33));
	grow((u64)sp);
	show("/proc/self/maps");
	show("/proc/self/status");
	show("/proc/self/smaps");
	step("end");
	call3(__NR_exit_group, 7, 0, 0);
}
