/* readexec.c: personality(READ_IMPLIES_EXEC): what may be read may be executed.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#include "page_size.h"
#include "show.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static void show_rights(const char *what, const void *p)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char line[512], rights[5];

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) == 3 &&
		    start <= (uintptr_t)p && (uintptr_t)p < end)
			printf("%s: %s\n", what, rights);
	fclose(f);
}

static char *map(int prot)
{
	return mmap(NULL, PAGE, prot, ANON, -1, 0);
}

static void show_new(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char *p = map(PROT_READ | PROT_WRITE);

	show_rights("read, write", p);
	show_rights("read", map(PROT_READ));
	show_rights("write", map(PROT_WRITE));
	show_rights("nothing", map(PROT_NONE));
	show_rights("file", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
	SHOW(mprotect(p, PAGE, PROT_READ));
	show_rights("only read", p);
	SHOW(mprotect(p, PAGE, PROT_WRITE));
	show_rights("only written", p);
	p = sbrk(0);
	sbrk(2 * PAGE);
	show_rights("heap", p + PAGE);
	close(fd);
}

int main(void)
{
	char *old = map(PROT_READ | PROT_WRITE);

	setvbuf(stdout, NULL, _IONBF, 0);
	SHOW(personality(0xffffffff) & READ_IMPLIES_EXEC);
	show_new();
	SHOW(personality(READ_IMPLIES_EXEC) & READ_IMPLIES_EXEC);
	SHOW(personality(0xffffffff));
	show_rights("old", old);
	show_new();
	SHOW(mprotect(old, PAGE, PROT_READ | PROT_WRITE));
	show_rights("old", old);
	old[0] = (char)0xc3; /* ret */
	((void (*)(void))old)();
	SHOW(personality(0));
	show_new();
	return 0;
}
