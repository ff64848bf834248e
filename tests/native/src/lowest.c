/*
 * lowest.c: page 0, and others below vm.mmap_min_addr: who may map them, and
 * that they are memory like any other.
 */
#define _GNU_SOURCE
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jump.h"
#include "page_size.h"
#include "show.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static volatile uintptr_t nothing; /* hides from the compiler what is NULL */

static void *map(uintptr_t addr, int flags)
{
	return mmap((void *)addr, PAGE, RW, ANON | flags, -1, 0);
}

static void hints(void)
{
	SHOW((long)map(1, 0) > 1 << 30);
	for (uintptr_t addr = 0x800; addr <= 0x20000; addr *= 2) {
		void *p = map(addr, 0);

		printf("hint %#lx: %#lx\n", (long)addr,
		       (uintptr_t)p > 1 << 30 ? 0 : (long)p);
		munmap(p, PAGE);
	}
}

static void places(void)
{
	for (uintptr_t addr = 0; addr <= 0x20000; addr += 0x8000)
		SHOW(map(addr, MAP_FIXED) == (void *)addr);
	SHOW_OK(map(0, MAP_FIXED_NOREPLACE));
	for (uintptr_t addr = 0; addr <= 0x20000; addr += 0x8000)
		SHOW(munmap((void *)addr, PAGE));
}

static void handler(int sig, siginfo_t *si, void *context)
{
	(void)context;
	printf("signal %d code %d at %p\n", sig, si->si_code, si->si_addr);
	siglongjmp(jump_back, sig);
}

static void store(uintptr_t addr, int value)
{
	if (!JUMP_HERE()) {
		*(volatile int *)(nothing + addr) = value;
		printf("at %#lx: %d\n", (long)addr,
		       *(volatile int *)(nothing + addr));
	}
}

/* Calls take it as they take any address, but for those with a use for NULL. */
static void use(void)
{
	int fd = memfd_create("zero", 0);
	char *zero = (char *)nothing;

	SHOW_OK(map(0, MAP_FIXED));
	store(0, 7);
	store(PAGE - 4, 8);
	store(PAGE, 9);
	SHOW(write(fd, zero, 4));
	SHOW(pread(fd, zero + 4, 4, 0));
	SHOW(((volatile char *)zero)[4]);
	SHOW(madvise(zero, PAGE, MADV_DONTNEED));
	SHOW(((volatile char *)zero)[0]);
	SHOW(mprotect(zero, PAGE, PROT_READ));
	store(0, 7);
	SHOW(mlock(zero, PAGE));
	SHOW(syscall(SYS_mremap, zero, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0));
	SHOW(munmap(zero, 2 * PAGE));
	store(0, 7);
	close(fd);
}

/* An empty function, executed at 0. */
static void run(void)
{
	SHOW_OK(map(0, MAP_FIXED));
	*(volatile char *)nothing = (char)0xc3; /* ret */
	SHOW(mprotect((void *)nothing, PAGE, PROT_READ | PROT_EXEC));
	((void (*)(void))nothing)();
	SHOW(munmap((void *)nothing, PAGE));
}

static void moves(void)
{
	char *p = map(0, 0);

	SHOW_OK(mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, nothing));
	p = map(0, 0);
	SHOW_OK(mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       nothing + 0x4000));
	SHOW(munmap((void *)nothing, 0x5000));
}

static void drop_privilege(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	SHOW(syscall(SYS_capget, &head, data));
	data[0].effective &= ~(1u << CAP_SYS_RAWIO);
	SHOW(syscall(SYS_capset, &head, data));
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	jump_handle(SIGSEGV, handler);
	hints();
	places();
	if (map(0, MAP_FIXED) == (void *)nothing) {
		use();
		run();
		moves();
	}
	drop_privilege();
	places();
	moves();
	return 0;
}
