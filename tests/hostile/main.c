/*
 * main.c: lives of a hostile guest, each in a process of its own.
 *
 *	hostile lives PROGRAM ROUNDS SEED	random ones; prints one TAP line
 *	hostile life PROGRAM SEED		one of them, with what vmm says
 *	hostile table PROGRAM docs/abi.md	each hypercall in each state
 *
 * PROGRAM is what the VMM loads: any static one. A life is bad if a sanitizer
 * reports, if the VMM dies or hangs, or loses memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"
#include "hv_call.h"

#define STEPS_MAX    2000	/* of a life */
#define LIFE_MS	     900	/* then a signal ends vmm, as from outside */
#define HANG_SECONDS 30		/* after which it should have ended long ago */
#define FILE_MAX     (64 << 20) /* bytes */
#define NOBODY	     65534
#define BAD	     99 /* exit status of a life in which vmm erred */

int stop_signal(void); /* vmm/base/stop.h */
int vmm_main(int argc, char **argv, char **envp);
int __wrap_raise(int sig);
int __wrap_kill(pid_t pid, int sig);
int __real_kill(pid_t pid, int sig);

/* What the lives tell us. */
static struct {
	uint64_t steps;
	uint64_t ended; /* by the time limit */
	bool survived;
	int status; /* vmm's exit status */
} * shared;
static char **environment;
static const char *program;
/* In the last life: by vmm, and of the sanitizers. */
static FILE *said, *reports;
static bool is_limited;

/* vmm ends, or stops, as its program did. */
int __wrap_raise(int sig)
{
	(void)sig;
	return 0;
}

int __wrap_kill(pid_t pid, int sig)
{
	return pid == getpid() ? 0 : __real_kill(pid, sig);
}

static void limit_files(void)
{
	const struct rlimit size = {FILE_MAX, FILE_MAX}, none = {0, 0};

	setrlimit(RLIMIT_FSIZE, &size);
	setrlimit(RLIMIT_CORE, &none);
}

static void run_vmm(char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	limit_files();
	shared->status = vmm_main(argc, argv, environment);
	signal(SIGALRM, SIG_IGN); /* its handlers would go with it */
	fflush(NULL);
	shared->steps += guest_steps();
	shared->survived = guest_survived();
	shared->ended += stop_signal() != 0;
}

/* Not before vmm is ready for the signal. */
void life_begins(void)
{
	const struct itimerval limit = {.it_value = {0, LIFE_MS * 1000}};

	if (is_limited)
		setitimer(ITIMER_REAL, &limit, NULL);
}

/* Options differ by the bits of the seed. */
static void live_random(uint64_t seed)
{
	char *argv[16] = {"vmm", "-m", "64M", "-v"};
	unsigned n = 4, bits;

	guest_start_random(seed, 1 + (unsigned)(seed % STEPS_MAX));
	bits = (unsigned)chance();
	argv[n++] = bits & 1 ? "--kernel-cpl=3" : "--kernel-cpl=0";
	if (bits & 2)
		argv[n++] = "--check";
	if (bits & 4)
		argv[n++] = "--trace";
	if ((bits & 12) == 12)
		argv[n++] = "--trace-mode=ring:4K";
	if (bits & 16)
		argv[n++] = "-c";
	if (bits & 32)
		argv[n++] = "--dump=maps,smaps,status,cmdline,environ,layout,"
			    "slabinfo,zoneinfo";
	if (bits & 64)
		argv[n++] = "--walk=0x10000000";
	argv[n++] = (char *)program;
	is_limited = true;
	run_vmm(argv);
}

static void live_probing(enum state state, uint32_t nr)
{
	char *argv[] = {"vmm",	   "-m", "64M",		  "--kernel-cpl=0",
			"--check", "-q", (char *)program, NULL};

	guest_start_probing(state, nr);
	run_vmm(argv);
}

/* ---- One process -------------------------------------------------------- */

/* 0, or what is wrong with the life of this process. */
static const char *await(pid_t pid)
{
	const struct timespec hang = {.tv_sec = HANG_SECONDS};
	sigset_t child;
	int status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (sigtimedwait(&child, NULL, &hang) < 0 && errno == EAGAIN) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return "hangs";
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		return strsignal(WTERMSIG(status));
	return WEXITSTATUS(status) ? "a sanitizer reports" : NULL;
}

