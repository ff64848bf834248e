/*
 * guards.c: guard markers (MADV_GUARD_INSTALL, Linux 6.13; of files 6.15): what
 * an access to one gives, and what each memory call makes of them.
 *
 *   guards FILE    FILE has at least 8 pages and is on a disk
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "jump.h"
#include "page_size.h"
#include "show.h"

#define GUARD_INSTALL  102
#define GUARD_REMOVE   103
#define SELF	       (-10001) /* PIDFD_SELF_THREAD_GROUP */
#define COLLAPSE       25
#define POPULATE_READ  22
#define POPULATE_WRITE 23

#define N     8 /* pages of each mapping */
#define BASE  0x200000000000ul
#define AT(n) ((char *)(BASE + (n)*PAGE))
#define RW    (PROT_READ | PROT_WRITE)
#define FIXED (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)

#define DO(call)	 SHOW_OK(call)
#define install(page, n) madvise(AT(page), (n)*PAGE, GUARD_INSTALL)
#define removal(page, n) madvise(AT(page), (n)*PAGE, GUARD_REMOVE)

static int pagemap, file;

/* A letter for each page: its byte, or S, B: the signal, with the code. */
static void show_access(const char *what, unsigned n, int write)
{
	printf("  %s:", what);
	for (volatile unsigned i = 0; i < n; i++) {
		volatile char *p = AT(i);

		if (JUMP_HERE()) {
			printf(" %c%d%s",
			       jump_info.si_signo == SIGBUS ? 'B' : 'S',
			       jump_info.si_code,
			       jump_info.si_addr == AT(i) ? "" : " elsewhere");
			continue;
		}
		if (write)
			*p = (char)('a' + i);
		printf(" %c", *p ? *p : '0');
	}
	printf("\n");
}

/* What the kernel shows of the pages, without touching them. */
static void show_kernel(unsigned n)
{
	unsigned char vec[64];
	uint64_t entry[64];
	long got = pread(pagemap, entry, n * 8, (off_t)(BASE / PAGE * 8));

	printf("  pagemap:");
	for (unsigned i = 0; got == n * 8 && i < n; i++)
		if (entry[i] >> 63)
			printf(" p%d", (int)(entry[i] >> 61 & 1));
		else
			printf(" %lx", entry[i]);
	memset(vec, 0, sizeof(vec));
	printf("\n  mincore: %d:", mincore(AT(0), n * PAGE, vec));
	for (unsigned i = 0; i < n; i++)
		printf(" %d", vec[i] & 1);
	printf("\n");
}

static void show_maps(void)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	char line[512], perms[8];
	int ours = 0;

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) == 3) {
			ours = start >= BASE && start < BASE + 1024 * PAGE;
			if (ours)
				printf("  map [%lu, %lu) %s",
				       (start - BASE) / PAGE,
				       (end - BASE) / PAGE, perms);
		} else if (ours && !strncmp(line, "Rss", 3)) {
			printf(" rss %d kB", atoi(line + 4));
		} else if (ours && !strncmp(line, "VmFlags", 7)) {
			printf("%s", line + 8);
		}
	}
	fclose(f);
}

static void show(unsigned n)
{
	show_kernel(n);
	show_maps();
	show_access("reads", n, 0);
	show_access("writes", n, 1);
}

static void begin(const char *what)
{
	printf("%s\n", what);
	munmap(AT(0), 1024 * PAGE);
}

static void fresh(const char *what)
{
	begin(what);
	mmap(AT(0), N * PAGE, RW, FIXED, -1, 0);
}

static void filled(const char *what)
{
	fresh(what);
	memset(AT(0), 'x', N * PAGE);
}

