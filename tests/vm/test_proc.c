/*
 * test_proc.c: does a program read in /proc what Linux would tell it? The same
 * static program, at the same addresses, reads its files natively and under
 * vmm; each file is equal byte for byte but for what is named here.
 */
#include "proc_program.h"

TestSuite(proc, .fini = remove_copy);

struct pair {
	struct run native, vmm;
};

/* The first native run may have to read the program from the disk. */
static void run_pair(struct pair *p, int level, const char *const *args)
{
	const char *all[32] = {"--no-aslr"};

	for (unsigned i = 0; i < 30 && args[i]; i++)
		all[i + 1] = args[i];
	run_native(&p->native, &fixed, args);
	run_free(&p->native);
	run_native(&p->native, &fixed, args);
	run_vmm(&p->vmm, NULL, level, all);
	expect_exit(&p->native, 0);
	expect_exit(&p->vmm, 0);
}

static void free_pair(struct pair *p)
{
	run_free(&p->native);
	run_free(&p->vmm);
}

static void same_bytes(int level, const char *const *args)
{
	struct pair p;

	run_pair(&p, level, args);
	expect_same(&p.vmm, &p.native);
	free_pair(&p);
}

/* ---- Line by line ------------------------------------------------------ */

static bool starts_with_one(const char *line, const char *const *names)
{
	for (; *names; names++)
		if (!strncmp(line, *names, strlen(*names)))
			return true;
	return false;
}

/* Is it the line of a mapping, not of something that smaps says about it? */
static bool is_mapping(const char *line)
{
	size_t n = strspn(line, "0123456789abcdef");

	return n >= 8 && line[n] == '-';
}

/*
 * Equal but for lines that start with one of `except`; inside the mapping
 * `special` (NULL: all of the file).
 */
static void same_lines_of(int level, const char *const *args,
			  const char *special, const char *const *except)
{
	char *save_a, *save_b, *a, *b;
	bool inside = !special;
	unsigned lines = 0;
	struct pair p;

	run_pair(&p, level, args);
	a = strtok_r(p.native.out, "\n", &save_a);
	b = strtok_r(p.vmm.out, "\n", &save_b);
	while (a && b) {
		if (special && is_mapping(a))
			inside = strstr(a, special);
		if (inside && starts_with_one(a, except))
			b[strcspn(b, ":")] = a[strcspn(a, ":")] = '\0';
		cr_assert_str_eq(b, a, "%s, line %u", p.vmm.command, lines);
		a = strtok_r(NULL, "\n", &save_a);
		b = strtok_r(NULL, "\n", &save_b);
		lines++;
	}
	cr_assert(!a && !b, "%s: as many lines: %s %s", p.vmm.command, a, b);
	cr_assert_gt(lines, 1);
	free_pair(&p);
}

static void same_lines(int level, const char *file, const char *special,
		       const char *const *except)
{
	same_lines_of(level, ARGS(proc(), file), special, except);
}

VM_TEST(proc, maps_is_linuxs)
{
	same_bytes(level, ARGS(proc(), "/proc/self/maps"));
	same_bytes(level, ARGS(proc(), "/proc/thread-self/maps"));
}

/* Natively all processes share the vDSO's page; here there is one. */
#define SHARED "Pss", "Shared_Clean", "Private_Clean"

VM_TEST(proc, smaps_is_linuxs)
{
	same_lines(level, "/proc/self/smaps", "[vdso]", ARGS(SHARED));
}

VM_TEST(proc, smaps_rollup_is_linuxs)
{
	same_lines(level, "/proc/self/smaps_rollup", NULL, ARGS(SHARED));
}

/* Numbers of processes and groups; how often it waited is chance. */
VM_TEST(proc, status_is_linuxs)
{
	same_lines(level, "/proc/self/status", NULL,
		   ARGS("Tgid", "Pid", "NStgid", "NSpid", "NSpgid", "SigQ",
			"voluntary_ctxt", "nonvoluntary_ctxt"));
}

/* setarch -R vmm PROGRAM. */
VM_TEST(proc, what_is_not_randomised_outside_is_not_inside)
{
	expect_as_native(
		level, &fixed,
		ARGS(proc(), "/proc/self/maps", "/proc/self/personality"));
}

VM_TEST(proc, statm_is_linuxs)
{
	same_bytes(level, ARGS(proc(), "/proc/self/statm"));
}

VM_TEST(proc, what_execve_made_is_linuxs)
{
	same_bytes(level, ARGS(proc(), "/proc/self/auxv", "/proc/self/cmdline",
			       "/proc/self/comm", "/proc/self/environ",
			       "/proc/self/limits", "/proc/self/personality"));
}

VM_TEST(proc, what_belongs_to_the_host_is_the_hosts)
{
	same_bytes(level,
		   ARGS(proc(), "/proc/self/mountinfo", "/proc/self/cgroup",
			"/proc/self/oom_score_adj", "/proc/self/nothing"));
}

/*
 * proc_pid_stat(5), fields from 1. Not equal: the number, the group; faults
 * (natively with those before execve); times; resident pages, which Linux sums
 * roughly here, exactly in statm; the processor.
 */
