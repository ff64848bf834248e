/*
 * What is left of a process when it has become another program? A child of this
 * process makes a few calls, then execve, and is stopped by ptrace(2) at its
 * first instruction; the program makes the same calls, of ours. Then both are
 * asked the same: the child by calls that it is made to do.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/auxvec.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_tree.h"
#include "fake_exec.h"
#include "mdwe.h"
#include "sys_fixture.h"

#define CWD   ((uint64_t)AT_FDCWD)
#define SELF  0x5e1f5e1f5e1f5e1full /* the caller's own number */
#define ARGV  (FAKE_BASE + 0x8000)
#define ENVP  (FAKE_BASE + 0xa000)
#define WORDS (FAKE_BASE + 0xc000)
#define OUT   (FAKE_BASE + 0xe000)

struct todo {
	long nr;
	uint64_t arg[6];
};

#define STEPS_MAX 32

static struct todo steps[STEPS_MAX];
static unsigned nr_steps;
static pid_t child; /* stopped behind its execve */

static void list_at(uint64_t va, size_t n, const uint64_t *pointers)
{
	const uint64_t end = 0;

	fake_put(&cpu, va, pointers, n * sizeof(*pointers));
	fake_put(&cpu, va + n * sizeof(*pointers), &end, sizeof(end));
}

static void setup(void)
{
	sys_setup();
	chmod(scratch, 0755);
	tree_program("prog", NULL);
	call(SYS_chdir, fake_str(&cpu, VA0, scratch));
	fake_str(&cpu, WORDS, "zero");
	fake_str(&cpu, WORDS + 16, "one");
	fake_str(&cpu, WORDS + 32, "A=b");
	list_at(ARGV, 2, (const uint64_t[]){WORDS, WORDS + 16});
	list_at(ENVP, 1, (const uint64_t[]){WORDS + 32});
	nr_steps = 0;
	child = 0;
}

/* By who we were, if we are somebody else now. */
static void remove_all(void *arg)
{
	char command[100];

	(void)arg;
	snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	cr_assert_eq(system(command), 0);
}

static void teardown(void)
{
	if (machine.keeper.started)
		keeper_end(&machine.keeper, remove_all, NULL);
	if (child) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	sys_teardown();
}

TestSuite(exec_state, .init = setup, .fini = teardown);

/* ---- Both sides --------------------------------------------------------- */

static void add_step(long nr, const uint64_t arg[6])
{
	cr_assert_lt(nr_steps, STEPS_MAX);
	steps[nr_steps].nr = nr;
	memcpy(steps[nr_steps++].arg, arg, sizeof(steps[0].arg));
}

#define step(nr, ...) add_step((nr), (const uint64_t[6]){__VA_ARGS__})

static uint64_t value(uint64_t arg, pid_t self)
{
	return arg == SELF ? (uint64_t)self : arg;
}

static void map_memory(void)
{
	size_t low = FAKE_HOLE - FAKE_BASE;
	void *p =
		mmap((void *)FAKE_BASE, FAKE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	memcpy(p, cpu.mem, low);
}

static void natively(void)
{
	int status;

	child = fork();
	if (!child) {
		map_memory();
		close_range(3, ~0u, 0);
		if (chdir(scratch))
			_exit(2);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		for (unsigned i = 0; i < nr_steps; i++) {
			uint64_t a[6];

			for (unsigned k = 0; k < 6; k++)
				a[k] = value(steps[i].arg[k], getpid());
			syscall(steps[i].nr, a[0], a[1], a[2], a[3], a[4],
				a[5]);
		}
		_exit(3);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSTOPPED(status), "the child ended: %#x", status);
	cr_assert_eq(WSTOPSIG(status), SIGTRAP);
}

static void here(void)
{
	for (unsigned i = 0; i < nr_steps; i++) {
		uint64_t a[6];

		for (unsigned k = 0; k < 6; k++)
			a[k] = value(steps[i].arg[k], process.pid);
		sys_call(steps[i].nr, a);
	}
	cr_assert_eq(fake_exec.commits, 1);
}

/* The last step is an execve. */
static void both(void)
{
	natively();
	here();
}

static void run(const char *path)
{
	fake_str(&cpu, VA1, path);
	step(SYS_execve, VA1, ARGV, ENVP);
	both();
}

/* ---- Asking ------------------------------------------------------------- */

#define OUT_WORDS 8

/*
 * A call of the child's, by the syscall instruction of its program. What it
 * writes to OUT and behind it goes below the child's stack.
 */
static int64_t of_child(long nr, const uint64_t a[6], uint64_t out[OUT_WORDS])
{
	struct user_regs_struct regs;
	uint64_t arg[6], at;
	int status;

	ptrace(PTRACE_GETREGS, child, NULL, &regs);
	at = (regs.rsp & ~15ull) - 1024;
	for (int i = 0; i < OUT_WORDS; i++)
		ptrace(PTRACE_POKEDATA, child, at + 8ull * (unsigned)i, 0);
	for (int i = 0; i < 6; i++)
		arg[i] = a[i] - OUT < OUT_WORDS * 8 ? at + (a[i] - OUT)
						    : value(a[i], child);
	regs.rip = 0x40020a;
	regs.rax = (uint64_t)nr;
	regs.rdi = arg[0];
	regs.rsi = arg[1];
	regs.rdx = arg[2];
	regs.r10 = arg[3];
	ptrace(PTRACE_SETREGS, child, NULL, &regs);
	ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSTOPPED(status));
	ptrace(PTRACE_GETREGS, child, NULL, &regs);
	for (int i = 0; i < OUT_WORDS; i++)
		out[i] = (uint64_t)ptrace(PTRACE_PEEKDATA, child,
					  at + 8ull * (unsigned)i, NULL);
	return (int64_t)regs.rax;
}

