/*
 * What of the machine and of the VMM itself can the program reach by name? A
 * few harmless devices; nothing of the VMM's own part of /proc.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys_fixture.h"

TestSuite(paths_proc, .init = sys_setup, .fini = sys_teardown);

static int64_t open_abs(const char *path, int flags)
{
	return call(SYS_open, fake_str(&cpu, VA0, path), (uint64_t)flags, 0644);
}

/* Write "x" through a descriptor that must be open. */
static void write_x(int64_t fd)
{
	cr_assert_geq(fd, 0);
	fake_str(&cpu, VA2, "x");
	cr_assert_eq(call(SYS_write, (uint64_t)fd, VA2, 1), 1);
	call(SYS_close, (uint64_t)fd);
}

/* ---- Devices ----------------------------------------------------------- */

Test(paths_proc, harmless_devices_can_be_written)
{
	write_x(open_abs("/dev/null", O_WRONLY));
	write_x(open_abs("/dev/zero", O_RDWR));
	cr_assert_geq(open_abs("/dev/urandom", O_RDONLY), 0);
	cr_assert_geq(open_abs("/dev/null", O_WRONLY | O_CREAT | O_TRUNC), 0);
}

Test(paths_proc, other_devices_cannot_be_opened)
{
	const char *dev[] = {"/dev/kvm",  "/dev/mem",	    "/dev/port",
			     "/dev/kmsg", "/dev/vhost-net", "/dev/net/tun"};

	for (size_t i = 0; i < sizeof(dev) / sizeof(dev[0]); i++) {
		int64_t r = open_abs(dev[i], O_RDWR);

		cr_assert(r == -EACCES || r == -ENOENT, "%s: %d", dev[i],
			  (int)r);
		r = open_abs(dev[i], O_RDONLY);
		cr_assert(r == -EACCES || r == -ENOENT, "%s: %d", dev[i],
			  (int)r);
	}
}

/* ---- /proc ------------------------------------------------------------- */

static int64_t readlink_abs(const char *path, char *out)
{
	int64_t n = call(SYS_readlink, fake_str(&cpu, VA0, path), VA1, 4096);

	if (n >= 0) {
		memcpy(out, fake_at(&cpu, VA1), (size_t)n);
		out[n] = '\0';
	}
	return n;
}

Test(paths_proc, proc_self_exe_is_the_program)
{
	struct stat host, *guest = fake_at(&cpu, VA1);
	char text[4097], own[64];

	cr_assert_gt(readlink_abs("/proc/self/exe", text), 0);
	cr_assert(strstr(text, "/true"), "%s", text);
	snprintf(own, sizeof(own), "/proc/%d/exe", getpid());
	cr_assert_gt(readlink_abs(own, text), 0);
	cr_assert(strstr(text, "/true"), "%s", text);
	stat("/bin/true", &host);
	cr_assert_eq(call(SYS_stat, fake_str(&cpu, VA0, "/proc/self/exe"), VA1),
		     0);
	cr_assert_eq(guest->st_ino, host.st_ino);
	cr_assert_geq(open_abs("/proc/self/exe", O_RDONLY), 0);
	cr_assert_eq(open_abs("/proc/self/exe", O_WRONLY), -EROFS);
}

/* A descriptor of mem that reads the program's memory. */
static void expect_program(int64_t fd)
{
	cr_assert_geq(fd, 0);
	fake_str(&cpu, VA2, "the program");
	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, BIG, 12, VA2), 12);
	cr_assert_str_eq(fake_at(&cpu, BIG), "the program");
	call(SYS_close, (uint64_t)fd);
}

