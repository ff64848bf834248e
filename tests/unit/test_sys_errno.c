/*
 * Does a call with bad arguments fail as it does on this very host? Each row is
 * made twice: by the program through vmm/syscall, and by this process, with
 * addresses and descriptors that mean the same to both.
 */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys_fixture.h"

static int64_t map_holes(void);

static void setup(void)
{
	sys_setup();
	map_holes();
}

TestSuite(sys_errno, .init = setup, .fini = sys_teardown);

/* Arguments that differ between the two sides: a tag in the upper half. */
#define TAG	0x5eed000000000000ull
#define TAGS	0xffff000000000000ull
#define HOLE	(TAG | 1) /* an unmapped address */
#define BUF	(TAG | 2) /* 4096 bytes of zeros */
#define RO_FILE (TAG | 3) /* a descriptor, read only */
#define RW_FILE (TAG | 4)
#define DIR_FD	(TAG | 5)
#define PIPE_R	(TAG | 6)
#define PIPE_W	(TAG | 7)
#define O_PATHS (TAG | 8)
#define BAD_FD	999ull
#define PATH(s) ((uint64_t)(s)) /* a string of this process */
#define CWD	((uint64_t)AT_FDCWD)

enum { SLOTS = 9 };
static uint64_t guest_slot[SLOTS], host_slot[SLOTS];

static uint64_t fixed_fd(const char *name, int flags)
{
	return (uint64_t)open(in_scratch(name), flags | O_CLOEXEC);
}