static void anonymous(void)
{
	fresh("never touched");
	DO(install(2, 3));
	show(N);
	DO(removal(3, 1));
	show(N);
	DO(removal(0, N));
	DO(removal(0, N));
	show(N);
	filled("touched before");
	DO(install(0, 2));
	DO(install(1, 3));
	show(N);
	fresh("no rights");
	DO(install(1, 2));
	DO(mprotect(AT(0), 4 * PAGE, PROT_NONE));
	show(4);
	DO(mprotect(AT(0), 4 * PAGE, PROT_READ));
	show(4);
	DO(mprotect(AT(0), 4 * PAGE, RW));
	show(4);
	begin("PROT_NONE from the start");
	mmap(AT(0), N * PAGE, PROT_NONE, FIXED, -1, 0);
	DO(install(1, 2));
	show(4);
	DO(mprotect(AT(0), N * PAGE, RW));
	show(4);
	begin("MAP_DROPPABLE, MAP_NORESERVE");
	DO(mmap(AT(0), PAGE, RW, 8 | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	DO(mmap(AT(1), PAGE, RW, FIXED | MAP_NORESERVE, -1, 0));
	DO(install(0, 2));
	show(2);
}

static void advice(void)
{
	static const int all[] = {
		MADV_DONTNEED,	 MADV_FREE,	MADV_COLD,
		MADV_PAGEOUT,	 MADV_WILLNEED, 24 /* DONTNEED_LOCKED */,
		MADV_REMOVE,	 POPULATE_READ, POPULATE_WRITE,
		MADV_DONTFORK,	 MADV_DOFORK,	MADV_HUGEPAGE,
		MADV_NOHUGEPAGE,
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		filled("advice on guards");
		DO(install(2, 3));
		printf(" %d ", all[i]);
		DO(madvise(AT(0), N * PAGE, all[i]));
		show(N);
	}
	fresh("populated, never touched");
	DO(install(2, 3));
	DO(madvise(AT(0), 2 * PAGE, POPULATE_WRITE));
	DO(madvise(AT(0), N * PAGE, POPULATE_READ));
	DO(madvise(AT(5), 3 * PAGE, POPULATE_READ));
	show(N);
}

static void moves(void)
{
	filled("mremap elsewhere");
	DO(install(1, 2));
	DO(mremap(AT(0), 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		  AT(16)));
	show(20);
	filled("mremap, old mapping kept");
	DO(install(1, 2));
	DO(mremap(AT(0), 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | 4,
		  AT(16)));
	show(20);
	fresh("mremap of guards alone, old mapping kept");
	DO(install(0, N));
	DO(mremap(AT(0), N * PAGE, N * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | 4,
		  AT(16)));
	show(24);
	filled("mremap shrinks and grows");
	DO(install(3, 2));
	DO(mremap(AT(0), N * PAGE, 4 * PAGE, 0));
	DO(mremap(AT(0), 4 * PAGE, N * PAGE, 0));
	show(N);
	filled("munmap and mmap over");
	DO(install(1, 6));
	DO(munmap(AT(2), PAGE));
	DO(mmap(AT(2), 2 * PAGE, RW, FIXED, -1, 0));
	show(N);
}

static void merging(void)
{
	fresh("guards give an identity");
	DO(mprotect(AT(2), PAGE, PROT_READ));
	DO(install(1, 1));
	DO(install(2, 1));
	DO(install(3, 1));
	DO(mprotect(AT(2), PAGE, RW));
	show_maps();
	fresh("a neighbour's identity is taken");
	mmap(AT(0), N * PAGE, RW, FIXED | MAP_NORESERVE, -1, 0);
	DO(mprotect(AT(2), PAGE, PROT_READ));
	DO(install(1, 1));
	DO(install(2, 1));
	DO(mprotect(AT(2), PAGE, RW));
	show_maps();
	fresh("also of one that was written");
	mmap(AT(0), N * PAGE, RW, FIXED | MAP_NORESERVE, -1, 0);
	DO(mprotect(AT(2), PAGE, PROT_READ));
	*AT(1) = 'x';
	DO(install(2, 1));
	DO(mprotect(AT(2), PAGE, RW));
	show_maps();
	begin("of a file's, which get no identity");
	mmap(AT(0), 2 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
	mmap(AT(4), 2 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 4 * PAGE);
	DO(install(0, 1));
	DO(install(4, 1));
	mmap(AT(2), 2 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 2 * PAGE);
	show_maps();
	begin("of two mappings");
	mmap(AT(0), 2 * PAGE, RW, FIXED, -1, 0);
	mmap(AT(4), 2 * PAGE, RW, FIXED, -1, 0);
	DO(install(0, 1));
	DO(install(4, 1));
	mmap(AT(2), 2 * PAGE, RW, FIXED, -1, 0);
	show_maps();
	fresh("moved, its address is remembered");
	DO(install(0, 1));
	DO(mremap(AT(0), 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		  AT(16)));
	mmap(AT(18), 2 * PAGE, RW, FIXED, -1, 0);
	show_maps();
}

static void refusals(void)
{
	fresh("locked");
	DO(install(1, 1));
	DO(mlock(AT(0), 2 * PAGE));
	DO(mlock(AT(4), 2 * PAGE));
	show_maps();
	DO(install(5, 1));
	DO(removal(1, 1));
	DO(removal(4, 2));
	show(N);
	fresh("several mappings, one locked");
	DO(mlock(AT(4), PAGE));
	DO(install(3, 3));
	show(N);
	fresh("bad arguments");
	DO(madvise(AT(0) + 1, PAGE, GUARD_INSTALL));
	DO(madvise(AT(0), 1, GUARD_INSTALL));
	DO(madvise(AT(0), 0, GUARD_INSTALL));
	DO(madvise(AT(0), -PAGE + 1, GUARD_INSTALL));
	DO(madvise(AT(0), PAGE, 101));
	DO(madvise(AT(0), PAGE, 104));
	DO(install(6, 4));
	DO(removal(6, 4));
	DO(install(8, 1));
	show(N);
	begin("a hole");
	mmap(AT(0), PAGE, RW, FIXED, -1, 0);
	mmap(AT(2), PAGE, RW, FIXED, -1, 0);
	DO(install(0, 3));
	DO(removal(0, 3));
	DO(install(1, 2));
	show(3);
}

static void files(void)
{
	char page[PAGE];
	int fd = file, shm = memfd_create("guards", 0);

	begin("private file");
	for (int i = 0; i < N; i++) /* into the cache */
		pread(fd, page, PAGE, i * PAGE);
	mmap(AT(0), N * PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
	*AT(6) = 'c';
	DO(install(2, 2));
	DO(install(6, 1));
	show_access("reads", N, 0);
	show(N);
	DO(madvise(AT(0), N * PAGE, MADV_DONTNEED));
	show(N);
	DO(removal(0, N));
	show_access("reads", N, 0);
	begin("shared file, for reading");
	mmap(AT(0), N * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	show_access("reads", 2, 0);
	DO(install(1, 2));
	show(N);
	DO(removal(2, 1));
	show(N);
	begin("memfd");
	DO(ftruncate(shm, 3 * PAGE));
	mmap(AT(0), 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, shm, 0);
	memset(AT(0), 'm', 3 * PAGE);
	DO(install(1, 3));
	show(4);
	DO(ftruncate(shm, 0));
	show(4);
	DO(ftruncate(shm, 4 * PAGE));
	DO(madvise(AT(0), 4 * PAGE, MADV_REMOVE));
	show(4);
	DO(removal(0, 4));
	show_access("writes", 4, 1);
	show(4);
	begin("shared anonymous memory");
	mmap(AT(0), 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
	     0);
	memset(AT(0), 's', 4 * PAGE);
	DO(install(1, 2));
	DO(msync(AT(0), 4 * PAGE, MS_SYNC));
	DO(removal(2, 1));
	show(4);
	close(shm);
}

static void system_calls(void)
{
	int fd = file, own, p[2];
	struct iovec two[2] = {{AT(0) + PAGE - 4, 8}, {AT(2), 4}};
	struct iovec self = {AT(4), 2 * PAGE};
	/* What is empty is passed over, but for the first. */
	struct iovec some[3] = {{AT(4), PAGE}, {AT(5) + 1, 0}, {AT(6), PAGE}};
	char buf[8];

	pipe(p);
	fresh("the kernel's own accesses");
	DO(install(1, 1));
	SHOW(read(fd, AT(1), 10));
	SHOW(pread(fd, AT(0) + PAGE - 4, 10, 0));
	SHOW(preadv(fd, two, 2, 0));
	SHOW(write(p[1], AT(1), 1));
	SHOW(open(AT(1), O_RDONLY));
	SHOW(getcwd(AT(1), 100) ? 0 : -1);
	SHOW(process_madvise(SELF, &self, 1, GUARD_INSTALL, 0));
	show(N);
	SHOW(process_madvise(SELF, &self, 1, GUARD_REMOVE, 0));
	show(N);
	SHOW(process_madvise(SELF, some, 3, GUARD_INSTALL, 0));
	show(N);
	SHOW(process_madvise(SELF, some + 1, 2, GUARD_REMOVE, 0));
	SHOW(process_madvise(SELF, some, 3, GUARD_REMOVE, 0));
	show(N);
	own = (int)syscall(SYS_pidfd_open, getpid(), 0);
	SHOW(process_madvise(own, &self, 1, GUARD_INSTALL, 0));
	show(N);
	SHOW(process_madvise(own, &self, 1, GUARD_INSTALL, 1));
	SHOW(process_madvise(fd, &self, 1, GUARD_REMOVE, 0));
	SHOW(process_madvise(99, &self, 1, GUARD_REMOVE, 0));
	SHOW(process_madvise(own, &self, 1, GUARD_REMOVE, 0));
	show(N);
}

static void stack(void)
{
	fresh("a stack that grows into guards");
	munmap(AT(0), N * PAGE);
	mmap(AT(0), 4 * PAGE, RW, FIXED | MAP_GROWSDOWN, -1, 0);
	DO(install(0, 2));
	show(4);
}

static void show_huge(void)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	char line[512];
	int ours = 0;

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			ours = start == BASE;
		else if (ours && (!strncmp(line, "Rss", 3) ||
				  !strncmp(line, "AnonHugePages", 13)))
			printf("  %s", line);
	fclose(f);
}

static void huge(void)
{
	begin("huge pages");
	mmap(AT(0), 2048 * PAGE, RW, FIXED, -1, 0);
	memset(AT(0), 'x', 1536 * PAGE);
	DO(install(517, 1));
	DO(madvise(AT(512), 512 * PAGE, COLLAPSE));
	DO(madvise(AT(0), 1536 * PAGE, COLLAPSE));
	show_huge();
	DO(madvise(AT(1024), 1024 * PAGE, COLLAPSE));
	DO(install(1536, 512));
	DO(madvise(AT(1536), 512 * PAGE, COLLAPSE));
	show_huge();
	DO(install(3, 3));
	show(8);
	show_huge();
	DO(install(1000, 1000));
	show_huge();
	munmap(AT(0), 2048 * PAGE);
}

static void sealed(void)
{
	begin("sealed");
	mmap(AT(0), 2 * PAGE, PROT_READ, FIXED, -1, 0);
	mmap(AT(2), 2 * PAGE, RW, FIXED, -1, 0);
	DO(install(1, 1));
	DO(syscall(462, AT(0), 4 * PAGE, 0)); /* mseal */
	DO(install(0, 1));
	DO(install(2, 1));
	DO(removal(1, 1));
	show(4);
}

static long status(const char *name)
{
	FILE *f = fopen("/proc/self/status", "r");
	size_t len = strlen(name);
	char line[256];
	long value = -1;

	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len))
			value = atol(line + len);
	fclose(f);
	return value;
}

static void tables(void)
{
	long pte, rss;

	fresh("page tables");
	mmap(AT(0), 1024 * PAGE, RW, FIXED | MAP_NORESERVE, -1, 0);
	rss = status("RssAnon:"); /* its buffers are there now */
	rss = status("RssAnon:");
	pte = status("VmPTE:");
	DO(install(0, 1024));
	printf("  %ld kB of tables\n", status("VmPTE:") - pte);
	DO(removal(0, 1024));
	printf("  %ld kB of tables\n", status("VmPTE:") - pte);
	DO(install(0, 1024));
	DO(munmap(AT(0), 1024 * PAGE));
	printf("  %ld kB of tables, %ld kB of pages\n", status("VmPTE:") - pte,
	       status("RssAnon:") - rss);
}

int main(int argc, char **argv)
{
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	file = open(argv[1], O_RDONLY);
	jump_catch(SIGSEGV);
	jump_catch(SIGBUS);
	anonymous();
	advice();
	moves();
	merging();
	refusals();
	files();
	system_calls();
	stack();
	tables();
	huge();
	sealed(); /* it stays */
	return argc != 2;
}
