/*
 * What a program may change of itself at the host's scheduler: down, not up.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "sys_fixture.h"

TestSuite(sys_self, .init = sys_setup, .fini = sys_teardown);

Test(sys_self, priority_only_sinks)
{
	int nice = getpriority(PRIO_PROCESS, 0);

	cr_assert_eq(call(SYS_setpriority, PRIO_PROCESS, 0, (uint64_t)nice), 0);
	cr_assert_eq(call(SYS_setpriority, PRIO_PROCESS, 0, (uint64_t)nice + 1),
		     0);
	cr_assert_eq(getpriority(PRIO_PROCESS, 0), nice < 19 ? nice + 1 : 19);
	cr_assert_eq(call(SYS_setpriority, PRIO_PROCESS, 0, -20ull), -EACCES);
	cr_assert_eq(call(SYS_setpriority, 3, 0, 0), -EINVAL);
	cr_assert_eq(call(SYS_setpriority, PRIO_PROCESS, 1, 5), -EPERM);
	cr_assert_eq(call(SYS_setpriority, PRIO_USER, 0, 19), -EPERM);
	cr_assert_eq(call(SYS_setpriority, PRIO_PROCESS, 0x7fffffff, 5),
		     -ESRCH);
}

Test(sys_self, classes_that_starve_others_are_refused)
{
	int *priority = fake_at(&cpu, VA0);

	*priority = 1;
	cr_assert_eq(call(SYS_sched_setscheduler, 0, SCHED_FIFO, VA0), -EPERM);
	cr_assert_eq(call(SYS_sched_setscheduler, 0, SCHED_RR, VA0), -EPERM);
	cr_assert_eq(call(SYS_sched_setscheduler, 0,
			  SCHED_FIFO | SCHED_RESET_ON_FORK, VA0),
		     -EPERM);
	*priority = 0;
	cr_assert_eq(call(SYS_sched_setscheduler, 0, SCHED_BATCH, VA0), 0);
	cr_assert_eq(sched_getscheduler(0), SCHED_BATCH);
	cr_assert_eq(call(SYS_sched_setscheduler, 0, SCHED_BATCH, BAD),
		     -EFAULT);
	cr_assert_eq(call(SYS_sched_setscheduler, 1, SCHED_BATCH, VA0), -EPERM);
	cr_assert_eq(call(SYS_ioprio_set, 1, 0, 1 << 13 | 0), -EPERM);
	cr_assert_eq(call(SYS_ioprio_set, 1, 0, 2 << 13 | 0), -EPERM);
	cr_assert_eq(call(SYS_ioprio_set, 7, 0, 2 << 13 | 7), -EINVAL);
	cr_assert_eq(call(SYS_ioprio_set, 1, 0, 2 << 13 | 7), 0);
	cr_assert_eq(call(SYS_ioprio_set, 1, 0, 2 << 13 | 6), -EPERM);
	cr_assert_eq(call(SYS_ioprio_set, 1, 0, 3 << 13), 0);
	cr_assert_eq(call(SYS_ioprio_get, 1, 0), 3 << 13);
}

Test(sys_self, who_went_idle_stays_so)
{
	int *priority = fake_at(&cpu, VA0);

	*priority = 0;
	cr_assert_eq(call(SYS_sched_setscheduler, 0, SCHED_IDLE, VA0), 0);
	cr_assert_eq(call(SYS_sched_setscheduler, 0, SCHED_OTHER, VA0), -EPERM);
	cr_assert_eq(call(SYS_sched_setscheduler, 0, SCHED_IDLE, VA0), 0);
	cr_assert_eq(call(SYS_sched_setparam, 0, VA0), 0);
	*priority = 100;
	cr_assert_eq(call(SYS_sched_setscheduler, 0, SCHED_FIFO, VA0), -EINVAL);
	cr_assert_eq(call(SYS_sched_setscheduler, 0, SCHED_OTHER, VA0),
		     -EINVAL);
	cr_assert_eq(sched_getscheduler(0), SCHED_IDLE);
}

#define KEEP_POLICY 8

Test(sys_self, a_class_that_is_kept_is_judged_as_what_it_is)
{
	int nice = getpriority(PRIO_PROCESS, 0);
	uint32_t *attr = fake_at(&cpu, VA0);

	memset(attr, 0, 256);
	attr[0] = 48;
	attr[1] = SCHED_IDLE; /* not what it has */
	attr[2] = KEEP_POLICY;
	attr[4] = (uint32_t)-20;
	cr_assert_eq(call(SYS_sched_setattr, 0, VA0, 0), -EPERM);
	attr[1] = 7; /* SCHED_EXT */
	attr[2] = 0;
	cr_assert_eq(call(SYS_sched_setattr, 0, VA0, 0), -EPERM);
	attr[1] = SCHED_OTHER;
	attr[2] = KEEP_POLICY | 0x10 /* KEEP_PARAMS */;
	cr_assert_eq(call(SYS_sched_setattr, 0, VA0, 0), 0);
	attr[1] = SCHED_FIFO;
	attr[2] = 0;
	attr[5] = 100;
	cr_assert_eq(call(SYS_sched_setattr, 0, VA0, 0), -EINVAL);
	cr_assert_eq(getpriority(PRIO_PROCESS, 0), nice);
}

