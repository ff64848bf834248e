/*
 * What does execve say, and when? Each call is made twice: by a child of this
 * process, of the kernel itself, and as the program's, with the same bytes at
 * the same addresses, in the same directory. Both must run the program, end the
 * caller by the same signal, or give the same errno.
 *
 * FAKE_BASE               FAKE_HOLE              FAKE_END
 *  | strings and lists ... |   no page, then more  |
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_tree.h"
#include "fake_exec.h"
#include "sys_fixture.h"

#define CWD    ((uint64_t)AT_FDCWD)
#define CHECK  0x10000ull /* AT_EXECVE_CHECK */
#define KILLED 1000	  /* + signal */

static bool has_check; /* this kernel has AT_EXECVE_CHECK */

static void setup(void)
{
	static const char *const dirs[] = {"d"};

	sys_setup();
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		mkdir(in_scratch(dirs[i]), 0755);
	chmod(scratch, 0755);
	tree_program("prog", NULL);
	call(SYS_chdir, fake_str(&cpu, VA0, scratch));
	has_check = execveat(AT_FDCWD, "/dev/null", (char *[]){"", NULL},
			     (char *[]){NULL}, CHECK) < 0 &&
		    errno != EINVAL;
}

TestSuite(sys_exec, .init = setup, .fini = sys_teardown);

/* ---- Both sides --------------------------------------------------------- */

/* The program's memory, in this process: the same addresses. */
static void map_memory(void)
{
	size_t low = FAKE_HOLE - FAKE_BASE;
	void *p =
		mmap((void *)FAKE_BASE, FAKE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED)
		_exit(199);
	memcpy(p, cpu.mem, low);
	memcpy((char *)p + low + 4096, cpu.mem + low + 4096,
	       FAKE_SIZE - low - 4096);
	munmap((char *)p + low, 4096);
}

/* And its descriptors. */
static void take_descriptors(void)
{
	int host[64];

	for (int fd = 3; fd < 64; fd++) {
		int h = fdtable_host(&process.fds, fd);

		host[fd] = h < 0 ? -1 : fcntl(h, F_DUPFD_CLOEXEC, 200);
	}
	close_range(3, 199, 0);
	for (int fd = 3; fd < 64; fd++)
		if (host[fd] >= 0)
			dup3(host[fd], fd,
			     fdtable_entry(&process.fds, fd)->cloexec
				     ? O_CLOEXEC
				     : 0);
	close_range(64, ~0u, 0);
}

