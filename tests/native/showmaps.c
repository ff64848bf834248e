/*
 * showmaps.c: prints /proc/self/maps and /proc/self/auxv as they are when main
 * starts, by system calls alone, so that printing changes neither.
 *
 * tests/native/programs.sh links it in many ways; BSS, DATA and ALIGN make it
 * large or oddly aligned, BARE does without a C library and its bss.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>

#ifdef BSS
char bss[BSS];
#endif
#ifdef DATA
char data[DATA] = {1};
#endif
#ifdef ALIGN
__attribute__((aligned(ALIGN))) char aligned[64] = {1};
#endif

#define BUF 16384

static long call(long nr, long a, const void *b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

static void show(const char *path)
{
	char buf[BUF];
	long fd = call(SYS_openat, AT_FDCWD, path, O_RDONLY), n;

	while ((n = call(SYS_read, fd, buf, sizeof(buf))) > 0)
		call(SYS_write, 1, buf, n);
	call(SYS_close, fd, 0, 0);
}

static void show_auxv(void)
{
	uint64_t v[128];
	long fd = call(SYS_openat, AT_FDCWD, "/proc/self/auxv", O_RDONLY);
	long n = call(SYS_read, fd, v, sizeof(v));

	for (long i = 0; i < n / 8; i++) {
		char text[17];

		for (int k = 0; k < 16; k++)
			text[k] = "0123456789abcdef"[v[i] >> (60 - 4 * k) & 15];
		text[16] = i & 1 ? '\n' : ' ';
		call(SYS_write, 1, text, 17);
	}
	call(SYS_close, fd, 0, 0);
}

int main(void)
{
	show("/proc/self/maps");
	show_auxv();
	return 0;
}

#ifdef BARE
#ifdef BSS
#define TOUCH bss[BSS / 2] = 1
#else
#define TOUCH (void)0
#endif

void start(void)
{
	TOUCH;
	call(SYS_exit_group, main(), 0, 0);
}

__asm__(".globl _start\n"
	"_start: xor %ebp, %ebp\n"
	"call start\n");
#endif