Test(sys_self, attributes_of_the_scheduler_are_read)
{
	uint32_t *attr = fake_at(&cpu, VA0);

	memset(attr, 0xff, 256);
	cr_assert_eq(call(SYS_sched_getattr, 0, VA0, 48, 0), 0);
	cr_assert_eq(attr[0], 48);
	cr_assert_eq(attr[12], 0xffffffff, "no more than asked for");
	cr_assert_eq(call(SYS_sched_getattr, 0, VA0, 47, 0), -EINVAL);
	cr_assert_eq(call(SYS_sched_getattr, 0, VA0, 4097, 0), -EINVAL);
	cr_assert_eq(call(SYS_sched_getattr, 0, VA0, 48, 1), -EINVAL);
	cr_assert_eq(call(SYS_sched_getattr, 0, BAD, 48, 0), -EFAULT);
}

Test(sys_self, processors_are_set_for_itself_alone)
{
	cpu_set_t before, after;
	uint64_t *mask = fake_at(&cpu, VA0);

	sched_getaffinity(0, sizeof(before), &before);
	memset(mask, 0, 128);
	for (int i = 0; i < 64 && !*mask; i++)
		if (CPU_ISSET(i, &before))
			*mask = 1ull << i;
	cr_assert_eq(call(SYS_sched_setaffinity, 0, 8, VA0), 0);
	sched_getaffinity(0, sizeof(after), &after);
	cr_assert_eq(CPU_COUNT(&after), 1);
	*mask = 0;
	cr_assert_eq(call(SYS_sched_setaffinity, 0, 8, VA0), -EINVAL);
	cr_assert_eq(call(SYS_sched_setaffinity, 0, 8, BAD), -EFAULT);
	cr_assert_eq(call(SYS_sched_setaffinity, 1, 8, VA0), -EPERM);
}

Test(sys_self, a_group_is_founded_and_others_are_not_moved)
{
	/* A leader of a session stays in its group. */
	cr_assert_eq(call(SYS_setpgid, 0, 0),
		     getsid(0) == getpid() ? -EPERM : 0);
	cr_assert_eq(call(SYS_getpgrp), getpid());
	cr_assert_eq(call(SYS_setpgid, 1, 0), -ESRCH);
	cr_assert_eq(call(SYS_setpgid, 0, -1ull), -EINVAL);
}

Test(sys_self, personality_is_remembered)
{
	cr_assert_eq(call(SYS_personality, 0xffffffff), 0);
	cr_assert_eq(call(SYS_personality, ADDR_NO_RANDOMIZE), 0);
	cr_assert_eq(call(SYS_personality, 0xffffffff), ADDR_NO_RANDOMIZE);
	cr_assert_eq(call(SYS_personality, READ_IMPLIES_EXEC),
		     ADDR_NO_RANDOMIZE);
	cr_assert_eq(call(SYS_personality, 0xffffffff), READ_IMPLIES_EXEC);
}