static int natively(long nr, const uint64_t a[6])
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		map_memory();
		setrlimit(RLIMIT_STACK, &process.limits.of[RLIMIT_STACK]);
		if (chdir(scratch))
			_exit(198);
		take_descriptors();
		_exit(syscall(nr, a[0], a[1], a[2], a[3], a[4]) < 0 ? errno
								    : 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? KILLED + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static int here(long nr, const uint64_t a[6])
{
	unsigned before = fake_exec.commits;
	int64_t r;

	cpu.stopped = process.signals.dead = false;
	r = sys_call(nr, a);
	if (cpu.stopped)
		return KILLED + cpu.wait_status;
	cr_assert_leq(r, 0);
	cr_assert(r < 0 || fake_exec.commits == before ||
		  fake_exec.commits == before + 1);
	return fake_exec.commits > before ? RAN : (int)-r;
}

static void both(int line, const char *what, long nr, const uint64_t a[6],
		 int expected)
{
	int kernel = natively(nr, a);
	unsigned fds = host_fds();
	int ours = here(nr, a);

	cr_expect_eq(kernel, expected,
		     "line %d: %s: the kernel says %d, not %d (%s)", line, what,
		     kernel, expected, strerror(kernel));
	cr_expect_eq(ours, expected, "line %d: %s: we say %d, not %d (%s)",
		     line, what, ours, expected, strerror(ours));
	if (expected != RAN)
		cr_expect_eq(host_fds(), fds, "line %d: %s: descriptors", line,
			     what);
}

/* A list of pointers at va, n of them given. */
static uint64_t list_at(uint64_t va, size_t n, const uint64_t *pointers)
{
	uint64_t end = 0;

	fake_put(&cpu, va, pointers, n * sizeof(*pointers));
	fake_put(&cpu, va + n * sizeof(*pointers), &end, sizeof(end));
	return va;
}

#define ARGV  (FAKE_BASE + 0x8000)
#define ENVP  (FAKE_BASE + 0xa000)
#define WORDS (FAKE_BASE + 0xc000)

/* argv {"prog", "x"}, envp {"A=b"}. */
static void usual(void)
{
	fake_str(&cpu, WORDS, "prog");
	fake_str(&cpu, WORDS + 16, "x");
	fake_str(&cpu, WORDS + 32, "A=b");
	list_at(ARGV, 2, (const uint64_t[]){WORDS, WORDS + 16});
	list_at(ENVP, 1, (const uint64_t[]){WORDS + 32});
}

static void check_path(int line, const char *path, int expected)
{
	usual();
	fake_str(&cpu, VA0, path);
	both(line, path, SYS_execve, (const uint64_t[6]){VA0, ARGV, ENVP},
	     expected);
}

static void check_at(int line, uint64_t fd, const char *path, uint64_t flags,
		     int expected)
{
	usual();
	fake_str(&cpu, VA0, path);
	both(line, path, SYS_execveat,
	     (const uint64_t[6]){fd, VA0, ARGV, ENVP, flags}, expected);
}

#define path_is(path, expected) check_path(__LINE__, (path), (expected))
#define at_is(fd, path, flags, expected)                                       \
	check_at(__LINE__, (uint64_t)(fd), (path), (flags), (expected))
#define call_is(nr, expected, ...)                                             \
	both(__LINE__, #__VA_ARGS__, (nr), (const uint64_t[6]){__VA_ARGS__},   \
	     (expected))

/* ---- The file ----------------------------------------------------------- */

Test(sys_exec, a_program_is_run_by_any_path)
{
	symlink("prog", in_scratch("link"));
	path_is(in_scratch("prog"), RAN);
	path_is("prog", RAN);
	path_is("./prog", RAN);
	path_is("d/../prog", RAN);
	path_is("link", RAN);
	path_is("/proc/self/cwd/prog", RAN);
}

Test(sys_exec, what_is_not_there_or_no_file)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char name[300], path[4200];
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", in_scratch("socket"));
	bind(s, (struct sockaddr *)&un, sizeof(un));
	close(s);
	mkfifo(in_scratch("fifo"), 0755);
	symlink("none", in_scratch("dangling"));
	symlink("loop", in_scratch("loop"));
	memset(name, 'n', sizeof(name));
	name[299] = '\0';
	path_is("", ENOENT);
	path_is("none", ENOENT);
	path_is("dangling", ENOENT);
	path_is("none/prog", ENOENT);
	path_is("prog/", ENOTDIR);
	path_is("prog/x", ENOTDIR);
	path_is("loop", ELOOP);
	path_is(name, ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 2 ? '/' : '.';
	path[4096] = '\0';
	path_is(path, ENAMETOOLONG);
	memcpy(path + 4091, "prog", 5);
	path[4090] = '/';
	path_is(path, RAN);
	path_is("d", EACCES);
	path_is(".", EACCES);
	path_is("/", EACCES);
	path_is("fifo", EACCES);
	path_is("socket", EACCES);
	path_is("/dev/null", EACCES);
	path_is("/proc/self/status", EACCES);
	path_is("/proc/version", EACCES);
}

Test(sys_exec, the_mode_must_say_so)
{
	struct tree_elf t;

	tree_elf(&t, NULL);
	tree_file("r", t.bytes, sizeof(t.bytes), 0644);
	tree_file("others", t.bytes, sizeof(t.bytes), 0701);
	tree_file("owner", t.bytes, sizeof(t.bytes), 0700);
	path_is("r", EACCES);
	path_is("others", RAN);
	path_is("owner", RAN);
}

Test(sys_exec, the_mode_counts_for_somebody_else)
{
	struct tree_elf t;

	if (geteuid())
		return;
	tree_elf(&t, NULL);
	tree_file("r", t.bytes, sizeof(t.bytes), 0644);
	tree_file("owner", t.bytes, sizeof(t.bytes), 0700);
	tree_file("all", t.bytes, sizeof(t.bytes), 0755);
	tree_file("d/inside", t.bytes, sizeof(t.bytes), 0755);
	chmod(in_scratch("d"), 0700);
	fake_exec.stays = true; /* who becomes another cannot go back */
	syscall(SYS_setresgid, 65534, 65534, 0);
	syscall(SYS_setresuid, 65534, 65534, 0);
	path_is("r", EACCES);
	path_is("owner", EACCES);
	path_is("d/inside", EACCES);
	path_is("d", EACCES);
	path_is("all", RAN);
	syscall(SYS_setresuid, 0, 0, 0);
}

/* In a mount namespace of this process's own. */
Test(sys_exec, the_mount_must_allow_it)
{
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", in_scratch("d"), "tmpfs", MS_NOEXEC, NULL))
		return;
	/* A directory that is open is in the namespace of before. */
	call(SYS_chdir, fake_str(&cpu, VA0, scratch));
	tree_program("d/prog", NULL);
	tree_text("script", "#!d/prog\n", 0755);
	tree_program("dynamic", "d/prog");
	path_is("d/prog", EACCES);
	path_is("script", EACCES);
	path_is("dynamic", EACCES);
	mount(NULL, in_scratch("d"), NULL, MS_REMOUNT | MS_BIND, NULL);
	path_is("d/prog", RAN);
	cr_assert_eq(umount2(in_scratch("d"), MNT_DETACH), 0);
}

Test(sys_exec, what_is_open_for_writing_is_busy)
{
	int fd = open(in_scratch("prog"), O_WRONLY);

	path_is("prog", ETXTBSY);
	at_is(CWD, "prog", has_check ? CHECK : 0, ETXTBSY);
	close(fd);
	path_is("prog", RAN);
	tree_text("script", "#!prog\n", 0755);
	fd = open(in_scratch("script"), O_RDWR);
	path_is("script", ETXTBSY);
	close(fd);
	fd = open(in_scratch("prog"), O_RDWR);
	path_is("script", ETXTBSY);
	close(fd);
	fd = open(in_scratch("prog"), O_RDONLY);
	path_is("script", RAN);
	close(fd);
}

Test(sys_exec, what_the_program_writes_is_busy)
{
	int64_t fd;

	tree_program("rw/prog", NULL);
	fd = guest_open("rw/prog", O_WRONLY);
	cr_assert_geq(fd, 0);
	path_is("rw/prog", ETXTBSY);
	call(SYS_close, (uint64_t)fd);
	path_is("rw/prog", RAN);
}

Test(sys_exec, files_that_are_no_programs)
{
	struct tree_elf t;

	tree_text("empty", "", 0755);
	tree_text("text", "echo hello\n", 0755);
	path_is("empty", ENOEXEC);
	path_is("text", ENOEXEC);
	tree_elf(&t, NULL);
	tree_file("short", t.bytes, 40, 0755);
	path_is("short", ENOEXEC);
	t.eh->e_machine = EM_AARCH64;
	tree_file("arm", t.bytes, sizeof(t.bytes), 0755);
	path_is("arm", ENOEXEC);
	tree_elf(&t, NULL);
	t.eh->e_type = ET_REL;
	tree_file("object", t.bytes, sizeof(t.bytes), 0755);
	path_is("object", ENOEXEC);
	tree_elf(&t, NULL);
	t.eh->e_phentsize = 1;
	tree_file("phentsize", t.bytes, sizeof(t.bytes), 0755);
	path_is("phentsize", ENOEXEC);
	tree_elf(&t, NULL);
	t.eh->e_phoff = 1 << 20;
	tree_file("phoff", t.bytes, sizeof(t.bytes), 0755);
	path_is("phoff", ENOEXEC);
}

/* ---- Interpreters of ELF programs --------------------------------------- */

Test(sys_exec, an_interpreter_must_be_one)
{
	struct tree_elf t;

	tree_text("text",
		  "no ELF file, but as long as an ELF header must be, "
		  "that is sixty-four\n",
		  0755);
	tree_text("small", "no ELF", 0755);
	tree_text("noexec", "no ELF", 0644);
	tree_program("none", "/no/such");
	tree_program("isdir", "d");
	tree_program("istext", "text");
	tree_program("issmall", "small");
	tree_program("isnoexec", "noexec");
	tree_program("abs", in_scratch("prog"));
	path_is("none", ENOENT);
	path_is("isdir", EACCES);
	path_is("istext", ELIBBAD);
	path_is("issmall", EIO);
	path_is("isnoexec", EACCES);
	tree_elf(&t, "d/ld");
	tree_file("rel", t.bytes, sizeof(t.bytes), 0755);
	path_is("rel", ENOENT);
	tree_elf(&t, NULL);
	t.load->p_vaddr = 0x800000;
	t.eh->e_entry += 0x400000;
	tree_file("d/ld", t.bytes, sizeof(t.bytes), 0755);
	path_is("rel", RAN); /* by the working directory */
}

Test(sys_exec, a_name_of_an_interpreter_must_end)
{
	struct tree_elf t;

	tree_elf(&t, "x");
	t.interp->p_filesz = 1;
	tree_file("one", t.bytes, sizeof(t.bytes), 0755);
	path_is("one", ENOEXEC);
	t.interp->p_filesz = 4097;
	tree_file("long", t.bytes, sizeof(t.bytes), 0755);
	path_is("long", ENOEXEC);
	t.interp->p_filesz = 2;
	t.bytes[0x401] = 'x';
	tree_file("endless", t.bytes, sizeof(t.bytes), 0755);
	path_is("endless", ENOEXEC);
	t.interp->p_offset = 1 << 20;
	tree_file("beyond", t.bytes, sizeof(t.bytes), 0755);
	path_is("beyond", EIO);
}

Test(sys_exec, some_of_it_is_found_too_late)
{
	struct tree_elf t;

	tree_elf(&t, NULL);
	t.load->p_memsz = 0x800;
	tree_file("memsz", t.bytes, sizeof(t.bytes), 0755);
	path_is("memsz", KILLED + SIGSEGV);
	tree_elf(&t, NULL);
	t.load->p_vaddr += 8;
	tree_file("odd", t.bytes, sizeof(t.bytes), 0755);
	path_is("odd", KILLED + SIGSEGV);
	/* But an interpreter is looked for before. */
	tree_elf(&t, "/no/such");
	t.load->p_memsz = 0x800;
	tree_file("both", t.bytes, sizeof(t.bytes), 0755);
	path_is("both", ENOENT);
	tree_elf(&t, "text");
	t.load->p_memsz = 0x800;
	tree_file("bad", t.bytes, sizeof(t.bytes), 0755);
	tree_text("text",
		  "no ELF file, but as long as an ELF header must be, "
		  "that is sixty-four\n",
		  0755);
	path_is("bad", ELIBBAD);
}

/* ---- Scripts ------------------------------------------------------------ */

Test(sys_exec, scripts_by_their_first_line)
{
	static const struct {
		const char *text;
		int expected;
	} rows[] = {
		{"#!prog\n", RAN},
		{"#!./prog\n", RAN},
		{"#! \tprog\n", RAN},
		{"#!prog \t\n", RAN},
		{"#!prog arg more \n", RAN},
		{"#!prog", RAN},
		{"#!prog ", RAN},
		{"#!prog arg", RAN},
		{"#!none\n", ENOENT},
		{"#!d\n", EACCES},
		{"#!text\n", ENOEXEC},
		{"#!\n", ENOEXEC},
		{"#! \t \n", ENOEXEC},
		{"#!", EACCES},
		{"#! ", EACCES},
		{"#", ENOEXEC},
		{"#!prog\r\n", ENOENT},
		{" #!prog\n", ENOEXEC},
	};

	tree_text("text", "echo\n", 0755);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tree_text("script", rows[i].text, 0755);
		check_path((int)i, "script", rows[i].expected);
	}
}