static void ask(int line, long nr, const uint64_t a[6])
{
	uint64_t theirs[OUT_WORDS], own[6];
	int64_t kernel, ours;

	for (int i = 0; i < 6; i++)
		own[i] = value(a[i], process.pid);
	kernel = of_child(nr, a, theirs);
	memset(fake_at(&cpu, OUT), 0, sizeof(theirs));
	ours = sys_call(nr, own);
	cr_expect_eq(kernel, ours, "line %d: the kernel says %ld, we %ld", line,
		     kernel, ours);
	cr_expect_arr_eq(fake_at(&cpu, OUT), theirs, sizeof(theirs),
			 "line %d: the kernel writes %#lx ..., we %#lx ...",
			 line, theirs[0], *(uint64_t *)fake_at(&cpu, OUT));
}

#define same(nr, ...) ask(__LINE__, (nr), (const uint64_t[6]){__VA_ARGS__})

/* A file of the child's /proc, of n bytes. */
static size_t proc_file(const char *name, char *buf, size_t size)
{
	char path[64];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", child, name);
	f = fopen(path, "r");
	cr_assert(f);
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
	return n;
}

/* Bytes of the new program's stack. */
static const char *stack_at(uint64_t va)
{
	const struct elfload_plan *p = &fake_exec.last->plan;

	cr_assert(p->stack && va >= p->sp && va < p->stack_end);
	return (const char *)p->stack + (va - p->sp);
}

static void same_strings(void)
{
	const struct elfload_plan *p = &fake_exec.last->plan;
	char buf[4096];
	size_t n = proc_file("cmdline", buf, sizeof(buf));

	cr_assert_eq(p->arg_end - p->arg_start, n, "%lu bytes, the kernel: %zu",
		     p->arg_end - p->arg_start, n);
	cr_assert_arr_eq(stack_at(p->arg_start), buf, n);
	n = proc_file("environ", buf, sizeof(buf));
	cr_assert_eq(p->env_end - p->env_start, n);
	cr_assert(!n || !memcmp(stack_at(p->env_start), buf, n));
}

static uint64_t find_auxv(const uint64_t *auxv, uint64_t type)
{
	for (; auxv[0]; auxv += 2)
		if (auxv[0] == type)
			return auxv[1];
	return ~0ull;
}

/* What is a number, not an address; and the name. */
static void same_auxv(void)
{
	static const uint64_t types[] = {
		AT_HWCAP, AT_HWCAP2, AT_PAGESZ, AT_CLKTCK, AT_PHENT, AT_PHNUM,
		AT_FLAGS, AT_UID,    AT_EUID,	AT_GID,	   AT_EGID,  AT_SECURE,
		27,	  28,	     51,	AT_ENTRY};
	char buf[4096] __attribute__((aligned(8))), name[64];
	const uint64_t *theirs = (const uint64_t *)buf;
	uint64_t at;

	proc_file("auxv", buf, sizeof(buf));
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		cr_expect_eq(find_auxv(theirs, types[i]),
			     find_auxv(process.auxv, types[i]), "AT %lu: %#lx",
			     types[i], find_auxv(process.auxv, types[i]));
	at = find_auxv(theirs, AT_EXECFN);
	for (size_t i = 0; i < sizeof(name); i += 8) {
		long word = ptrace(PTRACE_PEEKDATA, child, (void *)(at + i), 0);

		memcpy(name + i, &word, 8);
	}
	name[sizeof(name) - 1] = '\0';
	cr_expect(!strncmp(stack_at(find_auxv(process.auxv, AT_EXECFN)), name,
			   sizeof(name) - 1));
}

