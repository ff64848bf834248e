/*
 * test_ring.c: --trace-mode=ring gives the records of --trace-mode=trap, in
 * their order, whatever the ring's size and however the program ends.
 *
 * The smallest ring, 4K, holds about 30 records: it is full several times.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "run.h"

TestSuite(ring, .init = need_kvm);

static int trace(struct log *log, int level, const char *mode,
		 const char *const *args)
{
	const char *all[16] = {"--no-aslr", "--trace", mode};
	struct run r;
	int status;

	for (size_t n = 3; *args && n < 15; n++)
		all[n] = *args++;
	run_vmm(&r, NULL, level, all);
	log_read_closed(log, r.err);
	status = r.status;
	run_free(&r);
	return status;
}

static void same_as_trap(int level, const char *mode, const char *const *args)
{
	struct log trap, ring;
	int status = trace(&trap, level, "--trace-mode=trap", args);

	cr_assert(trace(&ring, level, mode, args) == status);
	log_compare(&trap, &ring);
	for (size_t i = 1; i < ring.n; i++)
		cr_assert(ring.line[i].time >= ring.line[i - 1].time);
	log_free(&trap);
	log_free(&ring);
}

VM_TEST(ring, the_records_are_those_of_trap_mode)
{
	same_as_trap(level, "--trace-mode=ring",
		     ARGS(image("touch"), "50", "read"));
}

VM_TEST(ring, a_small_ring_loses_none)
{
	same_as_trap(level, "--trace-mode=ring:4K",
		     ARGS(image("touch"), "200", "read"));
}

VM_TEST(ring, a_large_ring_comes_out_at_the_end)
{
	same_as_trap(level, "--trace-mode=ring:4M", ARGS(image("malloc128")));
}

VM_TEST(ring, a_program_that_dies_leaves_its_last_fault)
{
	struct log log;
	int status = trace(&log, level, "--trace-mode=ring",
			   ARGS(image("badptr"), "0x1234"));

	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	cr_assert_str_eq(log.line[log.n - 1].outcome, "segv-maperr");
	cr_assert(log.line[log.n - 1].addr == 0x1234);
	log_free(&log);
	same_as_trap(level, "--trace-mode=ring", ARGS(image("rotext")));
}

/* --check unmaps the file while its records are still in the ring. */
VM_TEST(ring, names_of_files_are_still_known)
{
	struct log log;

	trace(&log, level, "--trace-mode=ring",
	      ARGS(image("filemap"), "/etc/passwd"));
	cr_assert(log_count(&log, "file-read", "passwd") == 1);
	log_free(&log);
}

/* The kernel itself is out of frames; the ring has its own. */
Test(ring, running_out_of_memory_is_logged)
{
	struct log log;
	int status = trace(&log, 3, "--trace-mode=ring",
			   ARGS("-m", "16M", image("touch"), "10000"));

	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	cr_assert_str_eq(log.line[log.n - 1].outcome, "oom");
	log_free(&log);
}

Test(ring, modes_that_are_none_are_refused)
{
	static const char *const wrong[] = {
		"--trace-mode=x",	 "--trace-mode=ring:",
		"--trace-mode=ring:0",	 "--trace-mode=ring:5000",
		"--trace-mode=ring:8M",	 "--trace-mode=ring:4Kx",
		"--trace-mode=ring4096",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct run r;

		run_vmm_plain(&r, NULL, ARGS(wrong[i], image("hello")));
		expect_exit(&r, 125);
		expect_err_line(&r, "--trace-mode");
		run_free(&r);
	}
}

/* A million if so many pages can be had: half of what is free. */
static unsigned long many_pages(void)
{
	long pages = sysconf(_SC_AVPHYS_PAGES) / 2;

	cr_assert_gt(pages, 1000, "%ld pages of memory are free", pages);
	return pages < 1000000 ? (unsigned long)pages : 1000000;
}

/*
 * Hundreds of thousands of faults through a ring of one page, at the level
 * where that takes half a minute and not six: none is lost.
 */
Test(ring, many_faults_through_one_page_are_all_there)
{
	char number[24], ram[24], total[48];
	unsigned long n = many_pages();
	struct run r;

	snprintf(number, sizeof(number), "%lu", n);
	snprintf(ram, sizeof(ram), "%luM", n / 200 + 100);
	snprintf(total, sizeof(total), " %lu rw-p [anon]\n", n);
	run_vmm_plain(&r, NULL,
		      ARGS("-m", ram, "--check", "--kernel-cpl=3", "-c",
			   "--overcommit=1", "--trace-mode=ring:4K",
			   image("nolibc_pf"), number));
	expect_exit(&r, 0);
	cr_assert(!strncmp(r.out, number, strlen(number)), "%s: wrote %s",
		  r.command, r.out);
	expect_err(&r, " 0 lost");
	expect_err(&r, total);
	run_free(&r);
}
