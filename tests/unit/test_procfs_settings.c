/*
 * What does a program set of itself in /proc, and what does the host hear of
 * it?
 */
#include <linux/capability.h>
#include <sys/prctl.h>

#include "procfs_fixture.h"

TestSuite(procfs_settings, .init = procfs_setup, .fini = sys_teardown);

static int64_t set(const char *path, const char *text)
{
	int64_t fd = open_abs(path, O_RDWR), n;

	cr_assert_geq(fd, 0, "%s: %ld", path, (long)fd);
	fake_str(&cpu, VA1, text);
	n = call(SYS_write, (uint64_t)fd, VA1, strlen(text));
	call(SYS_close, (uint64_t)fd);
	return n;
}

static const char *host(const char *path)
{
	static char text[64];
	FILE *f = fopen(path, "r");

	cr_assert(f && fgets(text, sizeof(text), f));
	fclose(f);
	return text;
}

static void drop_rights(void)
{
	const struct __user_cap_header_struct head = {
		_LINUX_CAPABILITY_VERSION_3, 0};
	const struct __user_cap_data_struct none[2] = {{0}};

	fake_put(&cpu, VA1, &head, sizeof(head));
	fake_put(&cpu, VA2, none, sizeof(none));
	cr_assert_eq(call(SYS_capset, VA1, VA2), 0);
}

Test(procfs_settings, what_is_killed_first_is_said_and_not_done)
{
	char before[64];

	strcpy(before, host("/proc/self/oom_score_adj"));
	cr_assert_eq(set("/proc/self/oom_score_adj", " 500\n"), 5);
	cr_assert_str_eq(content("/proc/self/oom_score_adj"), "500\n");
	cr_assert_str_eq(content("/proc/self/oom_adj"), "8\n");
	cr_assert_eq(set("/proc/self/oom_adj", "15"), 2);
	cr_assert_str_eq(content("/proc/self/oom_score_adj"), "1000\n");
	cr_assert_str_eq(content("/proc/self/oom_adj"), "15\n");
	cr_assert_eq(set("/proc/self/oom_score_adj", "1001"), -EINVAL);
	cr_assert_eq(set("/proc/self/oom_score_adj", "5x"), -EINVAL);
	cr_assert_eq(set("/proc/self/oom_adj", "-18"), -EINVAL);
	cr_assert_str_eq(host("/proc/self/oom_score_adj"), before);
}

Test(procfs_settings, without_the_right_the_score_falls_no_deeper)
{
	cr_assert_eq(set("/proc/self/oom_score_adj", "300"), 3);
	drop_rights();
	cr_assert_eq(set("/proc/self/oom_adj", "0"), -EACCES);
	cr_assert_eq(set("/proc/self/oom_score_adj", "1000"), 4);
	cr_assert_eq(set("/proc/self/oom_score_adj", "-1000"), -EACCES);
	cr_assert_str_eq(content("/proc/self/oom_score_adj"), "1000\n");
}

Test(procfs_settings, what_a_core_file_has_is_kept)
{
	char before[64];

	strcpy(before, host("/proc/self/coredump_filter"));
	cr_assert_str_eq(content("/proc/self/coredump_filter"), before);
	cr_assert_eq(set("/proc/self/coredump_filter", "0xfff\n"), 6);
	cr_assert_str_eq(content("/proc/self/coredump_filter"), "000001ff\n");
	cr_assert_eq(set("/proc/self/coredump_filter", "-1"), -EINVAL);
	cr_assert_eq(set("/proc/self/coredump_filter", "4294967296"), -ERANGE);
	cr_assert_eq(set("/proc/self/coredump_filter", ""), -EINVAL);
	cr_assert_str_eq(host("/proc/self/coredump_filter"), before);
}

Test(procfs_settings, the_slack_is_that_of_who_sleeps)
{
	cr_assert_eq(set("/proc/self/timerslack_ns", "77000"), 5);
	cr_assert_eq(call(SYS_prctl, PR_GET_TIMERSLACK), 77000);
	cr_assert_str_eq(content("/proc/self/timerslack_ns"), "77000\n");
	cr_assert_eq(prctl(PR_GET_TIMERSLACK), 77000);
}

Test(procfs_settings, a_login_is_set_once)
{
	if (access("/proc/self/loginuid", F_OK) ||
	    strcmp(host("/proc/self/loginuid"), "4294967295"))
		cr_skip_test("this session has a login");
	drop_rights();
	cr_assert_eq(set("/proc/self/loginuid", "5"), 1);
	cr_assert_str_eq(content("/proc/self/loginuid"), "5");
	cr_assert_eq(set("/proc/self/loginuid", "6"), -EPERM);
	cr_assert_str_eq(host("/proc/self/loginuid"), "4294967295");
}
