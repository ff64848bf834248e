/*
 * telling.c DIR: calls that only tell something (of mounts, handles, processes,
 * the scheduler, segments), and fchmodat2. What is told may change: printed is
 * whether it is the same when told again, or by another call.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "show.h"

#define BAD ((void *)16ul)

static char a[8192] __attribute__((aligned(8)));
static char b[8192] __attribute__((aligned(8)));

static void file_systems(void)
{
	struct stat st;

	for (int i = 0; i < 5; i++) {
		SHOW(syscall(SYS_sysfs, 2, i, a));
		puts(a);
		SHOW(syscall(SYS_sysfs, 1, a));
	}
	SHOW(syscall(SYS_sysfs, 3));
	SHOW(syscall(SYS_sysfs, 4));
	SHOW(syscall(SYS_sysfs, 1, "none"));
	SHOW(syscall(SYS_sysfs, 1, BAD));
	SHOW(syscall(SYS_sysfs, 2, 0, BAD));
	SHOW(syscall(SYS_sysfs, 2, 1000, a));
	stat("/proc", &st);
	SHOW(syscall(SYS_ustat, (unsigned)st.st_dev, a));
	SHOW(syscall(SYS_ustat, (unsigned)st.st_dev, BAD));
	SHOW(syscall(SYS_ustat, (unsigned)makedev(77, 77), a));
}

/* struct mnt_id_req, and what follows it in later kernels. */
static uint64_t request[600];

static void ask(uint64_t size, uint64_t id, uint64_t param)
{
	memset(request, 0, sizeof(request));
	request[0] = size;
	request[1] = id;
	request[2] = param;
}

static void mounts(void)
{
	const uint64_t root = -1ul;
	uint64_t *ids = (uint64_t *)a;
	long n;

	ask(24, root, 0);
	n = syscall(458, request, a, 1000, 0);
	SHOW(n > 0);
	SHOW(syscall(458, request, b, 1, 1));
	SHOW(memcmp(b, &ids[n - 1], 8));
	SHOW(syscall(458, request, BAD, 1, 0));
	SHOW(syscall(458, request, b, 1, 2));
	SHOW(syscall(458, request, b, 1000001, 0));
	SHOW(syscall(458, BAD, b, 1, 0));
	ask(24, ids[0], 0x3f);
	SHOW(syscall(457, request, b, sizeof(b), 0));
	SHOW(syscall(457, request, b, 100, 0));
	SHOW(syscall(457, request, BAD, sizeof(b), 0));
	SHOW(syscall(457, request, b, sizeof(b), 1));
	ask(24 | 1ul << 32, ids[0], 1);
	SHOW(syscall(457, request, b, sizeof(b), 0));
	ask(23, ids[0], 1);
	SHOW(syscall(457, request, b, sizeof(b), 0));
	ask(4097, ids[0], 1);
	SHOW(syscall(457, request, b, sizeof(b), 0));
	ask(4096, ids[0], 1);
	request[500] = 1;
	SHOW(syscall(457, request, b, sizeof(b), 0));
	ask(24, 12345678901, 1);
	SHOW(syscall(457, request, b, sizeof(b), 0));
}

static long handle(const char *path, unsigned room, char *to, int flags)
{
	memset(to, 0, 200);
	memcpy(to, &room, 4);
	return syscall(SYS_name_to_handle_at, AT_FDCWD, path, to, to + 160,
		       flags);
}

static void handles(const char *dir)
{
	SHOW(handle(dir, 128, a, 0));
	SHOW(handle(dir, 128, b, AT_SYMLINK_FOLLOW));
	SHOW(memcmp(a, b, 200));
	SHOW(handle("/proc/self", 0, a, 0));
	SHOW(handle(dir, 0, a, 0));
	fwrite(a, 1, 4, stdout);
	SHOW(handle(dir, 129, a, 0));
	SHOW(handle("/none", 128, a, 0));
	SHOW(handle("", 128, a, 0));
	SHOW(handle("", 128, a, AT_EMPTY_PATH));
	SHOW(handle(dir, 128, a, 0x400));
	SHOW(handle(dir, 128, a, 1));
	SHOW(syscall(SYS_name_to_handle_at, AT_FDCWD, dir, BAD, a, 0));
	SHOW(syscall(SYS_name_to_handle_at, AT_FDCWD, dir, a, BAD, 0));
}

static void modules(void)
{
	uint32_t size = 512;

	SHOW(syscall(461, a, &size, 0));
	SHOW(size);
	fwrite(a, 1, size, stdout);
	size = 4;
	SHOW(syscall(461, a, &size, 0));
	SHOW(size);
	SHOW(syscall(461, a, &size, 1));
	SHOW(syscall(461, a, BAD, 0));
	size = 512;
	SHOW(syscall(461, BAD, &size, 0));
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	printf("signal %d, code %d, value %d\n", sig, info->si_code,
	       info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

static void processes(void)
{
	struct sigaction act = {.sa_sigaction = on_signal,
				.sa_flags = SA_SIGINFO};
	int fd = syscall(SYS_pidfd_open, getpid(), 0), pipes[2], copy;
	struct pollfd p = {fd, POLLIN, 0};
	siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};

	info.si_value.sival_int = 77;
	sigaction(SIGUSR1, &act, NULL);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(poll(&p, 1, 0));
	SHOW(syscall(SYS_pidfd_open, getpid(), 1));
	SHOW(syscall(SYS_pidfd_open, 0, 0));
	SHOW(syscall(SYS_pidfd_open, 0x3fffffff, 0));
	SHOW(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0));
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, 0, 0));
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, &info, 0));
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGUSR2, &info, 0));
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, BAD, 0));
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, 0, 3));
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, 0, 8));
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, 0, 1));
	SHOW(syscall(SYS_pidfd_send_signal, fd, 65, 0, 0));
	SHOW(syscall(SYS_pidfd_send_signal, 0, SIGUSR1, 0, 0));
	SHOW(syscall(SYS_pidfd_send_signal, -1, SIGUSR1, 0, 0));
	SHOW(syscall(SYS_pidfd_send_signal, -10000, SIGUSR1, 0, 0));
	SHOW(syscall(SYS_pidfd_send_signal, -10001, SIGUSR1, 0, 0));
	pipe(pipes);
	copy = syscall(SYS_pidfd_getfd, fd, pipes[0], 0);
	SHOW(fcntl(copy, F_GETFD));
	SHOW(write(pipes[1], "x", 1));
	SHOW(read(copy, a, 1));
	SHOW(syscall(SYS_pidfd_getfd, fd, 99, 0));
	SHOW(syscall(SYS_pidfd_getfd, 0, 0, 0));
	SHOW(syscall(SYS_pidfd_getfd, fd, 0, 1));
	SHOW(syscall(448, fd, 0));
	SHOW(syscall(448, fd, 1));
	SHOW(syscall(448, 0, 0));
	SHOW(syscall(448, 99, 0));
}