Test(sys_exec, a_first_line_may_be_too_long)
{
	char text[600];

	/* The name ends at byte n; what is behind is an argument or a newline.
	 */
	for (int n = 250; n < 260; n++) {
		memset(text, ' ', sizeof(text));
		memcpy(text, "#!", 2);
		memcpy(text + n - 4, "prog", 4);
		text[n] = '\n';
		text[n + 1] = '\0';
		tree_text("script", text, 0755);
		check_path(n, "script", n <= 255 ? RAN : ENOEXEC);
	}
}

static void chain(int n)
{
	char name[32], text[64];

	for (int i = 1; i <= n; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		snprintf(text, sizeof(text), i == 1 ? "#!prog\n" : "#!s%d\n",
			 i - 1);
		tree_text(name, text, 0755);
	}
}

Test(sys_exec, scripts_of_scripts)
{
	chain(8);
	path_is("s1", RAN);
	path_is("s4", RAN);
	path_is("s5", RAN);
	path_is("s6", ELOOP);
	path_is("s7", ELOOP);
	tree_text("self", "#!self\n", 0755);
	path_is("self", ELOOP);
	/* What the sixth names is opened before they are counted. */
	unlink(in_scratch("prog"));
	path_is("s6", ENOENT);
	path_is("s7", ELOOP);
}