/*
 * The program gets 0 to 2, and writes where it likes. Reports of the sanitizers
 * go where it cannot.
 */
static void begin_life(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(fileno(said), STDERR_FILENO);
	__sanitizer_set_report_fd((void *)(intptr_t)fileno(reports));
}

/* Memory that vmm has lost; looked for now and then, as it takes long. */
static void end_life(bool leaks)
{
	if (leaks && __lsan_do_recoverable_leak_check())
		_exit(BAD);
	_exit(0);
}

static void forget(FILE *f)
{
	rewind(f);
	if (ftruncate(fileno(f), 0))
		exit(2);
}

static pid_t fork_life(void)
{
	forget(said);
	forget(reports);
	return fork();
}

static const char *run_random(uint64_t seed)
{
	pid_t pid = fork_life();

	if (!pid) {
		begin_life();
		live_random(seed);
		end_life(seed % 16 == 0);
	}
	return pid < 0 ? "fork" : await(pid);
}

static const char *run_probing(enum state state, uint32_t nr)
{
	pid_t pid = fork_life();

	if (!pid) {
		begin_life();
		live_probing(state, nr);
		end_life(false);
	}
	return pid < 0 ? "fork" : await(pid);
}

static void print(FILE *f)
{
	char line[1024];

	rewind(f);
	while (fgets(line, sizeof(line), f))
		printf("# %s", line);
}

/* As remarks of TAP. */
static void print_said(void)
{
	print(said);
	print(reports);
}

/* ---- Lives -------------------------------------------------------------- */

static int lives(uint64_t rounds, uint64_t seed)
{
	uint64_t n = 0, bad = 0;

	for (; shared->steps < rounds && bad < 10; n++, seed++) {
		const char *why = run_random(seed);

		if (!why)
			continue;
		bad++;
		printf("# seed %lu: %s\n", seed, why);
		print_said();
	}
	printf("%sok hostile guest: %lu rounds in %lu lives, of which %lu were "
	       "bad, and %lu too long\n",
	       bad ? "not " : "", shared->steps, n, bad, shared->ended);
	return bad != 0;
}

/* ---- The table ---------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t nr;
} calls[] = {
	{"the probe", 0},
	{"`PANIC`", HV_CALL_PANIC},
	{"`BANK_ONLINE`", HV_CALL_BANK_ONLINE},
	{"`FILE_READ`", HV_CALL_FILE_READ},
	{"`FILE_GET`", HV_CALL_FILE_GET},
	{"`FILE_PUT`", HV_CALL_FILE_PUT},
	{"`PAGE_ZERO`", HV_CALL_PAGE_ZERO},
	{"`PAGE_COPY`", HV_CALL_PAGE_COPY},
	{"`FAULT_LOG`", HV_CALL_FAULT_LOG},
	{"`EXEC`", HV_CALL_EXEC},
	{"`SYSCALL`", HV_CALL_SYSCALL},
	{"`UPCALL_DONE`", HV_CALL_UPCALL_DONE},
	{"`SIGNAL`", HV_CALL_SIGNAL},
	{"`EXIT`", HV_CALL_EXIT},
	{"`RING_FULL`", HV_CALL_RING_FULL},
	{"`FILE_WRITE`", HV_CALL_FILE_WRITE},
	{"`FILE_OP`", HV_CALL_FILE_OP},
	{"`LOCK`", HV_CALL_LOCK},
	{"`LOCK_FREE`", HV_CALL_LOCK_FREE},
	{"`FLUSH`", HV_CALL_FLUSH},
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))
_Static_assert(CALLS == HV_CALL_NR, "each hypercall, and the probe");

static const char *const state_names[STATES] = {
	"while it boots",
	"while the program runs",
	"inside the upcall FAULT_IN",
	"inside the upcall DESCRIBE",
	"inside the upcall FILE",
	"inside the upcall MM",
	"after the program's end",
};

/* One row: "| NAMES | yes | | ...". */
static void read_row(char *row, bool legal[CALLS][STATES])
{
	char *names, *cell;

	row++; /* the first bar */
	names = strsep(&row, "|");
	for (unsigned s = 0; s < STATES; s++) {
		cell = row ? strsep(&row, "|") : NULL;
		for (unsigned i = 0; i < CALLS; i++)
			if (strstr(names, calls[i].name))
				legal[i][s] = cell && strstr(cell, "yes");
	}
}