static void scheduling(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t more[40];
	} attr = {48, SCHED_BATCH, 0, 3};

	SHOW(syscall(SYS_sched_setattr, 0, &attr, 0));
	SHOW(sched_getscheduler(0));
	memset(&attr, 0, sizeof(attr));
	SHOW(syscall(SYS_sched_getattr, 0, &attr, 48, 0));
	printf("policy %u nice %d\n", attr.policy, attr.nice);
	attr.nice = 5;
	SHOW(syscall(SYS_sched_setattr, 0, &attr, 1));
	SHOW(syscall(SYS_sched_setattr, -1, &attr, 0));
	SHOW(syscall(SYS_sched_setattr, 0, NULL, 0));
	SHOW(syscall(SYS_sched_setattr, 0, BAD, 0));
	attr.size = 40;
	SHOW(syscall(SYS_sched_setattr, 0, &attr, 0));
	SHOW(attr.size);
	attr.size = 0;
	SHOW(syscall(SYS_sched_setattr, 0, &attr, 0));
	attr.size = 200;
	SHOW(syscall(SYS_sched_setattr, 0, &attr, 0));
	attr.more[10] = 1;
	SHOW(syscall(SYS_sched_setattr, 0, &attr, 0));
	SHOW(attr.size);
	attr.size = 5000;
	SHOW(syscall(SYS_sched_setattr, 0, &attr, 0));
	attr.size = 48;
	attr.policy = 99;
	SHOW(syscall(SYS_sched_setattr, 0, &attr, 0));
	SHOW(syscall(SYS_sched_setattr, 0x3fffffff, &attr, 0));
}

/* The number is cut to 32 bits, and so no error to the C library. */
static void segments(void)
{
	uint32_t d[4] = {0, 0, 0, 0x28};

	SHOW(syscall(SYS_modify_ldt, 0, a, 100));
	memset(a, 1, 200);
	SHOW(syscall(SYS_modify_ldt, 2, a, 200));
	SHOW(a[127] * 10 + a[128]);
	SHOW(syscall(SYS_modify_ldt, 2, a, 5));
	SHOW(syscall(SYS_modify_ldt, 2, BAD, 5));
	SHOW(syscall(SYS_modify_ldt, 3, a, 5));
	SHOW(syscall(SYS_modify_ldt, 1, d, 15));
	SHOW(syscall(SYS_modify_ldt, 1, BAD, 16));
	SHOW(syscall(SYS_modify_ldt, 0x11, d, 16)); /* empty */
	d[3] = 6;
	SHOW(syscall(SYS_modify_ldt, 1, d, 16));
	SHOW(syscall(SYS_modify_ldt, 0x11, d, 16));
	d[0] = 8192;
	SHOW(syscall(SYS_modify_ldt, 0x11, d, 16));
}

static void modes(const char *dir)
{
	struct stat st;

	chdir(dir);
	close(open("file", O_CREAT | O_RDWR, 0600));
	symlink("file", "link");
	SHOW(syscall(452, AT_FDCWD, "file", 0640, 0));
	SHOW(syscall(452, AT_FDCWD, "link", 0604, 0));
	SHOW(syscall(452, AT_FDCWD, "link", 0444, AT_SYMLINK_NOFOLLOW));
	SHOW(syscall(452, AT_FDCWD, "file", 0444, 1));
	SHOW(syscall(452, open("file", O_RDONLY), "", 0606, AT_EMPTY_PATH));
	SHOW(syscall(452, 99, "", 0606, AT_EMPTY_PATH));
	SHOW(syscall(452, AT_FDCWD, "none", 0600, 0));
	stat("file", &st);
	printf("%o\n", st.st_mode);
	unlink("link");
}

int main(int argc, char **argv)
{
	uint64_t range[2] = {0, 0}, cached[5] = {0};
	int fd = open(argv[0], O_RDONLY);

	file_systems();
	mounts();
	handles(argv[1]);
	modules();
	processes();
	scheduling();
	segments();
	modes(argv[1]);
	SHOW(syscall(451, fd, range, cached, 0));
	SHOW(cached[0] > 0);
	SHOW(syscall(451, fd, range, cached, 1));
	SHOW(syscall(451, fd, BAD, cached, 0));
	SHOW(syscall(451, fd, range, BAD, 0));
	SHOW(syscall(451, 99, range, cached, 0));
	SHOW(syscall(SYS_restart_syscall));
	return 0;
}
