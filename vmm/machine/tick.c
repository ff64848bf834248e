/*
 * tick.c: see tick.h.
 */
#include "tick.h"

#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define PERIOD_NS 50000000

#define KERNEL_SIGSET 8 /* bytes: what the kernel's sigset_t has */

/* struct kvm_signal_mask ends in an array. */
union kvm_mask {
	struct kvm_signal_mask head;
	uint8_t room[sizeof(struct kvm_signal_mask) + KERNEL_SIGSET];
};

/* Signals that are blocked while the guest runs. */
static int set_mask(int vcpu_fd, const sigset_t *set)
{
	union kvm_mask mask = {.head.len = KERNEL_SIGSET};

	memcpy(mask.head.sigset, set, KERNEL_SIGSET);
	return ioctl(vcpu_fd, KVM_SET_SIGNAL_MASK, &mask) ? -errno : 0;
}

static void tick_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGRTMIN);
}

static int start_timer(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGRTMIN,
	};
	const struct itimerspec when = {
		.it_interval.tv_nsec = PERIOD_NS,
		.it_value.tv_nsec = PERIOD_NS,
	};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &when, NULL))
		return -errno;
	return 0;
}

int tick_start(int vcpu_fd)
{
	sigset_t tick, mask;
	int ret;

	tick_set(&tick);
	sigprocmask(SIG_BLOCK, &tick, &mask);
	sigdelset(&mask, SIGRTMIN);
	ret = set_mask(vcpu_fd, &mask);
	return ret ? ret : start_timer();
}

bool tick_came(void)
{
	const struct timespec now = {0};
	sigset_t tick;

	tick_set(&tick);
	return sigtimedwait(&tick, NULL, &now) == SIGRTMIN;
}