static void same_names(void)
{
	char buf[256], link[64], exe[256], ours[256];
	ssize_t n;

	proc_file("comm", buf, sizeof(buf));
	buf[strcspn(buf, "\n")] = '\0';
	cr_expect_str_eq(thread.name, buf);
	snprintf(link, sizeof(link), "/proc/%d/exe", child);
	n = readlink(link, exe, sizeof(exe) - 1);
	exe[n < 0 ? 0 : n] = '\0';
	snprintf(link, sizeof(link), "/proc/self/fd/%d", process.exe_fd);
	n = readlink(link, ours, sizeof(ours) - 1);
	ours[n < 0 ? 0 : n] = '\0';
	cr_expect_str_eq(ours, exe);
}

static void same_program(void)
{
	same_strings();
	same_auxv();
	same_names();
}

static uint64_t signal_set(const char *name)
{
	char buf[4096], *at;

	proc_file("status", buf, sizeof(buf));
	at = strstr(buf, name);
	cr_assert(at);
	return strtoull(at + strlen(name), NULL, 16);
}

/* ---- What the program gets ---------------------------------------------- */

Test(exec_state, a_program_gets_its_strings)
{
	run("prog");
	same_program();
}

Test(exec_state, a_path_is_cut_to_a_name)
{
	char name[200];

	tree_program("a-name-of-more-than-fifteen-bytes", NULL);
	snprintf(name, sizeof(name), "%s/./a-name-of-more-than-fifteen-bytes",
		 scratch);
	run(name);
	same_program();
}

Test(exec_state, no_arguments_are_one)
{
	fake_str(&cpu, VA1, "prog");
	step(SYS_execve, VA1, 0, 0);
	both();
	same_program();
}

Test(exec_state, a_script_goes_before_its_arguments)
{
	tree_text("script", "#! ./prog  some argument \t\n", 0755);
	run("./script");
	same_program();
}

Test(exec_state, scripts_of_scripts_go_before_theirs)
{
	tree_text("s1", "#!prog a\n", 0755);
	tree_text("s2", "#!./s1 \n", 0755);
	tree_text("s3", "#!s2 c c\n", 0755);
	run("s3");
	same_program();
}

Test(exec_state, a_line_without_end_has_an_argument)
{
	tree_text("script", "#!prog ", 0755);
	run("script");
	same_program();
}

Test(exec_state, a_script_without_arguments_has_some)
{
	tree_text("script", "#!prog\n", 0755);
	fake_str(&cpu, VA1, "script");
	step(SYS_execve, VA1, 0, ENVP);
	both();
	same_program();
}

/* Descriptor 3 in both. */
static void run_at(const char *dir, uint64_t open_flags, const char *path,
		   uint64_t flags)
{
	fake_str(&cpu, VA2, dir);
	fake_str(&cpu, VA1, path);
	step(SYS_openat, CWD, VA2, open_flags);
	step(SYS_execveat, 3, VA1, ARGV, ENVP, flags);
	both();
	same_program();
}

Test(exec_state, a_descriptor_is_a_name)
{
	run_at(".", O_RDONLY, "prog", 0);
}

Test(exec_state, a_program_without_a_path_is_called_as_its_file)
{
	run_at("prog", O_PATH, "", AT_EMPTY_PATH);
}

Test(exec_state, a_script_without_a_path_is_a_descriptor)
{
	tree_text("script", "#!prog x\n", 0755);
	run_at("script", O_RDONLY, "", AT_EMPTY_PATH);
}

Test(exec_state, a_script_in_a_directory_is_below_it)
{
	mkdir(in_scratch("d"), 0755);
	tree_text("d/script", "#!prog x\n", 0755);
	run_at("d", O_RDONLY, "script", 0);
}

Test(exec_state, a_memfd_is_called_as_it_is)
{
	struct tree_elf t;

	tree_elf(&t, NULL);
	fake_put(&cpu, BIG, t.bytes, sizeof(t.bytes));
	fake_str(&cpu, VA2, "a/b");
	fake_str(&cpu, VA1, "");
	step(SYS_memfd_create, VA2, 0);
	step(SYS_write, 3, BIG, sizeof(t.bytes));
	step(SYS_execveat, 3, VA1, ARGV, ENVP, AT_EMPTY_PATH);
	both();
	same_program();
}