static int64_t map_holes(void)
{
	int p[2], *gp = fake_at(&cpu, VA2);

	guest_slot[1] = BAD;
	host_slot[1] = (uint64_t)mmap(NULL, 4096, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	guest_slot[2] = BIG;
	host_slot[2] = (uint64_t)calloc(1, 4096);
	host_slot[3] = fixed_fd("ro/file", O_RDONLY);
	guest_slot[3] = (uint64_t)guest_open("ro/file", O_RDONLY);
	host_slot[4] = fixed_fd("rw/file", O_RDWR);
	guest_slot[4] = (uint64_t)guest_open("rw/file", O_RDWR);
	host_slot[5] = fixed_fd("rw", O_RDONLY | O_DIRECTORY);
	guest_slot[5] = (uint64_t)guest_open("rw", O_RDONLY | O_DIRECTORY);
	cr_assert_eq(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
	cr_assert_eq(call(SYS_pipe2, VA2, O_CLOEXEC | O_NONBLOCK), 0);
	host_slot[6] = (uint64_t)p[0];
	host_slot[7] = (uint64_t)p[1];
	guest_slot[6] = (uint64_t)gp[0];
	guest_slot[7] = (uint64_t)gp[1];
	host_slot[8] = fixed_fd("rw/file", O_PATH);
	guest_slot[8] = (uint64_t)guest_open("rw/file", O_PATH);
	return 0;
}

struct row {
	int line;
	long nr;
	uint64_t arg[6];
};
#define ROW(name, ...)                                                         \
	{                                                                      \
		__LINE__, SYS_##name,                                          \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}

/* Strings are static data: well below the tag, well above small numbers. */
static bool is_string(uint64_t arg)
{
	return arg > (1ull << 32) && arg < (1ull << 47);
}

static int64_t as_program(const struct row *row)
{
	uint64_t arg[6], va = FAKE_BASE + 0x8000;

	for (int i = 0; i < 6; i++) {
		arg[i] = row->arg[i];
		if ((arg[i] & TAGS) == TAG && (arg[i] & ~TAGS) < SLOTS)
			arg[i] = guest_slot[arg[i] & ~TAGS];
		else if (is_string(arg[i]))
			arg[i] =
				fake_str(&cpu, va += 512, (const char *)arg[i]);
	}
	return sys_call(row->nr, arg);
}

static int64_t as_host(const struct row *row)
{
	uint64_t a[6];
	long r;

	for (int i = 0; i < 6; i++) {
		a[i] = row->arg[i];
		if ((a[i] & TAGS) == TAG && (a[i] & ~TAGS) < SLOTS)
			a[i] = host_slot[a[i] & ~TAGS];
	}
	r = syscall(row->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	return r < 0 ? -errno : r;
}

static void compare(const struct row *rows, size_t n)
{
	cr_assert_eq(chdir(in_scratch("rw")), 0);
	cr_assert_eq(call(SYS_chdir, path_at(VA0, "rw")), 0);
	for (size_t i = 0; i < n; i++) {
		int64_t host = as_host(&rows[i]), guest;

		memset(fake_at(&cpu, BIG), 0, 4096);
		memset((void *)host_slot[2], 0, 4096);
		guest = as_program(&rows[i]);
		cr_expect_eq(guest, host, "line %d: guest %ld, host %ld",
			     rows[i].line, (long)guest, (long)host);
	}
}
#define COMPARE(rows) compare((rows), sizeof(rows) / sizeof((rows)[0]))

Test(sys_errno, reading_and_writing)
{
	const struct row rows[] = {
		ROW(read, BAD_FD, BUF, 1),
		ROW(read, BAD_FD, HOLE, 1),
		ROW(read, RO_FILE, HOLE, 1),
		ROW(read, RO_FILE, BUF, 1ull << 63),
		ROW(read, RO_FILE, ~0ull - 4096, 100),
		ROW(read, RO_FILE, HOLE, 0),
		ROW(read, DIR_FD, BUF, 1),
		ROW(read, PIPE_R, BUF, 1),
		ROW(read, PIPE_W, BUF, 1),
		ROW(read, O_PATHS, BUF, 1),
		ROW(write, RO_FILE, BUF, 1),
		ROW(write, RW_FILE, HOLE, 1),
		ROW(write, RW_FILE, HOLE, 0),
		ROW(write, PIPE_W, HOLE, 1),
		ROW(write, PIPE_R, BUF, 1),
		ROW(write, O_PATHS, BUF, 1),
		ROW(pread64, RO_FILE, BUF, 1, -1ull),
		ROW(pread64, PIPE_R, BUF, 1, 0),
		ROW(pread64, BAD_FD, BUF, 1, -1ull),
		ROW(pread64, PIPE_W, BUF, 1, 0),
		ROW(pread64, PIPE_R, ~0ull - 4096, 100, 0),
		ROW(pread64, O_PATHS, BUF, 1, 0),
		ROW(preadv, PIPE_W, BUF, 1, 0),
		ROW(preadv, PIPE_R, HOLE, 1, 0),
		ROW(pwritev, PIPE_R, BUF, 1, 0),
		ROW(pwritev2, PIPE_R, BUF, 1, 0, 0),
		ROW(pwritev2, PIPE_W, BUF, 1025, 0, 0),
		ROW(pwrite64, PIPE_W, BUF, 1, 0),
		ROW(pwrite64, RO_FILE, BUF, 1, 0),
		ROW(readv, RO_FILE, HOLE, 1),
		ROW(readv, RO_FILE, BUF, 1025),
		ROW(readv, RO_FILE, BUF, 0),
		ROW(readv, BAD_FD, BUF, 1),
		ROW(writev, RO_FILE, BUF, 1),
		ROW(writev, RW_FILE, BUF, 3),
		ROW(preadv, RO_FILE, BUF, 1, -1ull),
		ROW(preadv2, RO_FILE, BUF, 1, -2ull, 0, 0),
		ROW(lseek, BAD_FD, 0, 0),
		ROW(lseek, RO_FILE, -1ull, SEEK_SET),
		ROW(lseek, RO_FILE, 0, 99),
		ROW(lseek, PIPE_R, 0, SEEK_SET),
		ROW(fsync, BAD_FD),
		ROW(fsync, PIPE_R),
		ROW(ftruncate, RO_FILE, 0),
		ROW(ftruncate, RW_FILE, -1ull),
		ROW(ftruncate, BAD_FD, 0),
		ROW(fadvise64, BAD_FD, 0, 0, 0),
		ROW(fadvise64, PIPE_R, 0, 0, 0),
		ROW(getdents64, RO_FILE, BUF, 100),
		ROW(getdents64, DIR_FD, BUF, 1),
		ROW(getdents64, BAD_FD, BUF, 100),
		ROW(sendfile, RW_FILE, BAD_FD, 0, 1),
		ROW(sendfile, RO_FILE, RO_FILE, 0, 1),
		ROW(getrandom, HOLE, 8, 0),
		ROW(getrandom, BUF, 8, 0xf0),
		ROW(flock, BAD_FD, 2),
		ROW(flock, RO_FILE, 99),
	};

	COMPARE(rows);
}

Test(sys_errno, paths)
{
	const struct row rows[] = {
		ROW(open, HOLE, O_RDONLY),
		ROW(open, 0, O_RDONLY),
		ROW(open, PATH(""), O_RDONLY),
		ROW(open, PATH("none"), O_RDONLY),
		ROW(open, PATH("file/x"), O_RDONLY),
		ROW(open, PATH("file/"), O_RDONLY),
		ROW(open, PATH("none/x"), O_WRONLY | O_CREAT),
		ROW(open, PATH("none/"), O_WRONLY | O_CREAT),
		ROW(open, PATH("."), O_WRONLY),
		ROW(open, PATH("."), O_RDONLY | O_CREAT),
		ROW(open, PATH("file"), O_RDONLY | O_DIRECTORY),
		ROW(open, PATH("file"), O_CREAT | O_EXCL),
		ROW(open, PATH("."), O_CREAT | O_EXCL),
		ROW(open, PATH("file"), O_CREAT | O_DIRECTORY, 0600),
		ROW(open, PATH("file"), O_TMPFILE | O_RDWR, 0600),
		ROW(open, PATH("."), O_TMPFILE, 0600),
		ROW(openat, BAD_FD, PATH("file"), O_RDONLY),
		ROW(openat, RO_FILE, PATH("file"), O_RDONLY),
		ROW(openat, DIR_FD, PATH(""), O_RDONLY),
		ROW(openat, DIR_FD, PATH("none"), O_RDONLY),
		ROW(openat2, CWD, PATH("file"), BUF, 8),
		ROW(openat2, CWD, PATH("file"), HOLE, 24),
		ROW(creat, PATH("."), 0600),
		ROW(stat, PATH("none"), BUF),
		ROW(stat, PATH("file/"), BUF),
		ROW(stat, PATH("file"), HOLE),
		ROW(lstat, PATH(""), BUF),
		ROW(fstat, BAD_FD, BUF),
		ROW(fstat, RO_FILE, HOLE),
		ROW(newfstatat, BAD_FD, PATH("file"), BUF, 0),
		ROW(newfstatat, RO_FILE, PATH("file"), BUF, 0),
		ROW(newfstatat, RO_FILE, PATH(""), BUF, 0),
		ROW(newfstatat, CWD, PATH("file"), BUF, 0x10000),
		ROW(statx, CWD, PATH("none"), 0, 0xfff, BUF),
		ROW(statx, CWD, PATH("file"), 0, 0xfff, HOLE),
		ROW(statx, CWD, PATH("file"), 0x10000, 0xfff, BUF),
		ROW(access, PATH("none"), 0),
		ROW(access, PATH("file"), 8),
		ROW(access, HOLE, 0),
		ROW(faccessat2, CWD, PATH("file"), 0, 0x10000),
		ROW(faccessat, BAD_FD, PATH("file"), 0),
		ROW(readlink, PATH("file"), BUF, 10),
		ROW(readlink, PATH("none"), BUF, 10),
		ROW(readlink, PATH("file"), BUF, 0),
		ROW(readlink, PATH("file"), BUF, -1ull),
		ROW(readlinkat, BAD_FD, PATH("x"), BUF, 10),
		ROW(readlinkat, DIR_FD, PATH(""), BUF, 10),
		ROW(chdir, PATH("file")),
		ROW(chdir, PATH("none")),
		ROW(chdir, HOLE),
		ROW(fchdir, BAD_FD),
		ROW(fchdir, RO_FILE),
		ROW(getcwd, BUF, 1),
		ROW(getcwd, HOLE, 4096),
		ROW(getcwd, BUF, 0),
		ROW(statfs, PATH("none"), BUF),
		ROW(statfs, PATH("file"), HOLE),
		ROW(fstatfs, BAD_FD, BUF),
	};

	COMPARE(rows);
}

Test(sys_errno, changing_files)
{
	const struct row rows[] = {
		ROW(mkdir, PATH("file"), 0700),
		ROW(mkdir, PATH("."), 0700),
		ROW(mkdir, PATH("none/x"), 0700),
		ROW(mkdir, PATH("file/x"), 0700),
		ROW(mkdir, PATH(""), 0700),
		ROW(mkdir, HOLE, 0700),
		ROW(mkdirat, BAD_FD, PATH("x"), 0700),
		ROW(unlink, PATH("none")),
		ROW(unlink, PATH(".")),
		ROW(unlink, PATH("file/")),
		ROW(unlink, PATH("..")),
		ROW(unlinkat, CWD, PATH("none"), 1),
		ROW(rmdir, PATH("file")),
		ROW(rmdir, PATH(".")),
		ROW(rmdir, PATH("none")),
		ROW(rename, PATH("none"), PATH("other")),
		ROW(rename, PATH("file"), PATH("none/x")),
		ROW(rename, PATH("."), PATH("other")),
		ROW(rename, PATH("file"), PATH("other/")),
		ROW(renameat, DIR_FD, PATH("none"), BAD_FD, PATH("x")),
		ROW(renameat, DIR_FD, PATH("none"), RO_FILE, PATH("x")),
		ROW(rename, PATH("none"), PATH("file/x")),
		ROW(rename, PATH("none/x"), PATH("file/x")),
		ROW(rename, HOLE, PATH("x")),
		ROW(rename, PATH("file"), HOLE),
		ROW(renameat2, CWD, PATH("file"), CWD, PATH("file"), 1),
		ROW(renameat2, CWD, PATH("file"), CWD, PATH("x"), 0xff),
		ROW(link, PATH("none"), PATH("x")),
		ROW(link, PATH("file"), PATH("file")),
		ROW(link, PATH("."), PATH("x")),
		ROW(linkat, CWD, PATH("file"), CWD, PATH("x"), 0x10),
		ROW(symlink, PATH(""), PATH("x")),
		ROW(symlink, PATH("a"), PATH("file")),
		ROW(symlink, PATH("a"), PATH("none/x")),
		ROW(symlink, HOLE, PATH("x")),
		ROW(chmod, PATH("none"), 0600),
		ROW(fchmod, BAD_FD, 0600),
		ROW(fchmod, O_PATHS, 0600),
		ROW(chown, PATH("none"), 0, 0),
		ROW(fchown, BAD_FD, 0, 0),
		ROW(fchownat, CWD, PATH("file"), 0, 0, 0x10),
		ROW(truncate, PATH("none"), 0),
		ROW(truncate, PATH("."), 0),
		ROW(truncate, PATH("file"), -1ull),
		ROW(utimensat, CWD, PATH("none"), 0, 0),
		ROW(utimensat, CWD, PATH("file"), HOLE, 0),
		ROW(utimensat, CWD, 0, 0, 0),
		ROW(utimensat, BAD_FD, 0, 0, 0),
		ROW(utime, PATH("none"), 0),
		ROW(utimes, PATH("file"), HOLE),
		ROW(mknod, PATH("file"), S_IFREG | 0600, 0),
		ROW(mknod, PATH("x"), S_IFDIR | 0600, 0),
	};

	COMPARE(rows);
}

Test(sys_errno, descriptors)
{
	const struct row rows[] = {
		ROW(close, BAD_FD),
		ROW(close, -1ull),
		ROW(close_range, 10, 5, 0),
		ROW(close_range, 5000, 5001, 0x100),
		ROW(dup, BAD_FD),
		ROW(dup2, BAD_FD, 5),
		ROW(dup2, BAD_FD, BAD_FD),
		ROW(dup2, RO_FILE, -1ull),
		ROW(dup3, RO_FILE, 700, 1),
		ROW(dup3, 7, 7, 0),
		ROW(pipe, HOLE),
		ROW(pipe2, BUF, 1),
		ROW(fcntl, BAD_FD, F_GETFD),
		ROW(fcntl, RO_FILE, 12345),
		ROW(fcntl, RO_FILE, F_DUPFD, -1ull),
		ROW(fcntl, RO_FILE, F_GETLK, HOLE),
		ROW(fcntl, RO_FILE, F_GETPIPE_SZ),
		ROW(fcntl, O_PATHS, F_SETFL, 0),
		ROW(ioctl, BAD_FD, TCGETS, BUF),
		ROW(ioctl, RO_FILE, TCGETS, BUF),
		ROW(ioctl, PIPE_R, TIOCGWINSZ, BUF),
		ROW(ioctl, PIPE_R, FIONREAD, HOLE),
		ROW(ioctl, O_PATHS, TCGETS, BUF),
		ROW(eventfd2, 0, 0xff00),
		ROW(memfd_create, HOLE, 0),
		ROW(memfd_create, HOLE, 0xff00),
		ROW(memfd_create, PATH("x"), 0xff00),
		ROW(poll, HOLE, 1, 0),
		ROW(poll, BUF, 1ull << 31, 0),
		ROW(ppoll, BUF, 0, HOLE, 0, 8),
		ROW(ppoll, BUF, 0, 0, BUF, 4),
		ROW(select, -1ull, 0, 0, 0, BUF),
		ROW(select, 5, HOLE, 0, 0, BUF),
		ROW(select, 1, 0, 0, 0, HOLE),
		ROW(pselect6, 5, 0, 0, 0, BUF, HOLE),
	};

	COMPARE(rows);
}

Test(sys_errno, the_process)
{
	const struct row rows[] = {
		ROW(uname, HOLE),
		ROW(sysinfo, HOLE),
		ROW(getrusage, 99, BUF),
		ROW(getrusage, 0, HOLE),
		ROW(getrlimit, 99, BUF),
		ROW(getrlimit, RLIMIT_CORE, HOLE),
		ROW(setrlimit, RLIMIT_CORE, HOLE),
		ROW(prlimit64, 0, 99, 0, BUF),
		ROW(prlimit64, 0, RLIMIT_CORE, HOLE, 0),
		ROW(getgroups, -1ull, BUF),
		ROW(getresuid, HOLE, BUF, BUF),
		ROW(getpgid, 0x7ffffffe),
		ROW(getsid, 0x7ffffffe),
		ROW(arch_prctl, 0x9999, 0),
		ROW(arch_prctl, 0x1003, HOLE),
		ROW(set_robust_list, BUF, 23),
		ROW(prctl, 9999, 0),
		ROW(prctl, 15, HOLE),
		ROW(prctl, 38, 0, 0, 0, 0),
		ROW(sched_getaffinity, 0, 3, BUF),
		ROW(sched_getaffinity, 0, 128, HOLE),
		ROW(sched_getparam, 0, HOLE),
		ROW(sched_get_priority_max, 99),
		ROW(capget, HOLE, 0),
		ROW(capget, BUF, 0),
		ROW(clock_gettime, 99, BUF),
		ROW(clock_gettime, 0, HOLE),
		ROW(clock_getres, 99, 0),
		ROW(nanosleep, HOLE, 0),
		ROW(clock_nanosleep, 99, 0, BUF, 0),
		ROW(clock_nanosleep, 4, 0, BUF, 0),
		ROW(gettimeofday, HOLE, 0),
		ROW(adjtimex, HOLE),
		ROW(adjtimex, BUF),
		ROW(clock_adjtime, 0, BUF),
		ROW(clock_adjtime, 0, HOLE),
		ROW(clock_adjtime, 1, BUF),
		ROW(clock_settime, 0, HOLE),
		ROW(clock_settime, 1, HOLE),
		ROW(clock_settime, 99, BUF),
		ROW(settimeofday, HOLE, 0),
		ROW(settimeofday, 0, HOLE),
		ROW(settimeofday, 0, 0),
		ROW(unshare, 0),
		ROW(unshare, 0x400),
		ROW(unshare, 0x4000),
		ROW(unshare, 0x40),
		ROW(time, HOLE),
		ROW(times, HOLE),
		ROW(getcpu, HOLE, 0),
		ROW(futex, HOLE, FUTEX_WAIT, 0, BUF),
		ROW(futex, BUF, FUTEX_WAIT, 1, 0),
		ROW(futex, BUF + 1, 99, 1, 0),
		ROW(futex_waitv, 0, 1, 0, 0, 0),
		ROW(futex_waitv, BUF, 0, 0, 0, 0),
		ROW(futex_waitv, BUF, 129, 0, 0, 0),
		ROW(futex_waitv, BUF, 1, 1, 0, 0),
		ROW(futex_waitv, HOLE, 1, 0, 0, 0),
		ROW(futex_waitv, BUF, 1, 0, HOLE, 1),
		ROW(futex_waitv, BUF, 1, 0, BUF, 7),
		ROW(futex_waitv, BUF, 1, 0, 0, 0),
		ROW(rt_sigaction, 0, 0, 0, 8),
		ROW(rt_sigaction, 65, 0, BUF, 8),
		ROW(rt_sigaction, SIGKILL, BUF, 0, 8),
		ROW(rt_sigaction, SIGUSR1, HOLE, 0, 8),
		ROW(rt_sigaction, SIGUSR1, 0, HOLE, 8),
		ROW(rt_sigaction, SIGUSR1, 0, 0, 9),
		ROW(rt_sigprocmask, 99, BUF, 0, 8),
		ROW(rt_sigprocmask, 0, HOLE, 0, 8),
		ROW(rt_sigprocmask, 0, 0, 0, 9),
		ROW(rt_sigpending, HOLE, 8),
		ROW(rt_sigpending, BUF, 9),
		ROW(sigaltstack, HOLE, 0),
		ROW(kill, 0x7ffffffe, 0),
		ROW(tkill, 0, 0),
		ROW(tgkill, 0, 1, 0),
		ROW(wait4, -1ull, 0, 1, 0),
	};

	COMPARE(rows);
}

#define LONG_NAME                                                              \
	PATH("n.............................................................." \
	     ".."                                                              \
	     "..............................................................." \
	     "."                                                               \
	     "..............................................................." \
	     "."                                                               \
	     "..............................................................." \
	     ".")

Test(sys_errno, of_two_that_are_bad)
{
	const struct row rows[] = {
		ROW(rename, PATH("file/"), HOLE),
		ROW(rename, PATH("none"), PATH(".")),
		ROW(rename, PATH("."), PATH("file/x")),
		ROW(rename, PATH("file/"), PATH("none/x")),
		ROW(rename, PATH("file/"), PATH("none")),
		ROW(rename, LONG_NAME, PATH("..")),
		ROW(rename, LONG_NAME, PATH("file/x")),
		ROW(rename, PATH("."), LONG_NAME),
		ROW(rename, PATH("none"), LONG_NAME),
		ROW(renameat2, CWD, PATH("file"), CWD, PATH("."), 1),
		ROW(renameat2, CWD, PATH("none"), CWD, PATH("file"), 4),
		ROW(renameat2, CWD, PATH("file"), CWD, PATH("none/"), 2),
		ROW(renameat2, CWD, PATH("file"), CWD, PATH("file/"), 2),
		ROW(renameat2, CWD, PATH("none"), CWD, PATH("file"), 3),
		ROW(renameat2, CWD, PATH("none"), CWD, PATH("file"), 6),
		ROW(open, PATH("file/"), O_CREAT | O_EXCL, 0644),
		ROW(open, PATH("../rw/"), O_CREAT | O_EXCL, 0644),
		ROW(open, PATH("../rw/."), O_CREAT | O_EXCL, 0644),
		ROW(open, PATH("../"), O_CREAT | O_EXCL, 0644),
		ROW(open, PATH("/"), O_CREAT | O_EXCL, 0644),
		ROW(getdents64, DIR_FD, BUF, 0x80000000),
		ROW(getdents64, RO_FILE, BUF, 0x80000000),
		ROW(setpriority, 2, 0x7ffffff0, 0),
		ROW(ioprio_set, 3, 0x7ffffff0, 0),
		ROW(ioprio_set, 2, 0x7ffffff0, 0),
		ROW(sched_getattr, 0, BUF + 1, 4096, 0),
		ROW(clock_nanosleep, 2, 0, BUF, 0),
		ROW(clock_nanosleep, 2, 1, BUF, 0),
		ROW(select, 0x8000, BUF + 1, 0, 0, BUF),
	};

	COMPARE(rows);
}

Test(sys_errno, children_and_classes)
{
	const struct row rows[] = {
		ROW(wait4, -1ull, 0, 0, 0),
		ROW(wait4, 0x80000000, 0, 0, 0),
		ROW(wait4, -1ull, 0, -1ull, 0),
		ROW(wait4, -1ull, HOLE, 1, HOLE),
		ROW(waitid, 0, 0, BUF, 1),
		ROW(waitid, 0, 0, BUF, 4),
		ROW(waitid, 9, 0, BUF, 4),
		ROW(waitid, 1, 0, BUF, 4),
		ROW(waitid, 1, 1, BUF, 4),
		ROW(waitid, 3, BAD_FD, BUF, 4),
		ROW(waitid, 3, -5ull, BUF, 4),
		ROW(waitid, 3, RO_FILE, BUF, 4),
		ROW(sched_getparam, 0, 0),
		ROW(sched_getparam, -1ull, HOLE),
		ROW(sched_getparam, 0, HOLE),
		ROW(renameat2, CWD, PATH("no"), CWD, PATH("no2"), 3),
		ROW(renameat2, CWD, PATH("no"), CWD, PATH("no2"), 1 << 7),
		ROW(prctl, 36 /* SET_CHILD_SUBREAPER */, 1),
		ROW(prctl, 37, HOLE),
		ROW(prctl, 24 /* CAPBSET_DROP */, 100),
	};

	COMPARE(rows);
}

Test(sys_errno, which_of_two_errors_comes_first)
{
	const struct row rows[] = {
		ROW(sendfile, BAD_FD, BAD_FD, HOLE, 1),
		ROW(timerfd_settime, BAD_FD, 0, HOLE, 0),
		ROW(timerfd_settime, BAD_FD, -1ull, BUF, 0),
		ROW(flock, BAD_FD, 64),
		ROW(ftruncate, BAD_FD, -1ull),
		ROW(tee, BAD_FD, PIPE_W, 1, 64),
		ROW(splice, BAD_FD, HOLE, BAD_FD, HOLE, 0, 64),
		ROW(splice, BAD_FD, HOLE, BAD_FD, HOLE, 1, 64),
		ROW(splice, PIPE_R, HOLE, RW_FILE, 0, 1, 0),
		ROW(copy_file_range, O_PATHS, HOLE, RW_FILE, 0, 1, 0),
		ROW(prlimit64, 0x7ffffff0, 99, HOLE, 0),
		ROW(prlimit64, 0x7ffffff0, 99, 0, 0),
		ROW(waitid, 9, 0, HOLE, 4),
		ROW(kcmp, 1, 0x7ffffff0, 99, 0, 0),
		ROW(kill, 0x7ffffff0, 99),
		ROW(sched_getaffinity, -1ull, 3, HOLE),
		ROW(setpgid, -5ull, 0),
		ROW(capget, BUF, HOLE),
		ROW(open, HOLE, O_CREAT | O_DIRECTORY, 0),
		ROW(open, PATH("file/"), O_CREAT, 0),
		ROW(mknod, PATH("none/x"), 0170000, 0),
		ROW(mknod, PATH("none/x"), S_IFDIR, 0),
		ROW(getxattr, PATH("none"), PATH(""), BUF, 1),
		ROW(recvmsg, RO_FILE, HOLE, 0),
		ROW(sendmsg, RO_FILE, HOLE, 1u << 31),
		ROW(recvfrom, BAD_FD, ~0ull, 1, 0, 0, 0),
		ROW(getsockopt, RO_FILE, 1, 1, HOLE, HOLE),
		ROW(socketpair, 0, 1, 0, HOLE),
		ROW(socketpair, 0, 1, 0, BUF),
		ROW(socketpair, 0, 64, 0, HOLE),
		ROW(epoll_wait, RO_FILE, ~0ull, 1, 0),
		ROW(clock_nanosleep, 3, 0, HOLE, 0),
		ROW(clock_settime, 1, HOLE),
		ROW(readv, PIPE_R, HOLE, 1ull << 63),
	};

	COMPARE(rows);
}