static int read_table(const char *path, bool legal[CALLS][STATES])
{
	FILE *f = fopen(path, "r");
	char line[512];
	bool in = false;
	int rows = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "| | booting | running |", 23))
			in = true;
		else if (line[0] != '|')
			in = false;
		else if (in && strncmp(line, "|---", 4) && ++rows)
			read_row(line, legal);
	}
	if (f)
		fclose(f);
	return rows;
}

/* Did vmm say so, and end with 125? */
static bool was_forbidden(enum state state, uint32_t nr)
{
	char line[1024], want[32];
	bool found = false;

	snprintf(want, sizeof(want), nr ? "hypercall %u (" : "the probe", nr);
	rewind(said);
	while (fgets(line, sizeof(line), said))
		found |= strstr(line, want) &&
			 strstr(line, state_names[state]) &&
			 strstr(line, "the contract forbids it");
	return found && !shared->survived && shared->status == 125;
}

/* Legal calls go on, or end vmm by what they say themselves. */
static bool is_allowed(uint32_t nr)
{
	char line[1024];

	if (shared->survived || nr == HV_CALL_EXIT)
		return true;
	rewind(said);
	while (fgets(line, sizeof(line), said))
		if (strstr(line, "the contract forbids it"))
			return false;
	return nr == HV_CALL_PANIC || nr == HV_CALL_SYSCALL ||
	       nr == HV_CALL_FAULT_LOG;
}

static int table(const char *path)
{
	static bool legal[CALLS][STATES];
	int bad = 0, n = 0;

	if (!read_table(path, legal)) {
		printf("not ok %s has no table of states\n", path);
		return 1;
	}
	for (unsigned i = 0; i < CALLS; i++)
		for (unsigned s = 0; s < STATES; s++, n++) {
			const char *why = run_probing(s, calls[i].nr);

			if (!why &&
			    (legal[i][s] ? is_allowed(calls[i].nr)
					 : was_forbidden(s, calls[i].nr)))
				continue;
			bad++;
			printf("# %s %s: %s, status %d\n", calls[i].name,
			       state_names[s],
			       why	     ? why
			       : legal[i][s] ? "should be legal"
					     : "should end the guest",
			       shared->status);
			print_said();
		}
	printf("%sok hypercalls in states: %d tried, %d not as in %s\n",
	       bad ? "not " : "", n, bad, path);
	return bad != 0;
}

/* ---- Start -------------------------------------------------------------- */

/* Root's are not needed; what is in /proc/self stays readable. */
static void drop_rights(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY) || prctl(PR_SET_DUMPABLE, 1))
		exit(2);
}

static void prepare(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	if (!geteuid())
		drop_rights();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		exit(2);
}

/* One that is not the program's. */
static FILE *make_file(void)
{
	FILE *f = tmpfile();

	if (!f || fcntl(fileno(f), F_SETFD, FD_CLOEXEC))
		exit(2);
	return f;
}

int main(int argc, char **argv, char **envp)
{
	prepare();
	setvbuf(stdout, NULL, _IOLBF, 0);
	environment = envp;
	program = argc > 3 ? argv[2] : "";
	if (argc == 4 && !strcmp(argv[1], "life")) {
		live_random(strtoull(argv[3], NULL, 0));
		printf("%u rounds, status %d\n", guest_steps(), shared->status);
		return 0;
	}
	said = make_file();
	reports = make_file();
	if (argc == 5 && !strcmp(argv[1], "lives"))
		return lives(strtoull(argv[3], NULL, 0),
			     strtoull(argv[4], NULL, 0));
	if (argc == 4 && !strcmp(argv[1], "table"))
		return table(argv[3]);
	fprintf(stderr, "usage: hostile lives PROGRAM ROUNDS SEED\n"
			"       hostile life PROGRAM SEED\n"
			"       hostile table PROGRAM docs/abi.md\n");
	return 2;
}
