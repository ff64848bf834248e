/*
 * What is left of a run that somebody ends by a signal? The log, whole; of the
 * temporary files nothing.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

TestSuite(stop, .init = need_kvm, .fini = scratch_remove);

/*
 * For bash: `start` begins a vmm in the background ($!), whose program has made
 * the temporary file when `start` returns. Job control, since without it bash
 * has what is in the background ignore SIGINT and SIGQUIT.
 */
static const char prologue[] =
	"set -m; vmm='%s' guest='%s' log='%s/log' file=/dev/shm/vmm-stays-$$\n"
	"start() { $vmm -o $log $guest $file \"$@\" & for i in {1..600}; do\n"
	"  [ -e $file ] && return; sleep 0.05; done; echo not ready; exit 1; "
	"}\n"
	"end() { wait $!; echo -n \"$? \"; [ -e $file ] && echo -n 'left '; }\n"
	"%s";

static void run_script(struct run *r, const char *script)
{
	char text[4096];

	snprintf(text, sizeof(text), prologue, run_vmm_path(),
		 image("../vm/guest/stays"), scratch(), script);
	run_native(r, NULL, ARGS("bash", "-c", text));
}

static void expect_script(const char *script, const char *out)
{
	struct run r;

	run_script(&r, script);
	expect_out(&r, out);
	run_free(&r);
}

/* All kinds: from a terminal, limits, timers, and the real-time ones. */
Test(stop, every_signal_ends_vmm_by_itself_with_nothing_left)
{
	static const int signals[] = {
		SIGHUP,	 SIGINT,  SIGQUIT,   SIGILL,  SIGABRT, SIGSEGV,
		SIGPIPE, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM,
		SIGPROF, SIGIO,	  SIGPWR,    SIGSYS,  32,      64};
	char script[512];

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct run r;
		char out[64];

		snprintf(script, sizeof(script),
			 "start; kill -%d $!; end; grep -vc '^#' $log",
			 signals[i]);
		run_script(&r, script);
		/* Its status, and the lines of the log: those it counted. */
		snprintf(out, sizeof(out), "%d ", 128 + signals[i]);
		cr_assert(!strncmp(r.out, out, strlen(out)), "%d: %s%s",
			  signals[i], r.out, r.err);
		snprintf(out, sizeof(out), "%d faults, 0 lost\n",
			 atoi(r.out + strlen(out)));
		expect_err(&r, out);
		run_free(&r);
	}
}

Test(stop, signals_again_and_again_do_no_harm)
{
	expect_script(
		"for n in 1 2 3 4 5; do start sleep; kill -TERM $!; while "
		"kill -TERM $! 2>/dev/null; do :; done; end; done",
		"143 143 143 143 143 ");
}

/*
 * For bash: `block LOG ARG...` begins vmm with ARG, and returns when it waits
 * in a write to the pipe LOG, which is full and which nobody reads.
 */
#define FULL_PIPE                                                              \
	"full=$log.full; rm -f $full; mkfifo $full; exec 9<>$full\n"           \
	"head -c 65536 /dev/zero >&9\n"                                        \
	"block() { \"$@\" 9<&- & until grep -q '^1 ' /proc/$!/syscall; do "    \
	"sleep 0.05; done; }\n"

/*
 * Within 100 ms, and four times what it takes to end a program that only
 * computes.
 */
Test(stop, a_call_that_takes_long_is_ended_soon)
{
	char script[1024];
	struct run r;

	snprintf(script, sizeof(script),
		 "ends() { $vmm -q -m 512M %s $1 >$log & until [ -s $log ]; do "
		 "sleep 0.05; done; sleep 0.2; from=${EPOCHREALTIME/./}\n"
		 "kill -TERM $!; wait $!; : >$log\n"
		 "echo $((${EPOCHREALTIME/./} - from)); }\n"
		 "best() { for i in 1 2 3; do ends $1; done | sort -n | "
		 "head -n 1; }\n"
		 "limit=$((100000 + 4 * $(best spin)))\n"
		 "for how in random populate; do took=$(best $how)\n"
		 "[ $took -le $limit ] && echo -n 'soon ' || "
		 "echo \"$how took $took us of $limit\"; done",
		 image("../vm/guest/deaf"));
	run_script(&r, script);
	expect_out(&r, "soon soon ");
	run_free(&r);
}

Test(stop, a_log_that_nobody_reads_does_not_keep_vmm)
{
	expect_script(
		FULL_PIPE
		"block $vmm -o $full $guest $file; kill -TERM $!; end\n"
		"block $vmm --trace $guest $file 2>&9; kill -TERM $!; end",
		"143 143 ");
}

Test(stop, a_log_is_whole_if_its_reader_is_slow)
{
	expect_script(FULL_PIPE
		      "block $vmm -o $full $guest $file; kill -TERM $!\n"
		      "sleep 0.2; timeout 5 cat <&9 >$log & wait %1\n"
		      "echo -n \"$? \"; wait; grep -ao '# end.* lost' $log | "
		      "sed 's/[0-9]* faults/N faults/'",
		      "143 # end: N faults, 0 lost\n");
}

Test(stop, what_the_parent_ignores_stays_ignored)
{
	expect_script("trap '' TERM PROF PIPE XFSZ; start; kill -TERM $!; "
		      "kill -PROF $!; kill -PIPE $!; kill -XFSZ $!; sleep 1; "
		      "kill -INT $!; end",
		      "130 ");
}

Test(stop, job_control_stops_and_continues_it)
{
	expect_script("start; kill -TSTP $!; wait $!; echo -n \"$? \"; "
		      "sleep 0.2; grep -o 'State.*T' /proc/$!/status; "
		      "kill -CONT $!; sleep 0.2; kill -TERM $!; end",
		      "148 State:\tT\n143 ");
}