/* ---- execveat ------------------------------------------------------------ */

Test(sys_exec, a_descriptor_may_be_the_program_or_its_directory)
{
	uint64_t dir = (uint64_t)guest_open("d", O_RDONLY | O_DIRECTORY);
	uint64_t dpath = (uint64_t)guest_open("d", O_PATH);
	uint64_t file = (uint64_t)guest_open("prog", O_RDONLY);
	uint64_t path = (uint64_t)guest_open("prog", O_PATH);

	tree_program("d/inside", NULL);
	at_is(dir, "inside", 0, RAN);
	at_is(dpath, "inside", 0, RAN);
	at_is(dir, "none", 0, ENOENT);
	at_is(CWD, "prog", 0, RAN);
	at_is(77, in_scratch("prog"), 0, RAN);
	at_is(77, "prog", 0, EBADF);
	at_is(file, "prog", 0, ENOTDIR);
	at_is(file, "", 0, ENOENT);
	at_is(file, "", AT_EMPTY_PATH, RAN);
	at_is(path, "", AT_EMPTY_PATH, RAN);
	at_is(dir, "", AT_EMPTY_PATH, EACCES);
	at_is(CWD, "", AT_EMPTY_PATH, EACCES);
	at_is(77, "", AT_EMPTY_PATH, EBADF);
	at_is(dir, "inside", AT_EMPTY_PATH, RAN);
}

