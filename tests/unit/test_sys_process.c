/*
 * Who is the program, what may it do to terminals, and which calls are unknown?
 */
#include <asm/ioctls.h>
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "mdwe.h"
#include "sys_fixture.h"

TestSuite(sys_process, .init = sys_setup, .fini = sys_teardown);

static int *ints(uint64_t va)
{
	return fake_at(&cpu, va);
}

static void make_pipe(void) /* 3 reads, 4 writes */
{
	cr_assert_eq(call(SYS_pipe2, VA0, 0), 0);
}

/* ---- The process ------------------------------------------------------- */

Test(sys_process, the_program_is_who_the_vmm_is)
{
	cr_assert_eq(call(SYS_getpid), getpid());
	cr_assert_eq(call(SYS_gettid), getpid());
	cr_assert_eq(call(SYS_getppid), getppid());
	cr_assert_eq(call(SYS_getuid), getuid());
	cr_assert_eq(call(SYS_set_tid_address, VA0), getpid());
	cr_assert_eq(call(SYS_getresuid, VA0, VA0 + 4, VA0 + 8), 0);
	cr_assert_eq(ints(VA0)[2], (int)getuid());
	cr_assert_eq(call(SYS_getresuid, VA0, BAD, VA0), -EFAULT);
	cr_assert_eq(call(SYS_wait4, -1ull, 0, 0, 0), -ECHILD);
}

Test(sys_process, exit_gives_its_low_byte)
{
	call(SYS_exit_group, 0x1234);
	cr_assert(process.ending && thread.ending);
	cr_assert_eq(process.status, 0x34 << 8);
}

Test(sys_process, uname_and_sysinfo_are_the_hosts)
{
	struct utsname host;
	struct sysinfo *si = fake_at(&cpu, VA1);

	uname(&host);
	cr_assert_eq(call(SYS_uname, VA0), 0);
	cr_assert_eq(memcmp(fake_at(&cpu, VA0), &host, sizeof(host)), 0);
	cr_assert_eq(call(SYS_sysinfo, VA1), 0);
	cr_assert_gt(si->totalram, 0);
	cr_assert_eq(call(SYS_uname, BAD - 10), -EFAULT);
}

Test(sys_process, limits_are_kept_for_the_program_alone)
{
	struct rlimit *next = fake_at(&cpu, VA0), *old = fake_at(&cpu, VA1);
	struct rlimit before, after;

	getrlimit(RLIMIT_STACK, &before);
	*next = (struct rlimit){1 << 20, before.rlim_max};
	cr_assert_eq(call(SYS_prlimit64, 0, RLIMIT_STACK, VA0, VA1), 0);
	cr_assert_eq(old->rlim_cur, before.rlim_cur);
	cr_assert_eq(call(SYS_getrlimit, RLIMIT_STACK, VA1), 0);
	cr_assert_eq(old->rlim_cur, 1 << 20);
	getrlimit(RLIMIT_STACK, &after);
	cr_assert_eq(after.rlim_cur, before.rlim_cur);
	*next = (struct rlimit){0, 0};
	cr_assert_eq(call(SYS_setrlimit, RLIMIT_CORE, VA0), 0);
	*next = (struct rlimit){0, 1};
	cr_assert_eq(call(SYS_setrlimit, RLIMIT_CORE, VA0), -EPERM);
	cr_assert_eq(call(SYS_prlimit64, 0, 16, 0, VA1), -EINVAL);
	cr_assert_eq(call(SYS_prlimit64, 1, RLIMIT_CORE, 0, VA1), -ESRCH);
	cr_assert_eq(call(SYS_getrlimit, RLIMIT_STACK, BAD), -EFAULT);
}

Test(sys_process, arch_prctl_sets_the_bases)
{
	cr_assert_eq(call(SYS_arch_prctl, ARCH_SET_FS, 0x1234000), 0);
	cr_assert_eq(call(SYS_arch_prctl, ARCH_SET_GS, 0x5678000), 0);
	cr_assert_eq(cpu.fs_base, 0x1234000);
	cr_assert_eq(cpu.gs_base, 0x5678000);
	cr_assert_eq(call(SYS_arch_prctl, ARCH_GET_FS, VA0), 0);
	cr_assert_eq(*(uint64_t *)fake_at(&cpu, VA0), 0x1234000);
	cr_assert_eq(call(SYS_arch_prctl, ARCH_GET_GS, BAD), -EFAULT);
	cr_assert_eq(call(SYS_arch_prctl, ARCH_SET_FS, 1ull << 63), -EPERM);
	cr_assert_eq(call(SYS_arch_prctl, 0x3001, VA0), -EINVAL);
	cr_assert_eq(cpu.fs_base, 0x1234000);
}

