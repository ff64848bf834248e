/*
 * test_inspect.c: the guest's memory from outside: --dump and --walk, and what
 * the program's own files say of the same pages.
 */
#include "proc_program.h"

TestSuite(inspect, .fini = remove_copy);

static void dump_is_read(int level, const char *option, const char *file)
{
	const char *text;
	struct run r;

	run_vmm(&r, NULL, level, ARGS(option, proc(), file));
	expect_exit(&r, 0);
	text = strchr(r.out, '\n') + 1;
	cr_assert_gt(strlen(text), 10);
	cr_assert(strstr(r.err, text), "%s: %s, not %s", option, r.err, text);
	run_free(&r);
}

VM_TEST(inspect, a_dump_is_what_the_program_reads)
{
	dump_is_read(level, "--dump=maps", "/proc/self/maps");
	dump_is_read(level, "--dump=smaps@exit", "/proc/self/smaps");
	dump_is_read(level, "--dump=maps,statm@exit", "/proc/self/statm");
	dump_is_read(level, "--dump=smaps_rollup", "/proc/self/smaps_rollup");
	dump_is_read(level, "--dump=limits", "/proc/self/limits");
}

VM_TEST(inspect, a_program_that_a_signal_ends_is_dumped_too)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS("--dump=maps", image("badptr")));
	cr_assert(strstr(r.err, "[stack]"));
	cr_assert(strstr(r.err, "images/badptr"));
	run_free(&r);
}

/* A line of /proc/meminfo, in KiB. */
static unsigned long meminfo(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	cr_assert(at, "no %s in %s", name, text);
	return strtoul(at + strlen(name), NULL, 10);
}

/* What is promised is reckoned with the host's limit: --overcommit=2. */
VM_TEST(inspect, meminfo_says_what_is_promised_and_how_much_may_be)
{
	static const char *const pages[] = {"1000", "2000"};
	char host[8192] = "";
	unsigned long promised[2];
	FILE *f = fopen("/proc/meminfo", "r");

	cr_assert(f && fread(host, 1, sizeof(host) - 1, f) > 0);
	fclose(f);
	for (int i = 0; i < 2; i++) {
		struct run r;

		run_vmm(&r, NULL, level,
			ARGS("--dump=meminfo", image("touch"), pages[i]));
		promised[i] = meminfo(r.err, "Committed_AS:");
		cr_assert_eq(meminfo(r.err, "CommitLimit:"),
			     meminfo(host, "CommitLimit:"));
		run_free(&r);
	}
	cr_assert_eq(promised[1] - promised[0], 4000);
}

/* The first frame of RAM is one like any other. */
VM_TEST(inspect, the_start_of_the_direct_map_is_walked_to_its_end)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("--walk=0xffff888000000000", image("nolibc")));
	expect_err(&r, "\n  guest physical 0\n  host virtual 0x");
	run_free(&r);
}

/* One page, as pagemap has it and as --walk found it. */
struct resident {
	unsigned long va, entry;
	const char *walk; /* its lines */
};

static unsigned long walked_frame(const char *walk, char *flags, size_t size)
{
	const char *at = strstr(walk, "  frame 0x");
	const char *next = strchr(walk, '\n');

	for (; next && strncmp(next + 1, "walk of", 7) && next < at;)
		next = strchr(next + 1, '\n');
	if (!at || !next || next < at - 1)
		return 0;
	snprintf(flags, size, "%.*s", (int)strcspn(at, "\n"), at);
	return strtoul(at + 8, NULL, 0);
}

/* Returns whether it counts as resident: zero pages do not. */
static bool expect_agreement(const struct resident *p)
{
	char what[256] = "";
	unsigned long frame = walked_frame(p->walk, what, sizeof(what));
	bool file = strstr(what, ": cache");
	bool zero = strstr(what, "the page of zeros");

	cr_assert(frame, "%#lx: %.200s", p->va, p->walk);
	cr_assert(p->entry >> 63);
	if (!geteuid())
		cr_assert_eq(p->entry & ((1ul << 55) - 1), frame);
	cr_assert(file || zero || strstr(what, ": anon"), "%s", what);
	cr_assert_eq(p->entry >> 61 & 1, file, "%#lx: %s", p->va, what);
	if (!zero)
		cr_assert_eq(p->entry >> 56 & 1, !!strstr(what, "mapcount 1,"),
			     "%#lx %#lx: %s", p->va, p->entry, what);
	cr_assert_eq(p->entry & ~(0x21ul << 56 | 1ul << 63 | frame), 0);
	return !zero;
}

/* CONCEPTS: a process is what its page tables say. */
VM_TEST(inspect, pagemap_agrees_with_the_walk_for_every_resident_page)
{
	static char walks[256][32];
	const char *args[264] = {"--no-aslr", proc(), "-R"};
	unsigned n = 0, counted = 0, resident;
	struct run first, r;
	const char *at;

	run_vmm(&first, NULL, level, args);
	args[1] = "--dump=statm";
	for (at = first.out; *at; at = strchr(at, '\n') + 1, n++) {
		cr_assert_lt(n, 250);
		snprintf(walks[n], sizeof(walks[n]), "--walk=%#lx",
			 strtoul(at, NULL, 0));
		args[n + 2] = walks[n];
	}
	args[n + 2] = proc();
	args[n + 3] = "-R";
	run_vmm(&r, NULL, level, args);
	expect_exit(&r, 0);
	expect_same(&r, &first);
	at = r.out;
	for (unsigned i = 0; i < n; i++, at = strchr(at, '\n') + 1) {
		struct resident p;
		char head[64];

		cr_assert_eq(sscanf(at, "%lx %lx", &p.va, &p.entry), 2);
		snprintf(head, sizeof(head), "walk of %#lx, user\n", p.va);
		p.walk = strstr(r.err, head);
		cr_assert(p.walk, "%s", head);
		counted += expect_agreement(&p);
	}
	cr_assert_eq(sscanf(r.err, "%*u %u", &resident), 1, "%.80s", r.err);
	cr_assert_eq(counted, resident);
	cr_assert_gt(n, 40);
	run_free(&first);
	run_free(&r);
}