VM_TEST(proc, stat_is_linuxs)
{
	static const unsigned char differs[] = {1,  5,	10, 12, 14, 15,
						16, 17, 22, 24, 39};
	char *save_a, *save_b, *a, *b;
	unsigned field = 0;
	struct pair p;

	run_pair(&p, level, ARGS(proc(), "/proc/self/stat"));
	a = strtok_r(strchr(p.native.out, '\n') + 1, " ", &save_a);
	b = strtok_r(strchr(p.vmm.out, '\n') + 1, " ", &save_b);
	for (; a && b;
	     a = strtok_r(NULL, " ", &save_a), b = strtok_r(NULL, " ", &save_b))
		if (!memchr(differs, (int)++field, sizeof(differs)))
			cr_assert_str_eq(b, a, "field %u", field);
	cr_assert(!a && !b);
	cr_assert_eq(field, 52);
	free_pair(&p);
}

/* ---- Files, directories, descriptors ----------------------------------- */

VM_TEST(proc, a_file_is_read_again_from_its_start)
{
	same_bytes(level, ARGS(proc(), "-s", "/proc/self/maps"));
	same_bytes(level, ARGS(proc(), "-s", "/proc/self/cmdline"));
	same_bytes(level, ARGS(proc(), "-s", "/proc/meminfo"));
}

/* Sizes of the pieces, and what they say of memory that reading touches. */
VM_TEST(proc, a_read_gives_as_much_as_linuxs)
{
	same_bytes(level, ARGS(proc(), "-r", "/proc/self/maps", "100"));
	same_bytes(level, ARGS(proc(), "-r", "/proc/self/maps", "16384"));
	same_bytes(level, ARGS(proc(), "-r", "/proc/self/limits", "1000"));
	same_lines_of(level, ARGS(proc(), "-r", "/proc/self/smaps", "16384"),
		      "[vdso]", ARGS(SHARED));
}

VM_TEST(proc, arguments_and_name_are_as_the_program_left_them)
{
	same_bytes(level, ARGS(proc(), "-t", "word"));
}

VM_TEST(proc, the_directory_of_descriptors_is_the_programs)
{
	same_bytes(level, ARGS(proc(), "-l", "/proc/self/fd"));
}

VM_TEST(proc, the_task_directory_has_the_one_thread)
{
	unsigned lines = 0;
	struct run r;

	run_vmm(&r, NULL, level, ARGS(proc(), "-l", "/proc/self/task"));
	expect_exit(&r, 0);
	for (const char *at = r.out; *at; at++)
		lines += *at == '\n';
	cr_assert_eq(lines, 3, "%s", r.out); /* with . and .. */
	run_free(&r);
}

VM_TEST(proc, every_name_in_the_directory_can_be_looked_at)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("busybox", "ls", "-lL", "/proc/self/",
		     "/proc/thread-self/"));
	expect_exit(&r, 0);
	cr_assert(strstr(r.out, "smaps_rollup"));
	cr_assert(strstr(r.out, "map_files"));
	run_free(&r);
}

/* ---- The machine ------------------------------------------------------- */

static unsigned long number_after(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	cr_assert(at, "no %s in %s", name, text);
	return strtoul(at + strlen(name), NULL, 0);
}

VM_TEST(proc, the_memory_is_the_guests)
{
	unsigned long total, left;
	struct run r;

	run_vmm(&r, NULL, level, ARGS("-m", "64M", proc(), "/proc/meminfo"));
	total = number_after(r.out, "MemTotal:");
	left = number_after(r.out, "MemFree:");
	cr_assert(total > 50000 && total < 65536, "%lu kB", total);
	cr_assert(left > 40000 && left < total, "%lu kB", left);
	cr_assert_eq(number_after(r.out, "SwapTotal:"), 0);
	run_free(&r);
	run_vmm(&r, NULL, level, ARGS("-m", "64M", "busybox", "free"));
	cr_assert_eq(number_after(r.out, "Mem:"), total);
	run_free(&r);
}

/* Blocks of all orders, and single frames in a list of at most 40. */
VM_TEST(proc, buddyinfo_adds_up_to_the_free_memory)
{
	unsigned long pages = 0, left;
	char *line, *save;
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS(proc(), "/proc/meminfo", "/proc/buddyinfo"));
	left = number_after(r.out, "MemFree:") / 4;
	line = strtok_r(strstr(r.out, "==> /proc/buddyinfo"), "\n", &save);
	while ((line = strtok_r(NULL, "\n", &save))) {
		char *at = strstr(line, "zone") + 13;

		for (unsigned order = 0; order <= 10; order++)
			pages += strtoul(at, &at, 10) << order;
	}
	cr_assert(pages <= left && left - pages <= 40, "%lu of %lu", pages,
		  left);
	run_free(&r);
}

VM_TEST(proc, slabinfo_counts_a_vma_for_each_mapping)
{
	unsigned long lines = 0;
	const char *end;
	struct run r;

	need_root("/proc/slabinfo");
	run_vmm(&r, NULL, level,
		ARGS(proc(), "/proc/self/maps", "/proc/slabinfo"));
	end = strstr(r.out, "==> /proc/slabinfo");
	for (const char *at = r.out; at < end; at++)
		lines += *at == '\n';
	lines -= strstr(r.out, "[vsyscall]") ? 2 : 1;
	cr_assert_eq(number_after(r.out, "\nvm_area_struct "), lines, "%s",
		     r.out);
	run_free(&r);
}

VM_TEST(proc, iomem_has_the_kernel_in_the_first_bank)
{
	struct run r;

	need_root("/proc/iomem");
	run_vmm(&r, NULL, level, ARGS("-m", "64M", proc(), "/proc/iomem"));
	cr_assert(strstr(r.out, "00000000-03ffffff : System RAM\n"
				"  00100000-"),
		  "%s", r.out);
	cr_assert(strstr(r.out, " : Kernel code\n"));
	run_free(&r);
}