Test(paths_proc, the_vmms_part_of_proc_does_not_exist)
{
	const char *name[] = {
		"mem/.",	 "fdinfo/99", "ns/mnt",
		"map_files/0-1", "maps/",     "clear_refs/.",
		"task/1",	 "fd/99",     "ns/../../1/nothing"};
	char path[512];

	char base[5][64] = {"/proc/self", "/proc/thread-self",
			    "/proc/../proc/./self"};

	snprintf(base[3], sizeof(base[3]), "/proc/%d", getpid());
	snprintf(base[4], sizeof(base[4]), "/proc/%d/task/%d", getpid(),
		 getpid());
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		for (size_t k = 0; k < 5; k++) {
			int64_t r;

			snprintf(path, sizeof(path), "%s/%s", base[k], name[i]);
			r = open_abs(path, O_RDONLY);
			cr_assert(r == -ENOENT || r == -ELOOP || r == -EACCES ||
					  r == -ENOTDIR ||
					  r == -EIO, /* no guest */
				  "%s: %d", path, (int)r);
		}
	}
}

Test(paths_proc, links_do_not_lead_to_the_vmm_either)
{
	char target[64];

	cr_assert_eq(symlink("/proc/self/mem", in_scratch("rw/mem")), 0);
	cr_assert_eq(symlink("/proc/self", in_scratch("rw/self")), 0);
	snprintf(target, sizeof(target), "/proc/%d", getpid());
	cr_assert_eq(symlink(target, in_scratch("rw/pid")), 0);
	expect_program(guest_open("rw/mem", O_RDONLY));
	expect_program(guest_open("rw/self/mem", O_RDONLY));
	expect_program(guest_open("rw/pid/mem", O_RDONLY));
	cr_assert_eq(guest_open("rw/self/ns/mnt", O_RDONLY), -ELOOP);
	cr_assert_eq(guest_open("rw/pid/fdinfo/99", O_RDONLY), -ENOENT);
}

Test(paths_proc, a_directory_descriptor_does_not_lead_to_the_vmm)
{
	int64_t proc = open_abs("/proc", O_RDONLY | O_DIRECTORY);
	const char *name[] = {"self/ns/mnt", "self/cwd/../../nothing"};

	cr_assert_geq(proc, 0);
	for (size_t i = 0; i < 2; i++)
		cr_assert_lt(call(SYS_openat, (uint64_t)proc,
				  fake_str(&cpu, VA0, name[i]), O_RDONLY),
			     0, "%s", name[i]);
	cr_assert_eq(call(SYS_fchdir, (uint64_t)proc), 0);
	expect_program(open_abs("self/mem", O_RDONLY));
	cr_assert_eq(call(SYS_chdir, fake_str(&cpu, VA0, "self")), 0);
	expect_program(open_abs("mem", O_RDONLY));
	cr_assert_eq(open_abs("nothing", O_RDONLY), -ENOENT);
}

Test(paths_proc, openat2_resolve_flags_do_not_lead_to_the_vmm)
{
	struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_NO_XDEV};
	int64_t proc = open_abs("/proc", O_RDONLY | O_DIRECTORY);

	fake_put(&cpu, VA1, &how, sizeof(how));
	cr_assert_eq(call(SYS_openat2, (uint64_t)proc,
			  fake_str(&cpu, VA0, "self/mem"), VA1, sizeof(how)),
		     -ENOENT);
	how.resolve = RESOLVE_BENEATH;
	fake_put(&cpu, VA1, &how, sizeof(how));
	cr_assert_eq(call(SYS_openat2, (uint64_t)proc,
			  fake_str(&cpu, VA0, "../etc/passwd"), VA1,
			  sizeof(how)),
		     -EXDEV);
}

Test(paths_proc, other_processes_links_are_not_followed)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root/etc/passwd", getppid());
	cr_assert_lt(open_abs(path, O_RDONLY), 0);
	snprintf(path, sizeof(path), "/proc/%d/fd/0", getppid());
	cr_assert_lt(open_abs(path, O_RDONLY), 0);
	snprintf(path, sizeof(path), "/proc/%d/exe", getppid());
	cr_assert_lt(open_abs(path, O_RDONLY), 0);
}

