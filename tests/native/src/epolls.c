/* epolls.c: epoll with every kind of timeout; which descriptors are the same.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

/* linux/kcmp.h; musl's compiler does not see Linux's headers. */
enum { KCMP_FILE, KCMP_VM, KCMP_FILES, KCMP_EPOLL_TFD = 7, KCMP_TYPES };

struct kcmp_epoll_slot {
	uint32_t efd, tfd, toff;
};

static struct epoll_event got[2];

static long wait2(int set, void *events, int max, const void *timeout)
{
	return syscall(SYS_epoll_pwait2, set, events, max, timeout, NULL, 0);
}

static void timeouts(int set)
{
	struct timespec short_time = {0, 20000000}, zero = {0, 0};
	struct timespec bad = {0, 1000000000}, negative = {-1, 0};
	void *volatile nowhere = (void *)8;

	SHOW(wait2(set, got, 2, &short_time));
	SHOW(wait2(set, got, 2, &zero));
	SHOW(wait2(set, got, 2, &bad));
	SHOW(wait2(set, got, 2, &negative));
	SHOW(wait2(set, got, 0, &short_time));
	SHOW(wait2(99, got, 1, &short_time));
	SHOW(wait2(0, got, 1, &short_time));
	SHOW(wait2(set, got, 2, nowhere));
	SHOW(epoll_wait(set, got, 2, 10));
	SHOW(epoll_wait(set, got, -1, 10));
}

static void events(int set, int to)
{
	struct timespec long_time = {1ul << 62, 0};
	void *volatile nowhere = (void *)8;

	SHOW(write(to, "x", 1));
	SHOW(wait2(set, got, 2, NULL));
	SHOW(got[0].data.u64);
	SHOW(wait2(set, got, 2, &long_time));
	SHOW(epoll_wait(set, got, 2, -1));
	SHOW(epoll_wait(set, nowhere, 2, 0));
	SHOW(syscall(SYS_epoll_pwait2, set, got, 2, NULL, got, 7));
	SHOW(syscall(SYS_epoll_pwait2, set, got, 2, NULL, nowhere, 8));
}

static long compare(int type, unsigned long a, unsigned long b)
{
	return syscall(SYS_kcmp, getpid(), getpid(), type, a, b);
}

static void same_or_not(int set, int target)
{
	struct kcmp_epoll_slot slot = {(unsigned)set, (unsigned)target, 0};
	int copy = dup(target), other = open("/dev/null", O_RDONLY);

	SHOW(compare(KCMP_FILE, (unsigned)target, (unsigned)copy));
	SHOW(compare(KCMP_FILE, (unsigned)target, (unsigned)other) > 0);
	SHOW(compare(KCMP_FILE, (unsigned)target, 99));
	SHOW(compare(KCMP_EPOLL_TFD, (unsigned)copy, (unsigned long)&slot));
	SHOW(compare(KCMP_EPOLL_TFD, (unsigned)other, (unsigned long)&slot) >
	     0);
	SHOW(compare(KCMP_EPOLL_TFD, (unsigned)copy, 8));
	slot.tfd = 98;
	SHOW(compare(KCMP_EPOLL_TFD, (unsigned)copy, (unsigned long)&slot));
	slot.efd = 0;
	SHOW(compare(KCMP_EPOLL_TFD, (unsigned)copy, (unsigned long)&slot));
	SHOW(compare(KCMP_VM, 0, 0));
	SHOW(compare(KCMP_FILES, 0, 0));
	SHOW(compare(KCMP_TYPES, 0, 0));
	SHOW(compare(-1, 0, 0));
	SHOW(syscall(SYS_kcmp, getpid(), 99999999, KCMP_VM, 0, 0));
}

int main(void)
{
	struct epoll_event event = {EPOLLIN, {.u64 = 7}};
	int set = epoll_create1(0), p[2];

	SHOW(pipe(p));
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, p[0], &event));
	timeouts(set);
	events(set, p[1]);
	same_or_not(set, p[0]);
	SHOW(setfsuid(-1) == (int)geteuid());
	SHOW(setfsgid(-1) == (int)getegid());
	return 0;
}
