/*
 * procfs_status.c: /proc/PID/stat, statm and status (Linux fs/proc/array.c,
 * task_mmu.c). Credentials, processors and times are those of this process; all
 * that tells of memory, signals and names is the program's.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "describe.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "procfs.h"
#include "procfs_internal.h"

#define PAGES_KB(n) ((n) << (HV_PAGE_SHIFT - 10))

static uint64_t rss(const struct hv_desc_mm *mm)
{
	return mm->rss_anon + mm->rss_file + mm->rss_shmem;
}

/* Bytes of the program's code, in whole pages: Linux task_mem, task_statm. */
static uint64_t text_size(const struct hv_desc_mm *mm)
{
	return ((mm->end_code + HV_PAGE_SIZE - 1) & -HV_PAGE_SIZE) -
	       (mm->start_code & -HV_PAGE_SIZE);
}

int procfs_statm(const struct procfs *p, FILE *out)
{
	struct hv_desc_mm mm;
	int ret = describe_one(p->v, HV_DESCRIBE_MM, 0, &mm, sizeof(mm));

	if (ret)
		return ret;
	fprintf(out,
		"%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 %" PRIu64
		" 0\n",
		mm.total_vm, rss(&mm), mm.rss_file + mm.rss_shmem,
		text_size(&mm) >> HV_PAGE_SHIFT, mm.data_vm + mm.stack_vm);
	return 0;
}

/* ---- Signals ----------------------------------------------------------- */

static uint64_t signals_with(const struct signals *g, uint64_t from,
			     uint64_t to)
{
	uint64_t set = 0;

	for (int sig = 1; sig <= SIGNALS; sig++)
		if (g->shared->action[sig].handler >= from &&
		    g->shared->action[sig].handler <= to)
			set |= signal_bit(sig);
	return set;
}

static uint64_t ignored(const struct signals *g)
{
	return signals_with(g, 1, 1);
}

static uint64_t caught(const struct signals *g)
{
	return signals_with(g, 2, UINT64_MAX);
}

/* ---- stat -------------------------------------------------------------- */

#define STAT_FIELDS	  52
#define PF_SUPERPRIV	  0x100ull
#define PF_VCPU		  0x1ull
#define PF_RANDOMIZE	  0x400000ull
#define NO_RANDOMIZE	  0x40000u /* ADDR_NO_RANDOMIZE */
#define STAT_SIGNALS(set) ((set)&0x7fffffff)

uint64_t procfs_major(const struct machine *m, const struct hv_desc_mm *mm)
{
	return m->files.waits < mm->faults ? m->files.waits : mm->faults;
}

/* Fields are numbered as in proc_pid_stat(5), from 1. */
struct stat_fields {
	uint64_t value[STAT_FIELDS + 1];
	bool set[STAT_FIELDS + 1];
};

static void set_field(struct stat_fields *f, unsigned i, uint64_t value)
{
	f->value[i] = value;
	f->set[i] = true;
}

static void set_memory(struct stat_fields *f, const struct procfs *p,
		       const struct hv_desc_mm *mm)
{
	uint64_t major = procfs_major(p->of->machine, mm);

	set_field(f, 10, mm->faults - major);
	set_field(f, 11, 0);
	set_field(f, 12, major);
	set_field(f, 13, 0);
	set_field(f, 20, p->of->nr_threads);
	set_field(f, 23, mm->total_vm << HV_PAGE_SHIFT);
	set_field(f, 24, rss(mm));
	set_field(f, 25, p->of->limits.of[RLIMIT_RSS].rlim_cur);
	set_field(f, 26, mm->start_code);
	set_field(f, 27, mm->end_code);
	set_field(f, 28, mm->start_stack);
	set_field(f, 29, 0);
	set_field(f, 30, 0);
	set_field(f, 45, mm->start_data);
	set_field(f, 46, mm->end_data);
	set_field(f, 47, mm->start_brk);
	set_field(f, 48, mm->arg_start);
	set_field(f, 49, mm->arg_end);
	set_field(f, 50, mm->env_start);
	set_field(f, 51, mm->env_end);
	set_field(f, 52, 0);
}

