/*
 * setmm.c: prctl(PR_SET_MM): a program says where its parts are, and /proc of
 * it believes that. Numbers are printed from a base, since they move.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "show.h"

#ifndef PR_SET_MM
#define PR_SET_MM 35
#endif
enum {
	START_CODE = 1,
	END_CODE,
	START_DATA,
	END_DATA,
	START_STACK,
	START_BRK,
	BRK,
	ARG_START,
	ARG_END,
	ENV_START,
	ENV_END,
	AUXV,
	EXE_FILE,
	MAP,
	MAP_SIZE
};

static struct {
	uint64_t field[11], auxv;
	uint32_t auxv_size, exe_fd;
} map;

static char *base;
static char text[8192];

static void set(int what, unsigned long at, unsigned long arg4)
{
	printf("%d: ", what);
	SHOW(prctl(PR_SET_MM, what, at, arg4, 0));
}

static long read_file(const char *name)
{
	int fd = open(name, O_RDONLY);
	long n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = 0;
	return n;
}

/* Fields 26, 27, 28 and 45 to 51 of stat, as far as they are in `base`. */
static void show(void)
{
	char *p;
	long n = read_file("/proc/self/stat");

	p = n > 0 ? strrchr(text, ')') : text;
	for (int i = 2; *p && i < 52; i++) {
		unsigned long v =
			strtoul(p + 1, NULL, 10) - (unsigned long)base;

		if ((i == 26 || i == 27 || i == 28 || i >= 45) && v < 1ul << 20)
			printf("  field %d: %#lx\n", i, v);
		p = strchr(p + 1, ' ');
		if (!p)
			break;
	}
	n = read_file("/proc/self/cmdline");
	printf("  cmdline %ld ", n);
	if (n < 100)
		fwrite(text, 1, n, stdout);
	n = read_file("/proc/self/environ");
	printf("\n  environ %ld\n", n < 100 ? n : -1);
	fflush(stdout);
}

static void one_by_one(void)
{
	unsigned long at = (unsigned long)base;

	strcpy(base + 100, "new");
	strcpy(base + 104, "name");
	strcpy(base + 200, "A=1");
	for (int i = 0; i <= 18; i++) {
		set(i, 0, 0);
		set(i, 16, 0);
		set(i, 1ul << 63, 0);
		set(i, at, 5);
		if (i < AUXV)
			set(i, 0x7ffffffff000 - 1, 0);
	}
	show();
	set(ARG_START, at + 100, 0); /* above the end? */
	set(ARG_END, at + 109, 0);
	set(ARG_START, at + 100, 0);
	set(ENV_START, at + 200, 0);
	set(ENV_END, at + 204, 0);
	set(ENV_START, at + 200, 0);
	show();
	base[108] = 'x';
	show();
	SHOW(prctl(PR_SET_MM, ARG_END, at, 0, 1));
	set(START_CODE, at, 0);
	set(END_CODE, at + 0x1000, 0);
	set(START_CODE, at, 0);
	set(START_STACK, at + 0x2000, 0);
	show();
}

static void auxiliary(void)
{
	uint64_t v[60] = {6, 4096, 33, 77};

	SHOW(read_file("/proc/self/auxv") > 100);
	set(AUXV, (unsigned long)v, 32);
	SHOW(read_file("/proc/self/auxv"));
	SHOW(((uint64_t *)text)[3]);
	for (int i = 0; i < 60; i++)
		v[i] = 5;
	set(AUXV, (unsigned long)v, 4096);
	SHOW(read_file("/proc/self/auxv"));
	set(AUXV, 16, 32);
	set(AUXV, 16, 0);
	SHOW(read_file("/proc/self/auxv"));
}

static void at_once(void)
{
	uint64_t at = (uint64_t)base, v[4] = {9, 1};
	unsigned size = 0;
	uint64_t brk = (uint64_t)sbrk(0);

	SHOW(prctl(PR_SET_MM, MAP_SIZE, &size, 0, 0));
	SHOW(size);
	SHOW(prctl(PR_SET_MM, MAP_SIZE, 16, 0, 0));
	map.exe_fd = -1;
	for (int i = 0; i < 11; i++)
		map.field[i] = at + i * 16;
	map.field[4] = map.field[5] = brk;
	SHOW(prctl(PR_SET_MM, MAP, &map, 100, 0));
	SHOW(prctl(PR_SET_MM, MAP, 16, sizeof(map), 0));
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 1));
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 0));
	show();
	map.auxv_size = 32;
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 0));
	map.auxv = 16;
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 0));
	map.auxv = (uint64_t)v;
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 0));
	SHOW(read_file("/proc/self/auxv"));
	map.auxv = at;
	map.auxv_size = 4096;
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 0));
	SHOW(read_file("/proc/self/auxv"));
	map.auxv_size = 0;
	map.exe_fd = 99;
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 0));
	map.exe_fd = open("/", O_RDONLY);
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 0));
	map.exe_fd = open("/proc/self/exe", O_RDONLY);
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 0));
	set(EXE_FILE, 99, 0);
	set(EXE_FILE, map.exe_fd, 0);
	map.exe_fd = -1;
	map.field[1] = map.field[0];
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 0));
	map.field[1]++;
	map.field[10] = map.field[9] - 1;
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 0));
	map.field[10] = map.field[9];
	map.field[7] = 4096;
	SHOW(prctl(PR_SET_MM, MAP, &map, sizeof(map), 0));
	SHOW((uint64_t)sbrk(4096) == brk);
}

static void limits(void)
{
	struct rlimit limit = {1 << 20, 1 << 20};

	setrlimit(RLIMIT_DATA, &limit);
	set(END_DATA, (unsigned long)base + (2 << 20), 0);
	set(END_DATA, (unsigned long)base + (1 << 19), 0);
}

int main(void)
{
	base = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	one_by_one();
	auxiliary();
	at_once();
	limits();
	return 0;
}