/* A C library answers sched_getcpu(3) from what is registered. */
Test(sys_process, rseq_names_a_processor_that_the_program_may_use)
{
	uint32_t *area = fake_at(&cpu, VA0);
	cpu_set_t was, *one = fake_at(&cpu, VA1);
	int last = CPU_SETSIZE - 1;

	sched_getaffinity(0, sizeof(was), &was);
	while (!CPU_ISSET(last, &was))
		last--;
	cr_assert_eq(call(SYS_rseq, VA0, 32, 0, 1), 0);
	CPU_ZERO(one);
	CPU_SET(last, one);
	cr_assert_eq(call(SYS_sched_setaffinity, 0, sizeof(*one), VA1), 0);
	cr_assert_eq(area[0], last);
	cr_assert_eq(area[1], last);
	cr_assert_eq(call(SYS_rseq, VA0, 32, 1, 1), 0);
	cr_assert_eq(area[0], 0);
	cr_assert_eq(call(SYS_rseq, VA0, 32, 0, 1), 0);
	cr_assert_eq(area[1], last);
}

Test(sys_process, rseq_is_registered_once)
{
	uint32_t *area = fake_at(&cpu, VA0);
	const uint64_t sig = 0x53053053;

	memset(area, 0xff, 32);
	cr_assert_eq(call(SYS_rseq, VA0, 16, 0, sig), -EINVAL);
	cr_assert_eq(call(SYS_rseq, VA0 + 8, 32, 0, sig), -EINVAL);
	cr_assert_eq(call(SYS_rseq, VA0, 32, 2, sig), -EINVAL);
	cr_assert_eq(call(SYS_rseq, BAD, 32, 0, sig), -EFAULT);
	cr_assert_eq(call(SYS_rseq, VA0, 32, 1, sig), -EINVAL);
	cr_assert_eq(call(SYS_rseq, VA0, 32, 0, sig), 0);
	cr_assert_eq(area[0], 0);
	cr_assert_eq(area[1], 0);
	cr_assert_eq(call(SYS_rseq, VA0, 32, 0, sig), -EBUSY);
	cr_assert_eq(call(SYS_rseq, VA0, 32, 0, 1), -EPERM);
	cr_assert_eq(call(SYS_rseq, VA1, 32, 0, sig), -EINVAL);
	cr_assert_eq(call(SYS_rseq, VA0, 32, 1, 1), -EPERM);
	cr_assert_eq(call(SYS_rseq, VA0, 32, 1, sig), 0);
	cr_assert_eq(area[1], 0xffffffff);
	cr_assert_eq(call(SYS_rseq, VA0, 32, 0, sig), 0);
}

Test(sys_process, the_robust_list_is_remembered)
{
	cr_assert_eq(call(SYS_set_robust_list, 0xabc, 24), 0);
	cr_assert_eq(call(SYS_set_robust_list, 0xabc, 23), -EINVAL);
	cr_assert_eq(call(SYS_get_robust_list, 0, VA0, VA1), 0);
	cr_assert_eq(*(uint64_t *)fake_at(&cpu, VA0), 0xabc);
	cr_assert_eq(*(uint64_t *)fake_at(&cpu, VA1), 24);
}

Test(sys_process, prctl_keeps_the_name)
{
	cr_assert_eq(call(SYS_prctl, PR_GET_NAME, VA1), 0);
	cr_assert_str_eq(fake_at(&cpu, VA1), "true");
	fake_str(&cpu, VA0, "a name of more than sixteen");
	cr_assert_eq(call(SYS_prctl, PR_SET_NAME, VA0), 0);
	cr_assert_eq(call(SYS_prctl, PR_GET_NAME, VA1), 0);
	cr_assert_str_eq(fake_at(&cpu, VA1), "a name of more ");
	cr_assert_eq(call(SYS_prctl, PR_GET_NAME, BAD), -EFAULT);
	cr_assert_eq(call(SYS_prctl, PR_SET_SECCOMP, 1), -EINVAL);
	fake_str(&cpu, BAD - 3, "ab"); /* short, at the end of memory */
	cr_assert_eq(call(SYS_prctl, PR_SET_NAME, BAD - 3), 0);
}

Test(sys_process, affinity_is_cut_to_what_fits)
{
	int64_t n = call(SYS_sched_getaffinity, 0, 128, VA0);

	cr_assert_gt(n, 0);
	cr_assert_eq(n % 8, 0);
	cr_assert_neq(*(uint8_t *)fake_at(&cpu, VA0), 0);
	cr_assert_eq(call(SYS_sched_getaffinity, 0, 3, VA0), -EINVAL);
	cr_assert_eq(call(SYS_sched_getaffinity, 0, 128, BAD), -EFAULT);
}