/* ---- What it keeps ------------------------------------------------------ */

Test(exec_state, descriptors_are_kept_or_closed)
{
	fake_str(&cpu, VA2, "prog");
	step(SYS_openat, CWD, VA2, O_RDONLY);
	step(SYS_openat, CWD, VA2, O_RDONLY | O_CLOEXEC);
	step(SYS_openat, CWD, VA2, O_PATH);
	step(SYS_pipe2, VA0, O_CLOEXEC);
	step(SYS_fcntl, 6, F_SETFD, 0);
	run("prog");
	for (uint64_t fd = 3; fd < 9; fd++)
		same(SYS_fcntl, fd, F_GETFD);
	cr_expect_eq(fdtable_host(&process.fds, 4), -EBADF);
}

static void set_action(int sig, uint64_t handler)
{
	static unsigned turn;
	const struct signal_action act = {
		.handler = handler,
		.flags = SA_RESTART | SA_ONSTACK | 0x04000000,
		.restorer = 0x400000,
		.mask = signal_bit(SIGTERM),
	};
	uint64_t va = WORDS + 0x100 + 64 * turn++;

	fake_put(&cpu, va, &act, sizeof(act));
	step(SYS_rt_sigaction, (uint64_t)sig, va, 0, 8);
}

static uint64_t ignored_here(void)
{
	uint64_t set = 0;

	for (int sig = 1; sig <= SIGNALS; sig++)
		if (process.signals.action[sig].handler == 1)
			set |= signal_bit(sig);
	return set;
}

Test(exec_state, signals_lose_their_handlers)
{
	uint64_t mask = signal_bit(SIGHUP) | signal_bit(SIGINT);

	set_action(SIGUSR1, 0x400000);
	set_action(SIGUSR2, 1);
	set_action(SIGCHLD, 1);
	set_action(SIGWINCH, 0);
	fake_put(&cpu, WORDS + 0x80, &mask, sizeof(mask));
	step(SYS_rt_sigprocmask, SIG_BLOCK, WORDS + 0x80, 0, 8);
	step(SYS_kill, SELF, SIGHUP);
	step(SYS_tkill, SELF, SIGINT);
	run("prog");
	cr_expect_eq(signal_set("SigIgn:"), ignored_here());
	cr_expect_eq(signal_set("SigBlk:"), thread.signals.mask);
	cr_expect_eq(signal_set("SigPnd:"), thread.signals.pending.set);
	cr_expect_eq(signal_set("ShdPnd:"), process.signals.pending.set);
	cr_expect_eq(signal_set("SigCgt:"), 0);
	for (uint64_t sig = SIGUSR1; sig <= SIGWINCH; sig++)
		if (sig != SIGSTOP)
			same(SYS_rt_sigaction, sig, 0, OUT, 8);
}

/* The action that is ignored has lost its flags and mask, too. */
Test(exec_state, an_ignored_signal_is_only_ignored)
{
	set_action(SIGUSR2, 1);
	run("prog");
	cr_expect_eq(process.signals.action[SIGUSR2].handler, 1);
	cr_expect_eq(process.signals.action[SIGUSR2].flags, 0);
	cr_expect_eq(process.signals.action[SIGUSR2].mask, 0);
	cr_expect_eq(process.signals.action[SIGUSR2].restorer, 0);
	same(SYS_rt_sigaction, SIGUSR2, 0, OUT, 8);
}

Test(exec_state, what_a_thread_registered_is_forgotten)
{
	const struct signal_stack stack = {BIG, 0, 0, 65536};

	fake_put(&cpu, WORDS + 0x80, &stack, sizeof(stack));
	step(SYS_sigaltstack, WORDS + 0x80, 0);
	step(SYS_set_robust_list, BIG, 24);
	step(SYS_set_tid_address, BIG);
	run("prog");
	same(SYS_sigaltstack, 0, OUT);
	same(SYS_get_robust_list, 0, OUT, OUT + 8);
	cr_expect_eq(thread.clear_tid, 0);
	cr_expect_eq(thread.rseq, 0);
	cr_expect_eq(thread.signals.stack.size, 0);
}

