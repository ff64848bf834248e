/*
 * layout.c: prints where everything in its address space is.
 *
 * Run:    vmm guest.elf one two (this program), vmm --no-aslr guest.elf
 * Expect: a table sorted by address, and as the last line "in order: 12 of 12":
 * from low to high code, read-only data, initialised data, bss, heap, mmap, the
 * stack, the argument vector, the environment vector, the auxiliary vector,
 * the argument strings, the environment strings (11 if there are none). Why:
 * load_elf_binary puts the segments at their link addresses and brk behind bss;
 * mmap grows down from below the stack; create_elf_tables writes strings first,
 * at the very top.
 *
 * It does not look at /proc: it asks the linker, the C library and the kernel
 * (auxv, brk) and prints what they say.
 */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

struct row {
	uintptr_t addr;
	int order; /* place from low to high, 0: anywhere */
	const char *what;
	const char *note;
};

#define ROWS_MAX 32
static struct row rows[ROWS_MAX];
static int nr_rows;

extern char __executable_start[], etext[], edata[], end[];
static int initialised = 1;
static int zeroed;
static const char constant[] = "a constant";

static void add(const void *addr, int order, const char *what, const char *note)
{
	if (!addr || nr_rows == ROWS_MAX)
		return;
	rows[nr_rows++] = (struct row){(uintptr_t)addr, order, what, note};
}

static void add_auxv(unsigned long type, const char *what)
{
	add((void *)getauxval(type), 0, what, "as the kernel says in auxv");
}

static int by_address(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* How many numbered rows stand at the place that their number says. */
static int count_in_order(int *total)
{
	int in_order = 0;

	*total = 0;
	for (int i = 0; i < nr_rows; i++)
		if (rows[i].order && rows[i].order == ++*total)
			in_order++;
	return in_order;
}

static void add_program(void)
{
	add(__executable_start, 0, "start", "first byte of the program");
	add((void *)(uintptr_t)add_program, 1, "code", "a function");
	add(etext, 0, "etext", "end of the code");
	add(constant, 2, "read-only data", "a constant");
	add(&initialised, 3, "initialised data", "a variable that is 1");
	add(edata, 0, "edata", "end of the initialised data");
	add(&zeroed, 4, "bss", "a variable that is 0");
	add(end, 0, "end", "end of bss");
}

static void add_stack(char **argv, char **envp)
{
	char **auxv = envp;

	while (*auxv++)
		;
	add(argv, 8, "argument vector", "argv[]");
	add(envp, 9, "environment vector", "envp[]");
	add(auxv, 10, "auxiliary vector", "auxv[]");
	add(argv[0], 11, "arguments", argv[0]);
	add(envp[0], 12, "environment", envp[0]);
	add_auxv(AT_RANDOM, "16 random bytes");
	add_auxv(AT_PLATFORM, "platform string");
	add_auxv(AT_EXECFN, "file name string");
	add_auxv(AT_SYSINFO_EHDR, "vdso");
	add_auxv(AT_PHDR, "program headers");
	add_auxv(AT_ENTRY, "entry point");
}

int main(int argc, char **argv, char **envp)
{
	long page = sysconf(_SC_PAGESIZE);
	int local = argc, in_order, total;

	add_program();
	add(malloc(1000), 5, "heap", "malloc(1000)");
	add(sbrk(0), 0, "brk", "end of the heap: sbrk(0)");
	add(mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	    6, "mmap", "one anonymous page");
	add(&local, 7, "stack", "a local variable");
	add_stack(argv, envp);

	qsort(rows, (size_t)nr_rows, sizeof(rows[0]), by_address);
	printf("%-18s  %-18s  %s\n", "address", "what", "which");
	for (int i = 0; i < nr_rows; i++)
		printf("%#18lx  %-18s  %.40s\n", (unsigned long)rows[i].addr,
		       rows[i].what, rows[i].note);

	in_order = count_in_order(&total);
	printf("page size: %ld\n", page);
	printf("arguments: %d\n", local);
	printf("in order: %d of %d\n", in_order, total);
	return in_order != total;
}
