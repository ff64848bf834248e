/*
 * showmaps.c: prints /proc/self/maps and /proc/self/auxv as they are when main
 * starts, by system calls alone, so that printing changes neither.
 *
 * tests/native/maps.sh links it in many ways; BSS, DATA and ALIGN make it large
 * or oddly aligned.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef BSS
char bss[BSS];
#endif
#ifdef DATA
char data[DATA] = {1};
#endif
#ifdef ALIGN
__attribute__((aligned(ALIGN))) char aligned[64] = {1};
#endif

static char buf[65536];

static void show(const char *path)
{
	long fd = syscall(SYS_open, path, O_RDONLY), n;

	while ((n = syscall(SYS_read, fd, buf, sizeof(buf))) > 0)
		syscall(SYS_write, 1, buf, n);
	syscall(SYS_close, fd);
}

static void show_auxv(void)
{
	uint64_t v[128];
	long fd = syscall(SYS_open, "/proc/self/auxv", O_RDONLY);
	long n = syscall(SYS_read, fd, v, sizeof(v));

	for (long i = 0; i < n / 8; i++) {
		char text[17];

		for (int k = 0; k < 16; k++)
			text[k] = "0123456789abcdef"[v[i] >> (60 - 4 * k) & 15];
		text[16] = i & 1 ? '\n' : ' ';
		syscall(SYS_write, 1, text, 17);
	}
	syscall(SYS_close, fd);
}

int main(void)
{
	show("/proc/self/maps");
	show_auxv();
	return 0;
}