Test(exec_state, settings_of_prctl)
{
	fake_str(&cpu, VA2, "another");
	step(SYS_prctl, PR_SET_NAME, VA2);
	step(SYS_prctl, PR_SET_DUMPABLE, 0);
	step(SYS_prctl, PR_SET_PDEATHSIG, SIGUSR1);
	step(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
	step(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
	step(SYS_prctl, PR_SET_THP_DISABLE, 1);
	step(SYS_prctl, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN);
	run("prog");
	same_names();
	same(SYS_prctl, PR_GET_DUMPABLE);
	same(SYS_prctl, PR_GET_PDEATHSIG, OUT);
	same(SYS_prctl, PR_GET_NO_NEW_PRIVS);
	same(SYS_prctl, PR_GET_CHILD_SUBREAPER, OUT);
	same(SYS_prctl, PR_GET_THP_DISABLE);
	same(SYS_prctl, PR_GET_MDWE);
}

Test(exec_state, mdwe_may_not_be_for_others)
{
	step(SYS_prctl, PR_SET_MDWE,
	     PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT);
	run("prog");
	same(SYS_prctl, PR_GET_MDWE);
}

Test(exec_state, personality_is_kept_but_for_a_bit)
{
	step(SYS_personality, READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | UNAME26);
	run("prog");
	same(SYS_personality, ~0ull);
	cr_expect_eq(fake_exec.last->plan.stack_end, ELFLOAD_USER_END);
}

Test(exec_state, limits_are_kept)
{
	const struct rlimit few = {5, 7}, stack = {16 << 20, RLIM_INFINITY};

	fake_put(&cpu, WORDS + 0x80, &few, sizeof(few));
	fake_put(&cpu, WORDS + 0xa0, &stack, sizeof(stack));
	step(SYS_setrlimit, RLIMIT_CORE, WORDS + 0x80);
	step(SYS_setrlimit, RLIMIT_STACK, WORDS + 0xa0);
	run("prog");
	same(SYS_getrlimit, RLIMIT_CORE, OUT);
	same(SYS_getrlimit, RLIMIT_STACK, OUT);
}

/* ---- Who it is ---------------------------------------------------------- */

static void same_ids(void)
{
	same(SYS_getresuid, OUT, OUT + 8, OUT + 16);
	same(SYS_getuid);
	same(SYS_geteuid);
	same(SYS_setfsuid, ~0ull);
	same(SYS_setfsgid, ~0ull);
	same(SYS_prctl, PR_GET_KEEPCAPS);
	same(SYS_prctl, PR_GET_DUMPABLE);
	same(SYS_prctl, PR_GET_PDEATHSIG, OUT);
	cr_expect_eq(signal_set("CapEff:"), ({
			     struct __user_cap_header_struct h = {
				     _LINUX_CAPABILITY_VERSION_3, 0};
			     struct __user_cap_data_struct d[2] = {0};

			     syscall(SYS_capget, &h, d);
			     (uint64_t) d[1].effective << 32 | d[0].effective;
		     }));
}

Test(exec_state, capabilities_end_with_the_program)
{
	if (geteuid())
		return;
	step(SYS_prctl, PR_SET_KEEPCAPS, 1);
	step(SYS_setresgid, 65534, 65534, 65534);
	step(SYS_setresuid, 65534, 65534, 65534);
	run("prog");
	same_program();
	same_ids();
}

Test(exec_state, saved_ids_follow)
{
	if (geteuid())
		return;
	step(SYS_setresuid, 65534, 65534, 0);
	step(SYS_prctl, PR_SET_PDEATHSIG, SIGUSR1);
	run("prog");
	same_program();
	same_ids();
	/* It cannot go back. */
	same(SYS_setresuid, 0, 0, 0);
}

Test(exec_state, ids_that_differ_are_secure)
{
	const struct rlimit stack = {64 << 20, RLIM_INFINITY};

	if (geteuid())
		return;
	fake_put(&cpu, WORDS + 0xa0, &stack, sizeof(stack));
	step(SYS_setrlimit, RLIMIT_STACK, WORDS + 0xa0);
	step(SYS_prctl, PR_SET_PDEATHSIG, SIGUSR1);
	step(SYS_setresuid, 65534, 0, 0);
	run("prog");
	same_program();
	same_ids();
	same(SYS_getrlimit, RLIMIT_STACK, OUT);
	cr_expect_eq(fake_exec.last->secure, true);
}

Test(exec_state, file_system_ids_follow)
{
	if (geteuid())
		return;
	step(SYS_setfsuid, 65534);
	step(SYS_prctl, PR_SET_PDEATHSIG, SIGUSR1);
	run("prog");
	same_program();
	same_ids();
}
