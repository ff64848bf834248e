/*
 * syscalls.c: the instruction SYSCALL itself: which bits of rax count, what
 * becomes of the flags; and the three calls at fixed addresses that it
 * replaced, in [vsyscall].
 */
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "jump.h"
#include "show.h"

#define FLAG_AC 0x40000l
#define FLAG_DF 0x400l
#define FLAG_CF 1l

static long raw(long nr)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(-1l), "S"(0), "d"(0)
			 : "rcx", "r11", "memory");
	return ret;
}

/* The upper half of rax is nothing, and the lower is signed. */
static void numbers(void)
{
	SHOW(raw(SYS_close));
	SHOW(raw(SYS_close | 1l << 32));
	SHOW(raw(SYS_munmap | -1l << 32));
	SHOW(raw(SYS_close | 1l << 30));
	SHOW(raw(-1l));
	SHOW(raw(0xffffffffl));
	SHOW(raw(-5000l));
	SHOW(raw(1000000l));
}

/* r11 and the flags after a call made with `set` in them. */
static void flags_kept(long set)
{
	long after, r11;

	__asm__ volatile("pushf; pop %%rax; or %2, %%rax; push %%rax; popf;"
			 "mov %3, %%eax; syscall; pushf; mov %%r11, %1;"
			 "pop %0; push $2; popf"
			 : "=&r"(after), "=&r"(r11)
			 : "r"(set), "i"(SYS_getpid)
			 : "rax", "rcx", "r11", "memory", "cc");
	printf("flags %#lx: after %#lx, r11 the same: %d\n", set, after & set,
	       r11 == after);
}

static long where, address, code;

static void on_fault(int sig, siginfo_t *si, void *arg)
{
	where = ((ucontext_t *)arg)->uc_mcontext.gregs[REG_RIP];
	address = (long)si->si_addr;
	code = si->si_code;
	siglongjmp(jump_back, sig);
}

static long jump(long target, void *a, void *b)
{
	long ret = target;

	__asm__ volatile("call *%%rax"
			 : "+a"(ret)
			 : "D"(a), "S"(b), "d"(0)
			 : "rcx", "r11", "memory");
	return ret;
}

static void attempt(long target, void *a, void *b)
{
	if (JUMP_HERE()) {
		printf("%#lx: SIGSEGV at %#lx for %#lx, code %#lx\n", target,
		       where, address, code);
		return;
	}
	printf("%#lx: %ld\n", target, jump(target, a, b) > 0);
}

#define VSYSCALL 0xffffffffff600000l

static void fixed_addresses(void)
{
	struct timeval tv = {0}, now;
	struct timezone zone = {-1, -1};
	long t = 0, before = syscall(SYS_time, NULL);
	unsigned cpu = 4711, node = 4711;

	jump_handle(SIGSEGV, on_fault);
	SHOW(jump(VSYSCALL, &tv, &zone));
	gettimeofday(&now, NULL);
	SHOW(tv.tv_sec >= before && tv.tv_sec <= now.tv_sec);
	SHOW(zone.tz_minuteswest);
	SHOW(jump(VSYSCALL, NULL, NULL));
	SHOW(jump(VSYSCALL + 0x400, &t, NULL) == t && t >= before);
	SHOW(jump(VSYSCALL + 0x800, &cpu, &node));
	SHOW(cpu < 4096 && node == 0);
	attempt(VSYSCALL + 0x400, NULL, NULL);
	attempt(VSYSCALL + 1, NULL, NULL);
	attempt(VSYSCALL + 0xc00, NULL, NULL);
	attempt(VSYSCALL + 0x1000, NULL, NULL);
	attempt(VSYSCALL, (void *)0x10, NULL);
	if (!JUMP_HERE())
		t = *(volatile long *)VSYSCALL;
	printf("reading: SIGSEGV for %#lx, code %#lx\n", address, code);
}

int main(void)
{
	numbers();
	flags_kept(FLAG_CF);
	flags_kept(FLAG_DF);
	flags_kept(FLAG_AC);
	flags_kept(FLAG_AC | FLAG_DF | FLAG_CF);
	fixed_addresses();
	return 0;
}
