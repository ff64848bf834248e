/* devzero.c: mappings of /dev/zero: memory that has a name and an offset. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jump.h"
#include "page_size.h"
#include "show.h"

#define BASE  0x200000000000ul
#define AT(n) ((char *)(BASE + (n)*PAGE))
#define RW    (PROT_READ | PROT_WRITE)
#define FIXED (MAP_PRIVATE | MAP_FIXED)
#define SPAN  64

static int fd, other, readable, writable;

static void show(void)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end, off, inode;
	char line[512], perms[8], dev[16];
	int ours = 0, name;

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %4s %lx %15s %lu %n", &start, &end,
			   perms, &off, dev, &inode, &name) == 6) {
			ours = start >= BASE && start < BASE + SPAN * PAGE;
			if (ours)
				printf("  [%lu, %lu) %s %lx %d %d %s",
				       (start - BASE) / PAGE,
				       (end - BASE) / PAGE, perms, off,
				       !strcmp(dev, "00:00"), inode != 0,
				       line + name);
		} else if (ours && (!strncmp(line, "Anonymous", 9) ||
				    !strncmp(line, "VmFlags", 7))) {
			printf("    %s", line);
		}
	}
	fclose(f);
}

static void map(unsigned page, unsigned n, int zero, long offset)
{
	SHOW_OK(mmap(AT(page), n * PAGE, RW, FIXED, zero, offset * PAGE));
}

static void begin(const char *what)
{
	printf("%s\n", what);
	munmap(AT(0), SPAN * PAGE);
}

static void merging(void)
{
	begin("a name and an offset");
	map(0, 4, fd, 16);
	*AT(1) = 1;
	show();
	begin("what continues it merges");
	map(0, 2, fd, 0);
	map(2, 2, fd, 2);
	map(4, 2, fd, 0);
	map(6, 2, other, 2);
	mmap(AT(8), PAGE, RW, FIXED | MAP_ANONYMOUS, -1, 0);
	show();
	begin("mprotect and back");
	map(0, 4, fd, 1);
	SHOW(mprotect(AT(1), PAGE, PROT_READ));
	show();
	SHOW(mprotect(AT(1), PAGE, RW));
	show();
}

static void moving(void)
{
	begin("moved, never touched: as if mapped there");
	map(0, 4, fd, 1);
	SHOW_OK(mremap(AT(1), 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       AT(16)));
	show();
	begin("moved, touched");
	map(0, 4, fd, 1);
	*AT(1) = 7;
	SHOW_OK(mremap(AT(0), 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       AT(16)));
	printf("%d %d\n", *AT(17), *AT(21));
	show();
	begin("grown and cut");
	map(0, 4, fd, 1);
	SHOW_OK(mremap(AT(0), 4 * PAGE, 8 * PAGE, 0));
	SHOW(munmap(AT(3), PAGE));
	show();
}

static void advice(void)
{
	static const int all[] = {MADV_FREE,	   MADV_DONTNEED,
				  MADV_REMOVE,	   MADV_WIPEONFORK,
				  MADV_KEEPONFORK, MADV_PAGEOUT,
				  MADV_WILLNEED,   MADV_POPULATE_WRITE};
	unsigned char vec[4];

	begin("advice");
	map(0, 4, fd, 0);
	memset(AT(0), 1, 4 * PAGE);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		printf("%d ", all[i]);
		SHOW(madvise(AT(0), 4 * PAGE, all[i]));
	}
	SHOW(madvise(AT(0), PAGE, MADV_DONTNEED));
	SHOW(mincore(AT(0), 4 * PAGE, vec));
	printf("%d%d%d%d\n", vec[0] & 1, vec[1] & 1, vec[2] & 1, vec[3] & 1);
	SHOW(msync(AT(0), PAGE, MS_SYNC));
	SHOW(mlock(AT(0), PAGE));
	show();
}

static void access_page(char *p)
{
	printf("  access: signal %d\n", jump_store(p, 1));
}

static void sharing(void)
{
	begin("shared");
	SHOW_OK(mmap(AT(0), PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0));
	SHOW_OK(mmap(AT(1), 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, PAGE));
	SHOW_OK(mmap(AT(4), PAGE, RW, MAP_SHARED_VALIDATE | MAP_FIXED, fd, 0));
	SHOW_OK(mmap(AT(5), PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, readable,
		     0));
	show();
	access_page(AT(0));
	access_page(AT(1));
	access_page(AT(2)); /* its memory is as long as it, from 0 on */
	access_page(AT(5));
	printf("%d\n", *AT(5));
	SHOW(mprotect(AT(5), PAGE, RW));
	SHOW(madvise(AT(5), PAGE, MADV_FREE));
	show();
}

static void refusals(void)
{
	begin("descriptors and offsets");
	SHOW_OK(mmap(AT(0), PAGE, RW, FIXED, readable, 0));
	SHOW_OK(mmap(AT(1), PAGE, RW, FIXED, writable, 0));
	SHOW_OK(mmap(AT(1), PAGE, RW, MAP_SHARED | MAP_FIXED, readable, 0));
	SHOW_OK(mmap(AT(1), PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, writable,
		     0));
	SHOW_OK(mmap(AT(1), PAGE, RW, FIXED | MAP_GROWSDOWN, fd, 0));
	SHOW_OK(mmap(AT(1), PAGE, RW, FIXED | MAP_HUGETLB, fd, 0));
	SHOW_OK(mmap(AT(1), PAGE, RW, MAP_FIXED | 8, fd, 0));
	SHOW_OK(mmap(AT(1), PAGE, RW, FIXED | MAP_NORESERVE, fd,
		     0x7ffffffffffff000));
	SHOW_OK(mmap(AT(2), PAGE, RW, FIXED, fd, -PAGE));
	SHOW_OK(mmap(AT(2), PAGE, RW, FIXED, fd, -2 * PAGE));
	SHOW_OK(mmap(AT(3), 2 * PAGE, RW, FIXED, fd, -2 * PAGE));
	show();
}

/* Private mappings that hold a huge page are aligned for it. */
static void places(void)
{
	static const struct {
		size_t len;
		long offset;
	} all[] = {{3ul << 20, 0},
		   {(4ul << 20) + PAGE, 0},
		   {5ul << 20, 7 * PAGE},
		   {3ul << 20, 7 * PAGE}};

	for (int i = 0; i < 4; i++) {
		size_t huge = 2ul << 20;
		char *p = mmap(NULL, all[i].len, RW, MAP_PRIVATE, fd,
			       all[i].offset);

		printf("%d: %d\n", i,
		       ((unsigned long)p - all[i].offset) % huge == 0);
	}
}

int main(void)
{
	fd = open("/dev/zero", O_RDWR);
	other = open("/dev/zero", O_RDWR);
	readable = open("/dev/zero", O_RDONLY);
	writable = open("/dev/zero", O_WRONLY);
	jump_catch(SIGBUS);
	jump_catch(SIGSEGV);
	merging();
	moving();
	advice();
	sharing();
	refusals();
	places();
	begin("closed");
	map(0, 2, fd, 0);
	close(fd);
	*AT(0) = 1;
	show();
	return 0;
}