Test(paths_proc, proc_self_fd_has_the_programs_numbers)
{
	char path[64], text[4097];
	int64_t fd = guest_open("ro/file", O_RDONLY);
	struct stat *st = fake_at(&cpu, VA1), host;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)fd);
	cr_assert_gt(readlink_abs(path, text), 0);
	cr_assert_str_eq(text, in_scratch("ro/file"));
	cr_assert_eq(call(SYS_stat, fake_str(&cpu, VA0, path), VA1), 0);
	stat(in_scratch("ro/file"), &host);
	cr_assert_eq(st->st_ino, host.st_ino);
	cr_assert_eq(call(SYS_lstat, VA0, VA1), 0);
	cr_assert(S_ISLNK(st->st_mode));
	snprintf(path, sizeof(path), "/dev/fd/%d", (int)fd);
	cr_assert_geq(open_abs(path, O_RDONLY), 0);
	cr_assert_eq(open_abs(path, O_RDWR), -EROFS);
}

Test(paths_proc, a_path_leads_on_behind_an_own_link)
{
	int64_t dir = guest_open("ro", O_RDONLY | O_DIRECTORY);
	const char *const forms[] = {"/proc/self/fd/%d/file", "/dev/fd/%d/file",
				     "/proc/self/fd//%d/../ro/./file",
				     "/proc/thread-self/fd/%d/file"};
	char path[128], to[128];

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		snprintf(path, sizeof(path), forms[i], (int)dir);
		cr_expect_geq(open_abs(path, O_RDONLY), 0, "%s", path);
	}
	snprintf(path, sizeof(path), "/dev/fd/%d/none", (int)dir);
	cr_expect_eq(open_abs(path, O_RDONLY), -ENOENT);
	snprintf(path, sizeof(path), "/dev/fd/%d/file/x", (int)dir);
	cr_expect_eq(open_abs(path, O_RDONLY), -ENOTDIR);
	/* Rules hold there, too. */
	snprintf(path, sizeof(path), "/dev/fd/%d/file", (int)dir);
	cr_expect_eq(open_abs(path, O_WRONLY), -EROFS);
	snprintf(path, sizeof(path), "/dev/fd/%d/../rw/made", (int)dir);
	cr_expect_geq(open_abs(path, O_WRONLY | O_CREAT), 0);
	/* By a link, which may be one to a link. */
	snprintf(to, sizeof(to), "/proc/self/fd/%d", (int)dir);
	cr_assert_eq(symlink(to, in_scratch("l1")), 0);
	cr_assert_eq(symlink("l1/../ro", in_scratch("l2")), 0);
	cr_expect_geq(guest_open("l1/file", O_RDONLY), 0);
	cr_expect_geq(guest_open("l2/file", O_RDONLY), 0);
}

Test(paths_proc, a_path_leads_on_from_the_working_directory)
{
	char other[64];

	call(SYS_chdir, path_at(VA0, "ro"));
	cr_expect_geq(open_abs("/proc/self/cwd/file", O_RDONLY), 0);
	cr_expect_geq(open_abs("/proc/self/root/etc/passwd", O_RDONLY), 0);
	cr_expect_eq(open_abs("/proc/self/exe/x", O_RDONLY), -ENOTDIR);
	snprintf(other, sizeof(other), "/proc/%d/cwd/.", getppid());
	cr_expect_eq(open_abs(other, O_RDONLY), -ELOOP);
	cr_expect_eq(open_abs("/proc/self/cwd/proc/self/fd/0/x", O_RDONLY),
		     -ENOENT);
}

Test(paths_proc, links_in_a_circle_end)
{
	unsigned fds = host_fds();
	char to[128];

	symlink("c2/x", in_scratch("c1"));
	symlink("c1/x", in_scratch("c2"));
	symlink("self/x", in_scratch("self"));
	snprintf(to, sizeof(to), "/proc/self/cwd/m/x");
	symlink(to, in_scratch("m"));
	call(SYS_chdir, path_at(VA0, "."));
	cr_expect_eq(guest_open("c1/y", O_RDONLY), -ELOOP);
	cr_expect_eq(guest_open("self/y", O_RDONLY), -ELOOP);
	cr_expect_eq(guest_open("m/y", O_RDONLY), -ELOOP);
	cr_expect_eq(guest_open("m", O_RDONLY), -ELOOP);
	cr_expect_eq(host_fds(), fds);
}

