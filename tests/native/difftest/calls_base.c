/*
 * calls_base.c: what a C library would be for, and the probes.
 *
 * A probe is one instruction at the start of a function that has pushed
 * nothing: whatever faults there, the handler returns for it.
 */
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>

#include "calls.h"

void calls_main(long *stack);

/* clang-format off */
__asm__(".globl _start\n"
	"_start: xor %ebp, %ebp; mov %rsp, %rdi; and $-16, %rsp\n"
	"	call calls_main\n"
	".globl probe_load, probe_store, probe_exec, probe_end\n"
	"probe_load: movzbl (%rdi), %eax; ret\n"
	"probe_store: movb %sil, (%rdi); xor %eax, %eax; ret\n"
	"probe_exec: xor %eax, %eax; jmp *%rdi\n"
	"probe_end:\n"
	"probe_return: mov $15, %eax; syscall\n");
/* clang-format on */
extern char probe_end[], probe_return[];

u64 fault_digest, fault_error;

void *memcpy(void *to, const void *from, size_t n)
{
	void *ret = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n)::"memory");
	return ret;
}

void *memset(void *to, int byte, size_t n)
{
	void *ret = to;

	__asm__ volatile("rep stosb"
			 : "+D"(to), "+c"(n)
			 : "a"(byte)
			 : "memory");
	return ret;
}

long sys(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	register u64 r10 __asm__("r10") = d;
	register u64 r8 __asm__("r8") = e;
	register u64 r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "+a"(nr)
			 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return nr;
}

/* ---- Text ---------------------------------------------------------------- */

static char text[8192];
static size_t text_len;

void say_flush(void)
{
	size_t done = 0;

	while (done < text_len) {
		long n = SYS(__NR_write, 1, text + done, text_len - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	text_len = 0;
}

void say(const char *s)
{
	for (; *s; s++) {
		if (text_len == sizeof(text))
			say_flush();
		text[text_len++] = *s;
	}
}

static void say_digits(u64 n, unsigned base)
{
	char digits[24], *p = digits + sizeof(digits);

	*--p = 0;
	do
		*--p = "0123456789abcdef"[n % base];
	while (n /= base);
	say(p);
}

void say_hex(u64 n)
{
	if (n > 9)
		say("0x");
	say_digits(n, 16);
}

void say_number(long n)
{
	if (n < 0)
		say("-");
	say_digits(n < 0 ? -(u64)n : (u64)n, 10);
}

_Noreturn void die(const char *why)
{
	say("calls: ");
	say(why);
	say("\n");
	say_flush();
	for (;;)
		SYS(__NR_exit_group, 3, 0, 0);
}

/* ---- Chance: splitmix64 -------------------------------------------------- */

static u64 state;

void chance_start(u64 seed)
{
	state = seed;
	state = chance(~0ul); /* else the next seed is a step ahead of this */
}

u64 chance(u64 below)
{
	u64 z = state += 0x9e3779b97f4a7c15ul;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;
	z = (z ^ z >> 27) * 0x94d049bb133111ebul;
	return (z ^ z >> 31) % below;
}

/* ---- Probes -------------------------------------------------------------- */

static void on_fault(int sig, siginfo_t *si, struct ucontext *uc)
{
	u64 ip = uc->uc_mcontext.rip, top = uc->uc_mcontext.rsp;

	fault_digest = hash(hash(1, (u64)si->si_addr), uc->uc_mcontext.cr2);
	fault_digest = hash(fault_digest, uc->uc_mcontext.trapno);
	fault_error = uc->uc_mcontext.err;
	if (ip != (u64)si->si_addr &&
	    (ip < (u64)probe_load || ip >= (u64)probe_end))
		die("a fault in the tester itself");
	uc->uc_mcontext.rax = PROBE_FAULT | (u64)sig << 8 | (u64)si->si_code;
	uc->uc_mcontext.rip = *(u64 *)top;
	uc->uc_mcontext.rsp = top + 8;
}

void probe_start(void)
{
	struct {
		u64 handler, flags, restorer, mask;
	} act = {(u64)on_fault, SA_SIGINFO | 0x04000000, (u64)probe_return, 0};

	sys(__NR_rt_sigaction, SIGSEGV, (u64)&act, 0, 8, 0, 0);
	sys(__NR_rt_sigaction, SIGBUS, (u64)&act, 0, 8, 0, 0);
}
