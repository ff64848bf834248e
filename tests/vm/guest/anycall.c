/*
 * anycall.c: system calls that mean nothing: any number, any arguments. Nobody
 * is to be hurt by them: neither the program, but by the signals that they
 * raise in it, nor vmm.
 *
 * anycall CALLS SEED: prints "survived" at the end. Left out are calls that
 * wait, that end the program or take its memory away, kill, and fallocate,
 * which would give a memfd all memory of the host.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jump.h"
#include "page_size.h"

#define CALLS_MAX 480ul

static const uint16_t left_out[] = {
	SYS_exit,
	SYS_exit_group,
	SYS_kill,
	SYS_tkill,
	SYS_tgkill,
	SYS_rt_sigreturn,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_sigaltstack,
	SYS_arch_prctl,
	SYS_mmap,
	SYS_munmap,
	SYS_mprotect,
	SYS_mremap,
	SYS_brk,
	SYS_madvise,
	SYS_process_madvise,
	SYS_remap_file_pages,
	SYS_pause,
	SYS_rt_sigsuspend,
	SYS_rt_sigtimedwait,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_poll,
	SYS_ppoll,
	SYS_select,
	SYS_pselect6,
	SYS_epoll_wait,
	SYS_epoll_pwait,
	SYS_futex,
	SYS_fallocate,
	SYS_flock,
	SYS_fcntl,
	SYS_sync,
	SYS_syncfs,
	SYS_setrlimit,
	SYS_prlimit64,
	SYS_close,
	SYS_close_range,
	SYS_dup2,
	SYS_dup3,
	SYS_execve,
	SYS_execveat,
	SYS_fork,
	SYS_vfork,
	SYS_clone,
	SYS_clone3,
	442 /* mount_setattr */,
	462 /* mseal */,
};

static const char *const paths[] = {
	"/proc/self/maps",
	"/proc/self/smaps",
	"/proc/self/pagemap",
	"/proc/self/fd",
	"/proc/self/exe",
	"/proc/meminfo",
	"/etc/passwd",
	"/nonexistent/x",
	"/dev/zero",
	"/dev/null",
	"/tmp/d/..//x",
	"/tmp",
	".",
	"/",
	"",
};

static uint64_t state;
static char *room, *read_only, *edge; /* of edge, the next page is not there */

static uint64_t number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t argument(void)
{
	switch (number() % 14) {
	case 0:
		return 0;
	case 1:
	case 2:
		return number() % 12; /* a descriptor, an option */
	case 3:
		return (uint64_t)-1 - number() % 5;
	case 4:
		return number();
	case 5:
		return 1ull << number() % 64;
	case 6:
		return number() % PAGE;
	case 7:
	case 8:
		return (uintptr_t)room + number() % 64 * 8;
	case 9:
		return (uintptr_t)edge + PAGE - number() % 64;
	case 10:
		return (uintptr_t)read_only + number() % PAGE;
	case 11:
		return (uintptr_t)
			paths[number() % (sizeof(paths) / sizeof(paths[0]))];
	case 12:
		return 0xffff800000000000ull + number() % 99999;
	default:
		return 0x7ffffffff000ull - number() % 9000;
	}
}

static int is_left_out(uint64_t nr)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (left_out[i] == nr)
			return 1;
	return 0;
}

static void prepare(void)
{
	static char stack[65536];
	const stack_t alt = {.ss_sp = stack, .ss_size = sizeof(stack)};
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	int fds[2];

	room = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
	read_only = mmap(NULL, PAGE, PROT_READ, flags, -1, 0);
	edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
	munmap(edge + PAGE, PAGE);
	sigaltstack(&alt, NULL);
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			jump_catch(sig);
	/* Something behind the first few descriptors. */
	if (pipe2(fds, O_NONBLOCK) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) < 0)
		exit(2);
	for (size_t i = 0; i < 4; i++)
		open(paths[i], O_RDONLY);
	memfd_create("m", MFD_ALLOW_SEALING);
}

static void make(uint64_t nr, const uint64_t arg[6])
{
	if (!JUMP_HERE())
		syscall((long)nr, arg[0], arg[1], arg[2], arg[3], arg[4],
			arg[5]);
}

static void one_call(void)
{
	uint64_t nr = number() % CALLS_MAX, arg[6];

	if (is_left_out(nr))
		return;
	for (size_t i = 0; i < 64; i++)
		if (number() % 2)
			((volatile uint64_t *)room)[i] =
				number() % 3 ? argument() : number() % 40;
	for (size_t i = 0; i < 6; i++)
		arg[i] = argument();
	if (nr == SYS_ioctl && number() % 2)
		arg[1] = 0x5400 + number() % 0x60; /* terminals, FION* */
	make(nr, arg);
}

int main(int argc, char **argv)
{
	static const char text[] = "survived\n";
	volatile unsigned long calls;

	if (argc != 3)
		return 2;
	calls = strtoul(argv[1], NULL, 0);
	state = strtoul(argv[2], NULL, 0) * 2654435761u + 1;
	prepare();
	while (calls--)
		one_call();
	/* Whatever became of standard output. */
	syscall(SYS_write, 2, text, sizeof(text) - 1);
	_exit(0);
}