Test(sys_process, terminal_requests_on_a_pipe_are_enotty)
{
	make_pipe();
	cr_assert_eq(call(SYS_ioctl, 3, TCGETS, VA0), -ENOTTY);
	cr_assert_eq(call(SYS_ioctl, 99, TCGETS, VA0), -EBADF);
	cr_assert_eq(call(SYS_ioctl, 3, 0xdeadbeef, VA0), -ENOTTY);
	call(SYS_write, 4, VA1, 3);
	cr_assert_eq(call(SYS_ioctl, 3, FIONREAD, VA0), 0);
	cr_assert_eq(*ints(VA0), 3);
	cr_assert_eq(call(SYS_ioctl, 3, FIONREAD, BAD), -EFAULT);
	cr_assert_eq(call(SYS_ioctl, 3, FIOCLEX), 0);
	cr_assert_eq(call(SYS_fcntl, 3, F_GETFD), FD_CLOEXEC);
}

Test(sys_process, terminal_requests_work_on_a_terminal)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	unsigned short *size = fake_at(&cpu, VA0);

	cr_assert_geq(master, 0);
	sys_end();
	dup2(master, 0);
	sys_begin(&(struct machine_config){0});
	size[0] = 24;
	size[1] = 80;
	cr_assert_eq(call(SYS_ioctl, 0, TIOCSWINSZ, VA0), 0);
	size[0] = size[1] = 0;
	cr_assert_eq(call(SYS_ioctl, 0, TIOCGWINSZ, VA0), 0);
	cr_assert_eq(size[1], 80);
	cr_assert_eq(call(SYS_ioctl, 0, TCGETS, VA0), 0);
	cr_assert_eq(call(SYS_ioctl, 0, TCSETSW, VA0), 0);
	cr_assert_eq(call(SYS_ioctl, 0, TCSETS, BAD), -EFAULT);
	cr_assert_eq(call(SYS_ioctl, 0, TIOCSTI, VA0), -ENOTTY,
		     "nothing is typed for others");
	close(master);
}

/* ---- The table --------------------------------------------------------- */

Test(sys_process, unknown_calls_are_enosys)
{
	const long nr[] = {SYS_ptrace, SYS_process_vm_writev,
			   SYS_msgget, SYS_io_uring_setup,
			   SYS_bpf,    SYS_userfaultfd,
			   335,	       511,
			   512,	       1 << 20,
			   -1};

	for (size_t i = 0; i < sizeof(nr) / sizeof(nr[0]); i++)
		cr_assert_eq(call(nr[i]), -ENOSYS, "%ld", nr[i]);
	cr_assert_eq(call(0x40000000 | SYS_getpid), -ENOSYS, "x32");
}

Test(sys_process, mdwe_is_set_once_and_told_to_the_guest)
{
	cr_assert_eq(call(SYS_prctl, PR_GET_MDWE), 0);
	cr_assert_eq(call(SYS_prctl, PR_SET_MDWE, PR_MDWE_NO_INHERIT), -EINVAL);
	cr_assert_eq(call(SYS_prctl, PR_SET_MDWE, 4), -EINVAL);
	cr_assert_eq(call(SYS_prctl, PR_SET_MDWE, 1, 0, 1), -EINVAL);
	cr_assert_eq(cpu.limits.mdwe, 0);
	cr_assert_eq(call(SYS_prctl, PR_SET_MDWE, 3), 0);
	cr_assert_eq(cpu.limits.mdwe, 1);
	cr_assert_eq(call(SYS_prctl, PR_SET_MDWE, 3), 0);
	cr_assert_eq(call(SYS_prctl, PR_SET_MDWE, 1), -EPERM);
	cr_assert_eq(call(SYS_prctl, PR_SET_MDWE, 0), -EPERM);
	cr_assert_eq(call(SYS_prctl, PR_GET_MDWE), 3);
	cr_assert_eq(call(SYS_prctl, PR_GET_MDWE, 1), -EINVAL);
}

Test(sys_process, memory_calls_never_come_here)
{
	const long nr[] = {SYS_mmap,   SYS_munmap,  SYS_mprotect, SYS_brk,
			   SYS_mremap, SYS_madvise, SYS_mincore,  SYS_mlock,
			   SYS_msync,  SYS_shmat};

	for (size_t i = 0; i < sizeof(nr) / sizeof(nr[0]); i++)
		cr_assert_eq(call(nr[i], VA0, 4096), -ENOSYS, "%ld", nr[i]);
}

Test(sys_process, an_unknown_call_is_named_once)
{
	int p[2];
	char text[512] = "";

	sys_end();
	sys_begin(&(struct machine_config){0});
	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	dup2(p[1], 2);
	close(p[1]);
	call(SYS_ptrace);
	call(SYS_ptrace);
	call(1 << 20);
	close(2);
	cr_assert_gt(read(p[0], text, sizeof(text) - 1), 0);
	cr_assert_str_eq(text, "vmm: system call ptrace (101) is not "
			       "supported: the program got ENOSYS\n");
}