static void set_signals(struct stat_fields *f, const struct signals *g)
{
	set_field(f, 31, STAT_SIGNALS(g->pending.set));
	set_field(f, 32, STAT_SIGNALS(g->mask));
	set_field(f, 33, STAT_SIGNALS(ignored(g)));
	set_field(f, 34, STAT_SIGNALS(caught(g)));
	set_field(f, 35, 0);
	set_field(f, 43, 0); /* time as a guest: none in this machine */
	set_field(f, 44, 0);
}

/* The flags of Linux's task that are about the program. */
static uint64_t task_flags(const struct procfs *p, uint64_t flags)
{
	flags &= ~(PF_SUPERPRIV | PF_VCPU | PF_RANDOMIZE);
	if (!(p->of->personality & NO_RANDOMIZE))
		flags |= PF_RANDOMIZE;
	return flags;
}

static void print_stat(FILE *out, const struct procfs *p,
		       const struct stat_fields *f, char *rest)
{
	char *save, *word = strtok_r(rest, " \n", &save);

	fprintf(out, "%d (%s)", p->of->pid, p->t->name);
	for (unsigned i = 3; word; i++, word = strtok_r(NULL, " \n", &save)) {
		if (i == 3)
			fprintf(out, " %s", procfs_is_others(p) ? word : "R");
		else if (i == 9)
			fprintf(out, " %" PRIu64,
				task_flags(p, strtoull(word, NULL, 10)));
		else if (i <= STAT_FIELDS && f->set[i])
			fprintf(out, " %" PRIu64, f->value[i]);
		else
			fprintf(out, " %s", word);
	}
	fputc('\n', out);
}

/* The host's: of vmm, or of the thread where another process has its own. */
static void host_file(const struct procfs *p, const char *name, char *path)
{
	if (procfs_is_others(p) || p->of->parent)
		sprintf(path, "/proc/self/task/%d/%s", p->t->host_tid, name);
	else
		sprintf(path, "/proc/self/%s", name);
}

int procfs_stat(const struct procfs *p, FILE *out)
{
	struct stat_fields fields = {0};
	struct hv_desc_mm mm;
	char host[2048], *rest;
	int ret = describe_one(p->v, HV_DESCRIBE_MM, 0, &mm, sizeof(mm));

	if (ret)
		return ret;
	host_file(p, "stat", host);
	if (procfs_host_read(host, host, sizeof(host)) < 0)
		return -EIO;
	rest = strrchr(host, ')'); /* our name may have blanks */
	if (!rest)
		return -EIO;
	set_memory(&fields, p, &mm);
	set_signals(&fields, &p->t->signals);
	if (p->of->parent)
		set_field(&fields, 4, (uint64_t)p->of->parent->pid);
	set_field(&fields, 5, (uint64_t)p->of->pgid);
	set_field(&fields, 6, (uint64_t)p->of->sid);
	print_stat(out, p, &fields, rest + 1);
	return 0;
}

/* ---- status ------------------------------------------------------------ */

struct status {
	const struct procfs *p;
	struct hv_desc_mm mm;
};

static bool print_memory(FILE *out, const char *name,
			 const struct hv_desc_mm *mm)
{
	uint64_t text = text_size(mm) >> 10, exec = PAGES_KB(mm->exec_vm);
	const struct {
		const char *name;
		uint64_t kb;
	} values[] = {
		{"VmPeak", PAGES_KB(mm->hiwater_vm)},
		{"VmSize", PAGES_KB(mm->total_vm)},
		{"VmLck", PAGES_KB(mm->locked_vm)},
		{"VmPin", 0},
		{"VmHWM", PAGES_KB(mm->hiwater_rss)},
		{"VmRSS", PAGES_KB(rss(mm))},
		{"RssAnon", PAGES_KB(mm->rss_anon)},
		{"RssFile", PAGES_KB(mm->rss_file)},
		{"RssShmem", PAGES_KB(mm->rss_shmem)},
		{"VmData", PAGES_KB(mm->data_vm)},
		{"VmStk", PAGES_KB(mm->stack_vm)},
		{"VmExe", text < exec ? text : exec},
		{"VmLib", exec - (text < exec ? text : exec)},
		{"VmPTE", PAGES_KB(mm->pagetables)},
		{"VmSwap", 0},
		{"HugetlbPages", 0},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (strcmp(name, values[i].name))
			continue;
		fprintf(out, "%s:\t%8" PRIu64 " kB\n", name, values[i].kb);
		return true;
	}
	return false;
}

