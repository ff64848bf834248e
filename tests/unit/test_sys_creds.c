/*
 * What has the program become, and what has the VMM kept?
 *
 * Calls are made by a thread of their own, as credentials are a thread's: so
 * the test itself stays who it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys_fixture.h"

TestSuite(sys_creds, .init = sys_setup, .fini = sys_teardown);

#define NOBODY 65534

struct step {
	long nr;
	uint64_t arg[6];
	int64_t want, got;
};

static void *make_steps(void *arg)
{
	for (struct step *s = arg; s->nr; s++)
		s->got = sys_call(s->nr, s->arg);
	return NULL;
}

/* The last has nr 0: getpid has another number, and read(2) nobody needs. */
static void as_program(struct step *steps)
{
	pthread_t own;

	cr_assert_eq(pthread_create(&own, NULL, make_steps, steps), 0);
	pthread_join(own, NULL);
	for (const struct step *s = steps; s->nr; s++)
		cr_expect_eq(s->got, s->want, "step %zu: %ld, not %ld",
			     (size_t)(s - steps), (long)s->got, (long)s->want);
}

static void need_root(void)
{
	if (geteuid())
		cr_skip_test("only root has something to give up");
}

static uint64_t no_caps(uint64_t va)
{
	const struct __user_cap_header_struct head = {
		_LINUX_CAPABILITY_VERSION_3, 0};
	const struct __user_cap_data_struct none[2] = {{0}};

	fake_put(&cpu, va + 64, none, sizeof(none));
	return fake_put(&cpu, va, &head, sizeof(head));
}

Test(sys_creds, what_is_given_up_is_gone_and_the_vmm_has_it)
{
	struct step steps[] = {
		{SYS_setgroups, {0, 0}, 0, 0},
		{SYS_setresgid, {NOBODY, NOBODY, NOBODY}, 0, 0},
		{SYS_setresuid, {NOBODY, NOBODY, NOBODY}, 0, 0},
		{SYS_getuid, {0}, NOBODY, 0},
		{SYS_getegid, {0}, NOBODY, 0},
		{SYS_getresuid, {VA0, VA0 + 4, VA0 + 8}, 0, 0},
		{SYS_setuid, {0}, -EPERM, 0},
		{SYS_setgroups, {0, 0}, -EPERM, 0},
		{SYS_setfsuid, {0}, NOBODY, 0},
		{SYS_setfsuid, {0}, NOBODY, 0},
		{SYS_prctl, {PR_CAPBSET_DROP, CAP_CHOWN}, -EPERM, 0},
		{SYS_prctl, {PR_GET_DUMPABLE}, 0, 0},
		{0},
	};

	need_root();
	as_program(steps);
	cr_assert_eq(((int *)fake_at(&cpu, VA0))[2], NOBODY);
	cr_assert_eq(geteuid(), 0);
	cr_assert_eq(prctl(PR_CAPBSET_READ, CAP_CHOWN), 1);
}

Test(sys_creds, files_are_judged_by_what_is_left)
{
	struct step steps[] = {
		{SYS_chdir, {path_at(VA1, "rw")}, 0, 0},
		{SYS_openat, {(uint64_t)AT_FDCWD, VA0, O_RDONLY}, 0, 0},
		{SYS_setresuid, {0, NOBODY, 0}, 0, 0},
		{SYS_openat, {(uint64_t)AT_FDCWD, VA0, O_RDONLY}, -EACCES, 0},
		{SYS_access, {VA0, R_OK}, 0, 0},
		{SYS_faccessat2,
		 {(uint64_t)AT_FDCWD, VA0, R_OK, AT_EACCESS},
		 -EACCES,
		 0},
		{SYS_setresuid, {0, 0, 0}, 0, 0},
		{SYS_openat, {(uint64_t)AT_FDCWD, VA0, O_RDONLY}, 1, 0},
		{0},
	};

	need_root();
	chmod(scratch, 0755);
	chmod(in_scratch("rw/file"), 0600);
	fake_str(&cpu, VA0, "file");
	steps[1].want = sys_call(SYS_dup, (const uint64_t[6]){0});
	call(SYS_close, (uint64_t)steps[1].want);
	steps[7].want = steps[1].want + 1;
	as_program(steps);
}

Test(sys_creds, temporary_files_are_removed_by_who_the_vmm_was)
{
	struct stat st;
	struct step steps[] = {
		{SYS_mkdir, {path_at(VA0, "tmp/d"), 0700}, 0, 0},
		{SYS_mkdir, {path_at(VA1, "tmp/d/e"), 0700}, 0, 0},
		{SYS_chmod, {VA0, 0}, 0, 0},
		{SYS_capset, {no_caps(VA2), VA2 + 64}, 0, 0},
		{SYS_setuid, {NOBODY}, -EPERM, 0},
		{SYS_chown, {VA1, NOBODY, NOBODY}, -EACCES, 0},
		{0},
	};

	need_root();
	as_program(steps);
	sys_end();
	cr_assert_eq(stat(in_scratch("tmp/d"), &st), -1);
}

Test(sys_creds, what_locks_memory_follows_the_capability)
{
	struct step steps[] = {
		{SYS_capset, {no_caps(VA2), VA2 + 64}, 0, 0},
		{0},
	};

	need_root();
	as_program(steps);
	cr_assert_neq(cpu.limits.memlock, UINT64_MAX);
}

Test(sys_creds, groups_are_checked_in_the_order_of_linux)
{
	struct step steps[] = {
		{SYS_setgroups, {65537, BAD}, -EINVAL, 0},
		{SYS_setgroups, {3, BAD}, -EFAULT, 0},
		{SYS_setgroups, {3, VA0}, 0, 0},
		{SYS_getgroups, {0, BAD}, 3, 0},
		{SYS_getgroups, {2, VA1}, -EINVAL, 0},
		{SYS_getgroups, {-1ull, VA1}, -EINVAL, 0},
		{SYS_getgroups, {3, BAD}, -EFAULT, 0},
		{SYS_getgroups, {9, VA1}, 3, 0},
		{SYS_setresuid, {-1ull, NOBODY, -1ull}, 0, 0},
		{SYS_setgroups, {65537, BAD}, -EPERM, 0},
		{0},
	};
	const int ids[] = {7, 5, 6};

	need_root();
	fake_put(&cpu, VA0, ids, sizeof(ids));
	as_program(steps);
	cr_assert_eq(memcmp(fake_at(&cpu, VA1), (int[]){5, 6, 7}, 12), 0);
}

Test(sys_creds, one_who_has_nothing_gains_nothing)
{
	const uint64_t keep = 0xffffffff;
	struct step steps[] = {
		{SYS_setresuid, {keep, NOBODY, NOBODY}, 0, 0},
		{SYS_setresuid, {0, 0, 0}, 0, 0},
		{SYS_setresuid, {NOBODY, NOBODY, NOBODY}, 0, 0},
		{SYS_setresuid, {keep, NOBODY, keep}, 0, 0},
		{SYS_setresuid, {keep, NOBODY + 1, keep}, -EPERM, 0},
		{SYS_setreuid, {NOBODY + 1, keep}, -EPERM, 0},
		{SYS_setuid, {NOBODY}, 0, 0},
		{SYS_setuid, {NOBODY + 1}, -EPERM, 0},
		{SYS_prctl,
		 {PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN},
		 -EPERM,
		 0},
		{SYS_prctl, {PR_SET_SECUREBITS, 1}, -EPERM, 0},
		{0},
	};

	need_root();
	as_program(steps);
}