Test(sys_exec, descriptors_of_other_kinds)
{
	uint64_t pair[2];
	int fds[2];
	int64_t memfd;
	struct tree_elf t;

	call(SYS_pipe, VA2);
	memcpy(fds, fake_at(&cpu, VA2), sizeof(fds));
	pair[0] = (uint64_t)fds[0];
	at_is(pair[0], "", AT_EMPTY_PATH, EACCES);
	memfd = call(SYS_memfd_create, fake_str(&cpu, VA0, "m"), 0);
	cr_assert_geq(memfd, 0);
	at_is(memfd, "", AT_EMPTY_PATH, ENOEXEC);
	tree_elf(&t, NULL);
	cr_assert_eq(write(fdtable_host(&process.fds, (int)memfd), t.bytes,
			   sizeof(t.bytes)),
		     (ssize_t)sizeof(t.bytes));
	at_is(memfd, "", AT_EMPTY_PATH, RAN);
	memfd = call(SYS_memfd_create, fake_str(&cpu, VA0, "n"), 8);
	if (memfd >= 0) /* MFD_NOEXEC_SEAL */
		at_is(memfd, "", AT_EMPTY_PATH, EACCES);
}

Test(sys_exec, links_need_not_be_followed)
{
	uint64_t link;

	symlink("prog", in_scratch("link"));
	link = (uint64_t)guest_open("link", O_PATH | O_NOFOLLOW);
	at_is(CWD, "link", 0, RAN);
	at_is(CWD, "link", AT_SYMLINK_NOFOLLOW, ELOOP);
	at_is(CWD, "prog", AT_SYMLINK_NOFOLLOW, RAN);
	at_is(link, "", AT_EMPTY_PATH, ELOOP);
	at_is(CWD, "/proc/self/exe", AT_SYMLINK_NOFOLLOW, ELOOP);
}