static bool print_signals(FILE *out, const char *name, const struct signals *g)
{
	const struct {
		const char *name;
		uint64_t set;
	} sets[] = {
		{"SigPnd", g->pending.set}, {"ShdPnd", g->shared->pending.set},
		{"SigBlk", g->mask},	    {"SigIgn", ignored(g)},
		{"SigCgt", caught(g)},
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (strcmp(name, sets[i].name))
			continue;
		fprintf(out, "%s:\t%016" PRIx64 "\n", name, sets[i].set);
		return true;
	}
	return false;
}

static bool print_plain(FILE *out, const char *name, const struct process *p)
{
	const struct {
		const char *name;
		unsigned value;
	} values[] = {
		{"TracerPid", 0},
		{"FDSize", p->fds.size},
		{"Threads", p->nr_threads},
		{"NoNewPrivs", (unsigned)p->no_new_privs},
		{"THP_enabled", p->thp_disabled != HV_THP_DISABLE_ALL},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (strcmp(name, values[i].name))
			continue;
		fprintf(out, "%s:\t%u\n", name, values[i].value);
		return true;
	}
	return false;
}

/* Linux proc_task_name: the line stays one. */
static void print_name(FILE *out, const char *name)
{
	fputs("Name:\t", out);
	for (; *name; name++)
		if (*name == '\n')
			fputs("\\n", out);
		else if (*name == '\\')
			fputs("\\\\", out);
		else
			fputc(*name, out);
	fputc('\n', out);
}

/* Queued signals of the user, of as many as the program may have. */
static void print_queue(FILE *out, const char *line, const struct process *p)
{
	fprintf(out, "%.*s/%llu\n", (int)strcspn(line, "/"), line,
		(unsigned long long)p->limits.of[RLIMIT_SIGPENDING].rlim_cur);
}

/* Of all but the first process, which has the host's. */
static bool print_ids(FILE *out, const char *name, const struct process *p,
		      const struct thread *t)
{
	const struct {
		const char *name;
		int value;
	} ids[] = {
		{"Tgid", p->pid},   {"Pid", t->tid},   {"PPid", p->parent->pid},
		{"NStgid", p->pid}, {"NSpid", t->tid}, {"NSpgid", p->pgid},
		{"NSsid", p->sid},  {"Ngid", 0},
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (strcmp(name, ids[i].name))
			continue;
		fprintf(out, "%s:\t%d\n", name, ids[i].value);
		return true;
	}
	return false;
}

static void status_line(FILE *out, const char *line, const char *name,
			void *ctx)
{
	const struct status *st = ctx;
	const struct process *p = st->p->of;
	const struct thread *t = st->p->t;

	if (!strcmp(name, "Name"))
		print_name(out, t->name);
	else if (!strcmp(name, "State") && !procfs_is_others(st->p))
		fputs("State:\tR (running)\n", out);
	else if (p->parent && print_ids(out, name, p, t))
		return;
	else if (!strcmp(name, "Umask"))
		fprintf(out, "Umask:\t%#04o\n", (unsigned)p->umask);
	else if (!strcmp(name, "SigQ"))
		print_queue(out, line, p);
	else if (!print_memory(out, name, &st->mm) &&
		 !print_signals(out, name, &t->signals) &&
		 !print_plain(out, name, p))
		fputs(line, out);
}

int procfs_status(const struct procfs *p, FILE *out)
{
	struct status st = {.p = p};
	char path[64];
	int ret = describe_one(p->v, HV_DESCRIBE_MM, 0, &st.mm, sizeof(st.mm));

	if (ret)
		return ret;
	host_file(p, "status", path);
	return procfs_host_lines(path, out, status_line, &st);
}

/* ---- sched ------------------------------------------------------------- */

struct sched {
	const struct thread *t;
	bool headed;
};

static void sched_line(FILE *out, const char *line, const char *name, void *ctx)
{
	struct sched *h = ctx;

	(void)name;
	if (h->headed)
		fputs(line, out);
	else
		fprintf(out, "%s (%d, #threads: 1)\n", h->t->name, h->t->tid);
	h->headed = true;
}

/* How this process was scheduled, under the program's name. */
int procfs_sched(const struct procfs *p, FILE *out)
{
	struct sched h = {p->t, false};

	return procfs_host_lines("/proc/self/sched", out, sched_line, &h);
}