/* Linux Documentation/admin-guide/mm/pagemap.rst */
#define KPF_MMAP_ANON (1ul << 11 | 1ul << 12)
#define KPF_ZERO_PAGE (1ul << 24)

VM_TEST(inspect, kpageflags_agree_with_pagemap)
{
	unsigned anon = 0, files = 0, zero = 0;
	struct run r;

	if (geteuid())
		return;
	run_vmm(&r, NULL, level, ARGS(proc(), "-K"));
	expect_exit(&r, 0);
	for (const char *at = r.out; *at; at = strchr(at, '\n') + 1) {
		unsigned long flags;
		unsigned file, count;

		cr_assert_eq(sscanf(at, "%u %u %lx", &file, &count, &flags), 3,
			     "%s", at);
		if (!file && !count) { /* the page of zeros */
			cr_assert_eq(flags, KPF_ZERO_PAGE, "%#lx", flags);
			zero++;
			continue;
		}
		cr_assert_geq(count, 1);
		cr_assert_eq(flags & KPF_MMAP_ANON,
			     file ? 1ul << 11 : KPF_MMAP_ANON, "%.40s", at);
		anon += !file;
		files += file;
	}
	cr_assert(anon > 10 && files > 5 && zero, "%u %u %u", anon, files,
		  zero);
	run_free(&r);
}

VM_TEST(inspect, settings_are_the_guests)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("--thp=always", "--overcommit=2", "busybox", "cat",
		     "/sys/kernel/mm/transparent_hugepage/enabled",
		     "/proc/sys/vm/overcommit_memory"));
	expect_out(&r, "[always] madvise never\n2\n");
	run_free(&r);
	run_vmm(&r, NULL, level,
		ARGS("--thp=never", "--overcommit=1", "busybox", "cat",
		     "/sys/kernel/mm/../mm/transparent_hugepage/enabled",
		     "/proc/sys/vm/overcommit_memory"));
	expect_out(&r, "always madvise [never]\n1\n");
	run_free(&r);
}

VM_TEST(inspect, a_walk_names_what_it_meets)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("--no-aslr", "--walk=0x401000@exit", "--walk=0x1000",
		     "--walk=0xffff888000000000", "--walk=0x800000000000",
		     "--walk=0xffff7fffffffffff", "--walk=0xffffc90000000000",
		     "--walk=0xffffea0000000000", "--walk=0xffffffff80102000",
		     "--walk=0x7ffffffff000", "--walk=0xffffffffff600000",
		     proc()));
	expect_exit(&r, 0);
	expect_err(&r, "walk of 0x800000000000, not canonical");
	expect_err(&r, "walk of 0xffff7fffffffffff, not canonical");
	expect_err(&r, "walk of 0xffffc90000000000, kernel\n  PGD[402]");
	expect_err(&r, "walk of 0xffffea0000000000, kernel\n  PGD[468]");
	expect_err(&r, "walk of 0xffffffff80102000, kernel\n  PGD[511]");
	expect_err(&r, "walk of 0x7ffffffff000, user\n  PGD[255]");
	expect_err(&r, "walk of 0xffffffffff600000, kernel\n  PGD[511]");
	expect_err(&r, "walk of 0x401000, user\n  PGD[  0] in table ");
	expect_err(&r, " present user accessed\n  frame 0x");
	expect_err(&r, ": cache, refcount ");
	expect_err(&r, ", page 1 of ");
	expect_err(&r, "host virtual 0x");
	expect_err(&r, "walk of 0xffff888000000000, kernel\n  PGD[273]");
	expect_err(&r, " large");
	expect_err(&r, " absent\n");
	run_free(&r);
}

VM_TEST(inspect, the_layout_has_every_area_of_the_kernel)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS("--dump=layout", proc()));
	expect_err(&r, "ffff888000000000-");
	expect_err(&r, ": direct map\n");
	expect_err(&r, ": vmemmap (struct pages)\n");
	expect_err(&r, ": kernel text\n");
	expect_err(&r, level ? "kernel at CPL 3" : "kernel at CPL 0");
	cr_assert_eq(!!strstr(r.err, "root of the program"), level == 3);
	run_free(&r);
}

VM_TEST(inspect, describing_leaves_the_log_whole)
{
	struct run r;

	run_vmm(&r, NULL, level,
		ARGS("--trace", "--trace-mode=ring:4K", "--dump=smaps,maps",
		     proc(), "/proc/self/smaps", "/proc/self/pagemap"));
	expect_exit(&r, 0);
	expect_err(&r, " 0 lost");
	run_free(&r);
}

Test(inspect, a_dump_that_there_is_not_is_explained)
{
	struct run r;

	run_vmm_plain(&r, NULL, ARGS("--dump=maps,map", "busybox", "true"));
	expect_exit(&r, 125);
	expect_err_line(&r, "no 'map'; there are: layout environ");
	run_free(&r);
	run_vmm_plain(&r, NULL, ARGS("--dump=maps@start", "busybox", "true"));
	expect_exit(&r, 125);
	expect_err_line(&r, "there is: @exit");
	run_free(&r);
	run_vmm_plain(&r, NULL, ARGS("--walk=here", "busybox", "true"));
	expect_exit(&r, 125);
	expect_err_line(&r, "'here' is no address");
	run_free(&r);
}