Test(sys_exec, flags_are_looked_at_behind_the_path)
{
	at_is(CWD, "none", 1, EINVAL);
	at_is(CWD, "", 1, ENOENT);
	at_is(CWD, "", 1 | AT_EMPTY_PATH, EINVAL);
	at_is(CWD, "prog", AT_SYMLINK_FOLLOW, EINVAL);
	call_is(SYS_execveat, EFAULT, CWD, BAD, ARGV, ENVP, 1);
	call_is(SYS_execveat, EFAULT, CWD, 0, ARGV, ENVP, AT_EMPTY_PATH);
}

Test(sys_exec, a_script_needs_a_name)
{
	uint64_t stays, goes, dir;

	tree_text("script", "#!prog\n", 0755);
	stays = (uint64_t)guest_open("script", O_RDONLY);
	goes = (uint64_t)guest_open("script", O_RDONLY | O_CLOEXEC);
	dir = (uint64_t)guest_open(".", O_RDONLY | O_CLOEXEC);
	at_is(stays, "", AT_EMPTY_PATH, RAN);
	goes = (uint64_t)guest_open("script", O_RDONLY | O_CLOEXEC);
	at_is(goes, "", AT_EMPTY_PATH, ENOENT);
	dir = (uint64_t)guest_open(".", O_RDONLY | O_CLOEXEC);
	at_is(dir, "script", 0, ENOENT);
	at_is(dir, "prog", 0, RAN);
	tree_text("bad", "#!\n", 0755);
	dir = (uint64_t)guest_open(".", O_RDONLY | O_CLOEXEC);
	at_is(dir, "bad", 0, ENOEXEC);
	at_is(dir, in_scratch("script"), 0, RAN);
}

Test(sys_exec, a_call_may_only_ask)
{
	if (!has_check)
		return;
	tree_text("text", "no program\n", 0755);
	at_is(CWD, "prog", CHECK, 0);
	at_is(CWD, "text", CHECK, 0);
	at_is(CWD, "none", CHECK, ENOENT);
	at_is(CWD, "d", CHECK, EACCES);
	call_is(SYS_execveat, EFAULT, CWD, fake_str(&cpu, VA0, "prog"), BAD, 0,
		CHECK);
	cr_assert_eq(fake_exec.commits, 0);
}

/* ---- Strings ------------------------------------------------------------ */