Test(sys_self, the_clock_is_read_and_not_steered)
{
	struct timex *t = fake_at(&cpu, VA0), host = {0};

	adjtimex(&host);
	memset(t, 0, sizeof(*t));
	cr_assert_geq(call(SYS_adjtimex, VA0), 0);
	cr_assert_eq(t->tick, host.tick);
	t->modes = ADJ_TICK;
	cr_assert_eq(call(SYS_adjtimex, VA0), -EPERM);
	cr_assert_eq(call(SYS_clock_adjtime, CLOCK_REALTIME, VA0), -EPERM);
	t->modes = ADJ_OFFSET_SS_READ;
	cr_assert_geq(call(SYS_adjtimex, VA0), 0);
}

Test(sys_self, only_namespaces_are_shared_with_others)
{
	cr_assert_eq(call(SYS_unshare, CLONE_FILES | CLONE_FS | CLONE_VM), 0);
	cr_assert_eq(call(SYS_unshare, CLONE_NEWNS), -EPERM);
	cr_assert_eq(call(SYS_unshare, CLONE_NEWUSER | CLONE_FILES), -EPERM);
	cr_assert_eq(call(SYS_unshare, CLONE_VFORK), -EINVAL);
}

Test(sys_self, attributes_of_the_scheduler_obey_the_same_rules)
{
	uint32_t *attr = fake_at(&cpu, VA0);

	memset(attr, 0, 256);
	attr[0] = 48;
	attr[1] = SCHED_FIFO;
	attr[5] = 1;
	cr_assert_eq(call(SYS_sched_setattr, 0, VA0, 0), -EPERM);
	attr[1] = SCHED_OTHER;
	attr[4] = (uint32_t)-20;
	attr[5] = 0;
	cr_assert_eq(call(SYS_sched_setattr, 0, VA0, 0), -EPERM);
	attr[4] = 19;
	cr_assert_eq(call(SYS_sched_setattr, 1, VA0, 0), -EPERM);
	cr_assert_eq(call(SYS_sched_setattr, 0, VA0, 0), 0);
	cr_assert_eq(getpriority(PRIO_PROCESS, 0), 19);
}

Test(sys_self, a_process_outside_can_be_watched_and_no_more)
{
	int64_t fd = call(SYS_pidfd_open, 1);

	cr_assert_geq(fd, 0);
	cr_assert_eq(call(SYS_pidfd_send_signal, (uint64_t)fd, 0), -EPERM);
	cr_assert_eq(call(SYS_pidfd_getfd, (uint64_t)fd, 0), -EPERM);
	cr_assert_eq(call(SYS_process_mrelease, (uint64_t)fd), -EPERM);
	cr_assert_eq(call(SYS_setns, (uint64_t)fd, CLONE_NEWUTS), -EPERM);
	cr_assert_eq(call(SYS_setns, (uint64_t)fd, 0), -EINVAL);
}

/* Harmless arguments: should the host be asked after all. */
Test(sys_self, the_machine_is_not_changed)
{
	static const long calls[] = {
		SYS_mount,	  SYS_umount2,	     SYS_mount_setattr,
		SYS_pivot_root,	  SYS_swapon,	     SYS_swapoff,
		SYS_sethostname,  SYS_setdomainname, SYS_init_module,
		SYS_finit_module, SYS_delete_module, SYS_acct,
		SYS_kexec_load,	  SYS_quotactl,	     SYS_open_by_handle_at,
		SYS_fsopen,
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		cr_assert_eq(call(calls[i], BAD, BAD, 0x7fffffff, BAD, BAD),
			     -EPERM, "call %ld", calls[i]);
	cr_assert_eq(call(SYS_chroot, path_at(VA0, "rw")), -EPERM);
	cr_assert_eq(call(SYS_chroot, path_at(VA0, "rw/file")), -ENOTDIR);
	cr_assert_eq(call(SYS_ioperm, 0x80, 1, 1), -EPERM);
	cr_assert_eq(call(SYS_ioperm, 0x80, 1, 0), 0);
	cr_assert_eq(call(SYS_iopl, 3), -EPERM);
	cr_assert_eq(call(SYS_iopl, 4), -EINVAL);
	cr_assert_eq(call(SYS_setns, 0, 0), -EINVAL);
}