Test(paths_proc, a_thread_has_the_same_links)
{
	char path[96], text[4097];
	int64_t fd = guest_open("ro/file", O_RDONLY);

	snprintf(path, sizeof(path), "/proc/self/task/%d/exe", getpid());
	cr_assert_gt(readlink_abs(path, text), 0);
	cr_assert(strstr(text, "/true"));
	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", (int)fd);
	cr_assert_gt(readlink_abs(path, text), 0);
	cr_assert_str_eq(text, in_scratch("ro/file"));
}

Test(paths_proc, no_host_descriptor_is_reachable_by_number)
{
	int host = open(in_scratch("ro/file"), O_RDONLY | O_CLOEXEC);
	char path[64], text[4097];

	for (int fd = 3; fd < host + 100; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		cr_assert_eq(open_abs(path, O_RDONLY), -ENOENT, "%s", path);
		cr_assert_eq(readlink_abs(path, text), -ENOENT);
		snprintf(path, sizeof(path), "/dev/fd/%d", fd);
		cr_assert_eq(open_abs(path, O_RDONLY), -ENOENT, "%s", path);
	}
	close(host);
}

Test(paths_proc, an_own_link_is_not_handed_out_as_a_descriptor)
{
	cr_assert_eq(open_abs("/proc/self/exe", O_PATH | O_NOFOLLOW), -ELOOP);
	cr_assert_geq(open_abs("/proc/self/exe", O_PATH), 0);
}

Test(paths_proc, dev_stdout_follows_the_programs_descriptor)
{
	int64_t fd = guest_open("rw/file", O_RDWR | O_TRUNC);

	cr_assert_eq(call(SYS_dup2, (uint64_t)fd, 1), 1);
	write_x(open_abs("/dev/stdout", O_WRONLY));
	cr_assert_str_eq(host_read("rw/file"), "x");
}

Test(paths_proc, an_inherited_writable_descriptor_may_be_reopened)
{
	int64_t fd;

	/* As after `vmm program > scratch/ro/file`. */
	sys_end();
	dup2(open(in_scratch("ro/file"), O_WRONLY | O_CLOEXEC), 1);
	sys_begin(&(struct machine_config){0});
	fd = open_abs("/dev/stdout", O_WRONLY | O_TRUNC);
	write_x(fd);
	cr_assert_str_eq(host_read("ro/file"), "x");
}

Test(paths_proc, the_machines_memory_cannot_be_read)
{
	int64_t r = open_abs("/proc/kcore", O_RDONLY);

	cr_assert(r == -EACCES || r == -ENOENT);
}

Test(paths_proc, mounts_can_be_read)
{
	cr_assert_geq(open_abs("/proc/mounts", O_RDONLY), 0);
	cr_assert_geq(open_abs("/proc/self/mountinfo", O_RDONLY), 0);
	cr_assert_geq(open_abs("/proc/meminfo", O_RDONLY), 0);
}

Test(paths_proc, the_network_can_be_read_and_leads_nowhere_else)
{
	const char *dev[] = {"/proc/net/dev", "/proc/self/net/dev",
			     "/proc/thread-self/net/dev",
			     "/proc/self/net/../net/dev"};
	const char *out[] = {"/proc/net/../ns/mnt",
			     "/proc/self/net/../fdinfo/99",
			     "/proc/self/net/../mem/x"};
	int64_t dir = open_abs("/proc/net", O_RDONLY | O_DIRECTORY);

	for (size_t i = 0; i < sizeof(dev) / sizeof(dev[0]); i++)
		cr_assert_geq(open_abs(dev[i], O_RDONLY), 0, "%s", dev[i]);
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		cr_assert_lt(open_abs(out[i], O_RDONLY), 0, "%s", out[i]);
	cr_assert_geq(dir, 0);
	cr_assert_geq(call(SYS_openat, (uint64_t)dir,
			   fake_str(&cpu, VA0, "dev"), O_RDONLY),
		      0);
	cr_assert_eq(call(SYS_openat, (uint64_t)dir,
			  fake_str(&cpu, VA0, "../nothing"), O_RDONLY),
		     -ENOENT);
	cr_assert_lt(open_abs("/proc/net/arp", O_RDWR), 0);
}