Test(sys_exec, pointers_are_looked_at_in_order)
{
	uint64_t none[1] = {0};

	usual();
	fake_str(&cpu, VA0, "prog");
	fake_str(&cpu, VA1, "none");
	call_is(SYS_execve, EFAULT, BAD, BAD, BAD);
	call_is(SYS_execve, EFAULT, 0, ARGV, ENVP);
	call_is(SYS_execve, EFAULT, ~0ull, ARGV, ENVP);
	call_is(SYS_execve, ENOENT, VA1, BAD, BAD);
	call_is(SYS_execve, EFAULT, VA0, BAD, ENVP);
	call_is(SYS_execve, EFAULT, VA0, ARGV, BAD);
	call_is(SYS_execve, EFAULT, VA0, ~0ull, ENVP);
	call_is(SYS_execve, RAN, VA0, 0, ENVP);
	usual();
	fake_str(&cpu, VA0, "prog");
	call_is(SYS_execve, RAN, VA0, ARGV, 0);
	call_is(SYS_execve, RAN, VA0, 0, 0);
	fake_put(&cpu, ARGV, none, sizeof(none));
	call_is(SYS_execve, RAN, VA0, ARGV, ARGV);
}

Test(sys_exec, lists_may_lie_anywhere)
{
	uint64_t string, edge = FAKE_HOLE - 16;

	fake_str(&cpu, VA0, "prog");
	string = fake_str(&cpu, WORDS, "x");
	/* It ends before the hole. */
	list_at(edge, 1, &string);
	call_is(SYS_execve, RAN, VA0, edge, edge);
	/* Over the edge of a page, not aligned. */
	list_at(WORDS + 0x1ffc, 1, &string);
	call_is(SYS_execve, RAN, VA0, WORDS + 0x1ffc, 0);
	/* No end before the hole. */
	fake_put(&cpu, FAKE_HOLE - 8, &string, 8);
	call_is(SYS_execve, EFAULT, VA0, FAKE_HOLE - 8, 0);
	call_is(SYS_execve, EFAULT, VA0, 0, FAKE_HOLE - 8);
	call_is(SYS_execve, EFAULT, VA0, FAKE_HOLE - 4, 0);
}

Test(sys_exec, strings_may_be_bad)
{
	uint64_t p[3];

	fake_str(&cpu, VA0, "prog");
	p[0] = fake_str(&cpu, WORDS, "x");
	p[1] = BAD;
	call_is(SYS_execve, EFAULT, VA0, list_at(ARGV, 2, p), 0);
	p[1] = ~0ull - 100; /* an error, not an address */
	call_is(SYS_execve, EFAULT, VA0, list_at(ARGV, 2, p), 0);
	memset(fake_at(&cpu, FAKE_HOLE - 4), 'x', 4);
	p[1] = FAKE_HOLE - 4; /* no end */
	call_is(SYS_execve, EFAULT, VA0, list_at(ARGV, 2, p), 0);
	*(char *)fake_at(&cpu, FAKE_HOLE - 1) = '\0';
	call_is(SYS_execve, RAN, VA0, list_at(ARGV, 2, p), 0);
}

/* A string of len bytes with its 0, at BIG. */
static uint64_t long_string(size_t len)
{
	memset(fake_at(&cpu, BIG), 'x', len - 1);
	*(char *)fake_at(&cpu, BIG + len - 1) = '\0';
	return BIG;
}

Test(sys_exec, a_string_has_131072_bytes)
{
	uint64_t p[1];

	fake_str(&cpu, VA0, "prog");
	p[0] = long_string(131072);
	call_is(SYS_execve, RAN, VA0, list_at(ARGV, 1, p), 0);
	fake_str(&cpu, VA0, "prog");
	p[0] = long_string(131073);
	call_is(SYS_execve, E2BIG, VA0, list_at(ARGV, 1, p), 0);
	call_is(SYS_execve, E2BIG, VA0, 0, list_at(ARGV, 1, p));
	/* Where it ends is not even looked at. */
	p[0] = FAKE_HOLE - 131072;
	memset(fake_at(&cpu, p[0]), 'x', 131072);
	call_is(SYS_execve, E2BIG, VA0, list_at(ARGV, 1, p), 0);
	p[0] += 1;
	call_is(SYS_execve, EFAULT, VA0, list_at(ARGV, 1, p), 0);
}

