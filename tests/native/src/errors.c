/* errors.c: what bad calls give. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

/* Not constants, for the compiler knows what these calls would do. */
static void *volatile bad = (void *)8;
static void *volatile kernel = (void *)0xffff888000000000;

static void descriptors(void)
{
	char c;
	struct stat st;

	SHOW(read(99, &c, 1));
	SHOW(write(-1, &c, 1));
	SHOW(close(-1));
	SHOW(fstat(99, &st));
	SHOW(lseek(99, 0, SEEK_SET));
	SHOW(fcntl(99, F_GETFL));
	SHOW(fcntl(1, 9999));
	SHOW(ioctl(99, TCGETS, &c));
	SHOW(dup(99));
	SHOW(dup2(1, -1));
	SHOW(fsync(99));
	SHOW(ftruncate(0, 10));
	SHOW(syscall(SYS_getdents64, 0, &c, 1));
	SHOW(writev(99, NULL, 0));
	SHOW(fchdir(99));
}

static void pointers(void)
{
	int fd = open("/etc/passwd", O_RDONLY);
	struct iovec v = {bad, 100};

	SHOW(read(fd, bad, 100));
	SHOW(read(fd, kernel, 100));
	SHOW(read(fd, (void *)-1, 100));
	SHOW(read(fd, bad, 0));
	SHOW(write(1, bad, 10));
	SHOW(write(1, kernel, 10));
	SHOW(readv(fd, &v, 1));
	SHOW(readv(fd, bad, 1));
	SHOW(open(bad, O_RDONLY));
	SHOW(open(kernel, O_RDONLY));
	SHOW(syscall(SYS_stat, "/", bad));
	SHOW(syscall(SYS_stat, bad, &v));
	SHOW(syscall(SYS_uname, bad));
	SHOW(syscall(SYS_clock_gettime, 0, bad));
	SHOW(syscall(SYS_nanosleep, bad, NULL));
	SHOW(syscall(SYS_poll, bad, 1, 0));
	SHOW(syscall(SYS_getcwd, bad, 100));
	SHOW(syscall(SYS_getcwd, bad, 1));
	SHOW(syscall(SYS_rt_sigaction, SIGUSR1, bad, NULL, 8));
	SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, bad, NULL, 8));
	SHOW(syscall(SYS_getrlimit, 3, bad));
	SHOW(syscall(SYS_pipe2, bad, 0));
	SHOW(syscall(SYS_gettimeofday, bad, NULL));
	SHOW(mprotect((void *)4096, 4096, PROT_READ));
	SHOW(syscall(SYS_readlink, "/proc/self/exe", bad, 100));
}

static void paths(void)
{
	static char longname[6000];
	struct stat st;

	memset(longname, 'n', sizeof(longname) - 1);
	SHOW(open("", O_RDONLY));
	SHOW(open("/no/such/file", O_RDONLY));
	SHOW(open("/etc/passwd/x", O_RDONLY));
	SHOW(open("/etc/passwd", O_RDONLY | O_DIRECTORY));
	SHOW(open("/etc", O_RDWR));
	SHOW(stat("/no/such", &st));
	SHOW(open(longname, O_RDONLY));
	longname[300] = 0;
	SHOW(open(longname, O_RDONLY));
	SHOW(access("/etc/passwd", 99));
	SHOW(access("/etc/passwd", R_OK));
	SHOW(chdir("/etc/passwd"));
	SHOW(readlink("/etc/passwd", longname, 10));
	SHOW(readlink("/", longname, 0));
	SHOW(fstatat(99, "x", &st, 0));
	SHOW(fstatat(99, "/", &st, 0));
	SHOW(fstatat(0, "", &st, AT_EMPTY_PATH));
	SHOW(fstatat(AT_FDCWD, "/", &st, 0x40000000));
	SHOW(openat(1, "x", O_RDONLY));
	SHOW(unlink("/no/such"));
	SHOW(rmdir("/no/such"));
}

static void arguments(void)
{
	sigset_t set;
	struct pollfd p = {0, 0, 0};

	SHOW(syscall(SYS_rt_sigaction, 0, NULL, NULL, 8));
	SHOW(syscall(SYS_rt_sigaction, SIGKILL, &set, NULL, 8));
	SHOW(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 9));
	SHOW(syscall(SYS_rt_sigprocmask, 99, &set, NULL, 8));
	SHOW(syscall(SYS_rt_sigprocmask, 0, NULL, NULL, 16));
	SHOW(kill(getpid(), 99));
	SHOW(kill(getpid(), 0));
	SHOW(syscall(SYS_arch_prctl, 0x9999, 0));
	SHOW(syscall(SYS_prctl, 12345, 0, 0, 0, 0));
	SHOW(ppoll(&p, 1, &(struct timespec){0, 2000000000}, NULL));
	SHOW(clock_getres(99, NULL) ? -1 : 0);
	SHOW(syscall(SYS_madvise, 4097, 4096, 0));
	SHOW(syscall(SYS_set_robust_list, &set, 5));
	SHOW(syscall(SYS_futex, &set, 99, 0, NULL, NULL, 0));
	SHOW(syscall(SYS_lseek, 0, 0, 77));
	SHOW(syscall(9999));
	SHOW(syscall(-1));
	SHOW(ioctl(0, TCGETS, &set));
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	descriptors();
	pointers();
	paths();
	arguments();
	return 0;
}
