/*
 * special.c: what may be done with [vvar] and [vdso]: they are whole or gone,
 * and the pages of [vvar] are nobody's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "page_size.h"
#include "show.h"

#define COLLAPSE 25
#define MOVED	 ((void *)0x300000000000ul)
#define MOVED_2	 ((void *)0x300000100000ul)

static char *vvar, *vdso;
static size_t vvar_size, vdso_size;

static void find(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char line[512];

	vvar = vdso = NULL;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		if (strstr(line, "[vvar]")) {
			vvar = (char *)start;
			vvar_size = end - start;
		}
		if (strstr(line, "[vdso]")) {
			vdso = (char *)start;
			vdso_size = end - start;
		}
	}
	fclose(f);
}

/* Name, size, rights, and some lines of smaps of each. */
static void show(void)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	char line[512], perms[8];
	int ours = 0;

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) == 3) {
			ours = strstr(line, "[vd") || strstr(line, "[vv");
			if (ours)
				printf("  %lu pages %s %s",
				       (end - start) / PAGE, perms,
				       strchr(line, '['));
		} else if (ours && (!strncmp(line, "Rss", 3) ||
				    !strncmp(line, "VmFlags", 7) ||
				    !strncmp(line, "Anonymous", 9))) {
			printf("  %s", line);
		}
	}
	fclose(f);
}

static void touch(volatile char *p)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	struct rusage before, after;
	uint64_t entry = 0;

	getrusage(RUSAGE_SELF, &before);
	(void)*p;
	getrusage(RUSAGE_SELF, &after);
	pread(fd, &entry, 8, (uintptr_t)p / PAGE * 8);
	printf("  faults: %ld minor, %ld major; pagemap %d\n",
	       after.ru_minflt - before.ru_minflt,
	       after.ru_majflt - before.ru_majflt, (int)(entry >> 61));
	close(fd);
}

static void parts(void)
{
	static const int all[] = {
		MADV_NORMAL,
		MADV_RANDOM,
		MADV_WILLNEED,
		MADV_DONTNEED,
		MADV_FREE,
		MADV_REMOVE,
		MADV_DONTFORK,
		MADV_DOFORK,
		MADV_MERGEABLE,
		MADV_UNMERGEABLE,
		MADV_HUGEPAGE,
		MADV_NOHUGEPAGE,
		MADV_DONTDUMP,
		MADV_DODUMP,
		MADV_WIPEONFORK,
		MADV_KEEPONFORK,
		MADV_COLD,
		MADV_PAGEOUT,
		MADV_POPULATE_READ,
		MADV_POPULATE_WRITE,
		24 /* DONTNEED_LOCKED */,
		COLLAPSE,
		102,
		103,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		printf("%d ", all[i]);
		SHOW(madvise(vvar, PAGE, all[i]));
		printf("%d ", all[i]);
		SHOW(madvise(vdso, PAGE, all[i]));
	}
	SHOW(mprotect(vvar, PAGE, PROT_READ | PROT_WRITE));
	SHOW(mprotect(vvar, PAGE, PROT_NONE));
	SHOW(mprotect(vvar, PAGE, PROT_READ));
	SHOW(mprotect(vdso + PAGE, PAGE, PROT_READ));
	SHOW(munmap(vvar, PAGE));
	SHOW(munmap(vdso + PAGE, PAGE));
	SHOW(munmap(vvar, vvar_size - PAGE));
	SHOW_OK(mmap(vvar + PAGE, PAGE, PROT_READ,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	SHOW_OK(mremap(vdso, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, MOVED));
	SHOW_OK(mremap(vdso, vdso_size, PAGE, 0));
	SHOW(syscall(462, vvar, PAGE, 0)); /* mseal */
	SHOW(syscall(462, vdso, PAGE, 0));
	show();
}

static void whole(void)
{
	touch(vvar);
	touch(vdso + vdso_size - PAGE);
	SHOW(mprotect(vvar, vvar_size, PROT_NONE));
	show();
	SHOW(mprotect(vvar, vvar_size, PROT_READ));
	touch(vvar);
	SHOW(mprotect(vvar, vvar_size, PROT_READ | PROT_EXEC));
	SHOW(mprotect(vvar, vvar_size, PROT_READ | PROT_WRITE));
	SHOW(mprotect(vdso, vdso_size, PROT_READ | PROT_WRITE));
	vdso[0] = 0x7f;
	show();
	SHOW(mprotect(vdso, vdso_size, PROT_READ | PROT_EXEC));
	SHOW(madvise(vvar, vvar_size, MADV_DONTFORK));
	SHOW(madvise(vvar, vvar_size, MADV_DOFORK));
	SHOW(madvise(vvar, vvar_size, MADV_WIPEONFORK));
	SHOW(madvise(vvar, vvar_size, MADV_KEEPONFORK));
	SHOW(madvise(vvar, vvar_size, MADV_HUGEPAGE));
	SHOW(madvise(vdso, vdso_size, MADV_DONTFORK));
	SHOW(madvise(vdso, vdso_size, MADV_WIPEONFORK));
	SHOW(madvise(vdso, vdso_size, MADV_DONTDUMP));
	SHOW(madvise(vdso, vdso_size, MADV_DODUMP));
	SHOW(madvise(vdso, vdso_size, MADV_REMOVE));
	SHOW(madvise(vdso, vdso_size, MADV_DONTNEED));
	SHOW(madvise(vdso, vdso_size, MADV_POPULATE_READ));
	SHOW(madvise(vdso, vdso_size, MADV_POPULATE_WRITE));
	show();
	SHOW(mlock(vvar, vvar_size));
	SHOW(mlock(vdso, PAGE));
	SHOW(msync(vvar, vvar_size, MS_SYNC | MS_INVALIDATE));
	show();
}

static void moves(void)
{
	SHOW_OK(mremap(vdso, vdso_size, vdso_size,
		       MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		       MOVED));
	SHOW_OK(mremap(vvar, vvar_size, vvar_size + PAGE, MREMAP_MAYMOVE));
	SHOW_OK(mremap(vdso, vdso_size, vdso_size,
		       MREMAP_MAYMOVE | MREMAP_FIXED, MOVED));
	SHOW_OK(mremap(vvar, vvar_size, vvar_size,
		       MREMAP_MAYMOVE | MREMAP_FIXED, MOVED_2));
	find();
	printf("%d %d\n", (void *)vdso == MOVED, (void *)vvar == MOVED_2);
	touch(vvar);
	SHOW(munmap(vdso, vdso_size));
	SHOW(munmap(vvar, vvar_size));
	show();
}

int main(void)
{
	find();
	if (!vvar || !vdso)
		return 0;
	show();
	parts();
	whole();
	moves();
	return 0;
}