static void set_stack(uint64_t bytes)
{
	process.limits.of[RLIMIT_STACK].rlim_cur = bytes;
}

/* With this limit 131072 bytes are granted, pointers included. */
Test(sys_exec, all_strings_together)
{
	/* "prog" twice, two pointers: execve's name and argv[0]. */
	const size_t room = 131072 - 2 * 8 - 2 * 5;
	uint64_t p[2];

	set_stack(512 << 10);
	fake_str(&cpu, VA0, "prog");
	p[0] = fake_str(&cpu, WORDS, "prog");
	p[1] = long_string(room);
	call_is(SYS_execve, RAN, VA0, list_at(ARGV, 2, p), 0);
	fake_str(&cpu, VA0, "prog");
	p[1] = long_string(room + 1);
	call_is(SYS_execve, E2BIG, VA0, list_at(ARGV, 2, p), 0);
	/* The environment is copied before the arguments. */
	p[1] = long_string(131072);
	p[0] = BAD;
	list_at(ENVP, 1, p);
	list_at(ARGV, 1, p + 1);
	call_is(SYS_execve, E2BIG, VA0, ENVP, ARGV);
	call_is(SYS_execve, EFAULT, VA0, ARGV, ENVP);
}

Test(sys_exec, a_script_must_fit_too)
{
	const size_t room = 131072 - 2 * 8 - 2 * 7;
	uint64_t p[2];

	set_stack(512 << 10);
	tree_text("script", "#!prog\n", 0755);
	fake_str(&cpu, VA0, "script");
	p[0] = fake_str(&cpu, WORDS, "script");
	p[1] = long_string(room);
	/* script goes, script comes, and prog. */
	call_is(SYS_execve, E2BIG, VA0, list_at(ARGV, 2, p), 0);
	p[1] = long_string(room - 4);
	call_is(SYS_execve, E2BIG, VA0, list_at(ARGV, 2, p), 0);
	p[1] = long_string(room - 5);
	call_is(SYS_execve, RAN, VA0, list_at(ARGV, 2, p), 0);
}

Test(sys_exec, so_many_pointers)
{
	const size_t max = 131072 / 8;
	uint64_t empty = fake_str(&cpu, WORDS, "");

	set_stack(512 << 10);
	fake_str(&cpu, VA0, "prog");
	for (size_t i = 0; i < max; i++)
		fake_put(&cpu, BIG + i * 8, &empty, 8);
	list_at(BIG + max * 8, 0, NULL);
	call_is(SYS_execve, E2BIG, VA0, BIG, 0);
	call_is(SYS_execve, E2BIG, VA0, 0, BIG);
	list_at(BIG + (max - 1) * 8, 0, NULL);
	call_is(SYS_execve, E2BIG, VA0, BIG, 0);
	/* n pointers, n bytes, "prog" */
	list_at(BIG + (131072 - 5) / 9 * 8, 0, NULL);
	call_is(SYS_execve, RAN, VA0, BIG, 0);
}

Test(sys_exec, the_stack_itself_must_hold_them)
{
	uint64_t p[1];

	set_stack(64 << 10);
	fake_str(&cpu, VA0, "prog");
	p[0] = long_string(70000);
	call_is(SYS_execve, E2BIG, VA0, list_at(ARGV, 1, p), 0);
	p[0] = long_string((64 << 10) - 5 - 8 + 1);
	call_is(SYS_execve, E2BIG, VA0, list_at(ARGV, 1, p), 0);
}
