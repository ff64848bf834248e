/*
 * procfs.c: which files there are.
 */
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs_internal.h"

/* ENTRY: found by a number in its directory. ELSEWHERE: its name is its path.
 */
enum place { SELF, ROOT, ENTRY, ELSEWHERE };

struct procfs_file {
	const char *name;
	enum place place;
	enum procfs_kind kind;
	procfs_show_fn *show; /* the whole; NULL: not for --dump */
};

/* Number PROCFS_DIRS + 1 is the first. Names as in Linux fs/proc/base.c. */
static const struct procfs_file files[] = {
	{"environ", SELF, PROCFS_SIZED, procfs_environ},
	{"auxv", SELF, PROCFS_SIZED, procfs_auxv},
	{"status", SELF, PROCFS_WHOLE, procfs_status},
	{"personality", SELF, PROCFS_WHOLE, procfs_personality},
	{"limits", SELF, PROCFS_WHOLE, procfs_limits},
	{"comm", SELF, PROCFS_WHOLE, procfs_comm},
	{"cmdline", SELF, PROCFS_SIZED, procfs_cmdline},
	{"stat", SELF, PROCFS_WHOLE, procfs_stat},
	{"statm", SELF, PROCFS_WHOLE, procfs_statm},
	{"maps", SELF, PROCFS_MAPS, procfs_maps},
	{"mem", SELF, PROCFS_MEM, NULL},
	{"syscall", SELF, PROCFS_WHOLE, procfs_syscall},
	{"sched", SELF, PROCFS_WHOLE, procfs_sched},
	{"numa_maps", SELF, PROCFS_NUMA, procfs_numa_maps},
	{"clear_refs", SELF, PROCFS_ORDER, NULL},
	{"fdinfo", ENTRY, PROCFS_WHOLE, procfs_fdinfo},
	{"smaps", SELF, PROCFS_SMAPS, procfs_smaps},
	{"smaps_rollup", SELF, PROCFS_WHOLE, procfs_smaps_rollup},
	{"pagemap", SELF, PROCFS_PAGEMAP, NULL},
	{"oom_adj", SELF, PROCFS_SIZED, procfs_oom_adj},
	{"oom_score_adj", SELF, PROCFS_SIZED, procfs_oom_score_adj},
	{"coredump_filter", SELF, PROCFS_SIZED, procfs_coredump_filter},
	{"loginuid", SELF, PROCFS_SIZED, procfs_loginuid},
	{"timerslack_ns", SELF, PROCFS_WHOLE, procfs_timerslack},
	{"meminfo", ROOT, PROCFS_WHOLE, procfs_meminfo},
	{"vmstat", ROOT, PROCFS_WHOLE, procfs_vmstat},
	{"buddyinfo", ROOT, PROCFS_WHOLE, procfs_buddyinfo},
	{"zoneinfo", ROOT, PROCFS_WHOLE, procfs_zoneinfo},
	{"slabinfo", ROOT, PROCFS_WHOLE, procfs_slabinfo},
	{"iomem", ROOT, PROCFS_WHOLE, procfs_iomem},
	{"swaps", ROOT, PROCFS_WHOLE, procfs_swaps},
	{"vmallocinfo", ROOT, PROCFS_WHOLE, procfs_vmallocinfo},
	{"kpagecount", ROOT, PROCFS_KPAGE, NULL},
	{"kpageflags", ROOT, PROCFS_KPAGE, NULL},
	/* There are no such things here, and the host's would be another's. */
	{"kpagecgroup", ROOT, PROCFS_NEVER, NULL},
	{"pagetypeinfo", ROOT, PROCFS_NEVER, NULL},
	{"/proc/sys/vm/overcommit_memory", ELSEWHERE, PROCFS_WHOLE,
	 procfs_overcommit},
	{"/sys/kernel/mm/transparent_hugepage/enabled", ELSEWHERE, PROCFS_WHOLE,
	 procfs_thp},
};
#define NR_FILES (sizeof(files) / sizeof(files[0]))

static const struct procfs_file *file_of(unsigned number)
{
	unsigned i = number - PROCFS_DIRS - 1;

	return number > PROCFS_DIRS && i < NR_FILES ? &files[i] : NULL;
}

enum procfs_kind procfs_kind(unsigned number)
{
	const struct procfs_file *f = file_of(number);

	return f ? f->kind : PROCFS_NEVER;
}

unsigned procfs_find(unsigned dir, const char *name)
{
	(void)dir; /* a thread has the same */
	for (unsigned i = 0; i < NR_FILES; i++)
		if (files[i].place == SELF && !strcmp(files[i].name, name))
			return PROCFS_DIRS + 1 + i;
	return PROCFS_NONE;
}

unsigned procfs_find_path(const char *path)
{
	if (!strncmp(path, "/proc/", 6))
		for (unsigned i = 0; i < NR_FILES; i++)
			if (files[i].place == ROOT &&
			    !strcmp(files[i].name, path + 6))
				return PROCFS_DIRS + 1 + i;
	for (unsigned i = 0; i < NR_FILES; i++)
		if (files[i].place == ELSEWHERE && !strcmp(files[i].name, path))
			return PROCFS_DIRS + 1 + i;
	return PROCFS_NONE;
}

bool procfs_is_own(unsigned number)
{
	const struct procfs_file *f = file_of(number);

	return f && (f->place == SELF || f->place == ENTRY);
}

unsigned procfs_find_fdinfo(void)
{
	unsigned i = 0;

	while (files[i].place != ENTRY)
		i++;
	return PROCFS_DIRS + 1 + i;
}

bool procfs_is_writable(unsigned number)
{
	return procfs_kind(number) == PROCFS_MEM || procfs_writer(number);
}

procfs_write_fn *procfs_writer(unsigned number)
{
	static const struct {
		const char *name;
		procfs_write_fn *write;
	} writers[] = {
		{"comm", procfs_write_comm},
		{"clear_refs", procfs_write_clear_refs},
		{"oom_adj", procfs_write_oom_adj},
		{"oom_score_adj", procfs_write_oom_score_adj},
		{"coredump_filter", procfs_write_coredump_filter},
		{"loginuid", procfs_write_loginuid},
		{"timerslack_ns", procfs_write_timerslack},
	};

	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
		if (!strcmp(writers[i].name, procfs_name(number)))
			return writers[i].write;
	return NULL;
}

/* ---- Directories ------------------------------------------------------- */

static const char *const dir_names[PROCFS_DIRS + 1] = {
	[PROCFS_SELF] = "",	    [PROCFS_FD] = "fd",
	[PROCFS_TASK] = "task",	    [PROCFS_TID] = "",
	[PROCFS_FDINFO] = "fdinfo", [PROCFS_MAP_FILES] = "map_files",
};

unsigned procfs_find_subdir(unsigned dir, const char *name)
{
	static const unsigned subdirs[] = {PROCFS_FD, PROCFS_FDINFO,
					   PROCFS_TASK, PROCFS_MAP_FILES};

	/* A thread has the first two. */
	for (unsigned i = 0; i < (dir == PROCFS_SELF ? 4 : 2); i++)
		if (!strcmp(name, dir_names[subdirs[i]]))
			return subdirs[i];
	return PROCFS_NONE;
}

/* Behind "/task/TID", if it begins so. */
static const char *skip_task(const char *rest, unsigned *dir)
{
	*dir = PROCFS_SELF;
	if (strncmp(rest, "/task/", 6))
		return rest;
	*dir = PROCFS_TID;
	rest += 6;
	return rest + strcspn(rest, "/");
}

unsigned procfs_find_dir(const char *rest)
{
	unsigned dir;

	rest = skip_task(rest, &dir);
	return *rest ? procfs_find_subdir(dir, rest + 1) : dir;
}

/* The same for all processes here, or what the host says of this process. */
static const char *const hosts_files[] = {
	"arch_status",
	"autogroup",
	"cgroup",
	"children",
	"cpuset",
	"gid_map",
	"io",
	"ksm_merging_pages",
	"ksm_stat",
	"mountinfo",
	"mounts",
	"mountstats",
	"oom_score",
	"projid_map",
	"schedstat",
	"sessionid",
	"setgroups",
	"stack",
	"timens_offsets",
	"timers",
	"uid_map",
	"wchan",
};
static const char *const hosts_dirs[] = {"attr", "net", "ns"};

static bool is_one_of(const char *name, size_t len, const char *const *names,
		      size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == len && !memcmp(names[i], name, len))
			return true;
	return false;
}

static bool is_hosts_dir(const char *name, size_t len)
{
	return is_one_of(name, len, hosts_dirs,
			 sizeof(hosts_dirs) / sizeof(hosts_dirs[0]));
}

bool procfs_is_hosts(const char *name)
{
	return is_hosts_dir(name, strlen(name)) ||
	       is_one_of(name, strlen(name), hosts_files,
			 sizeof(hosts_files) / sizeof(hosts_files[0]));
}

bool procfs_in_hosts(const char *rest)
{
	unsigned dir;

	rest = skip_task(rest, &dir);
	return *rest && is_hosts_dir(rest + 1, strcspn(rest + 1, "/"));
}

const char *procfs_name(unsigned number)
{
	const struct procfs_file *f = file_of(number);

	if (f)
		return f->name;
	return number && number <= PROCFS_DIRS ? dir_names[number] : "";
}

/* ---- Contents ---------------------------------------------------------- */

int procfs_show_by(const struct procfs *p, unsigned number, FILE *out)
{
	const struct procfs_file *f = file_of(number);

	return f && f->show ? f->show(p, out) : -EACCES;
}

int procfs_show(struct thread *t, unsigned number, unsigned arg, FILE *out)
{
	const struct procfs p = procfs_of(t, arg);

	return procfs_show_by(&p, number, out);
}

void procfs_about(struct thread *t, const struct process *whose)
{
	t->about = whose && whose != t->process ? whose->threads : NULL;
	if (t->vcpu)
		vcpu_look_at(t->vcpu, t->about ? t->about->vcpu : NULL);
}

static bool is_dumped(const struct procfs_file *f)
{
	return f->show && f->place <= ROOT && strcmp(f->name, "sched");
}

unsigned procfs_find_dump(const char *name)
{
	for (unsigned i = 0; i < NR_FILES; i++)
		if (is_dumped(&files[i]) && !strcmp(files[i].name, name))
			return PROCFS_DIRS + 1 + i;
	return PROCFS_NONE;
}

const char *procfs_dump_name(unsigned i)
{
	for (unsigned k = 0; k < NR_FILES; k++)
		if (is_dumped(&files[k]) && !i--)
			return files[k].name;
	return NULL;
}

/* ---- Paths ------------------------------------------------------------ */

void procfs_path(int pid, unsigned number, unsigned arg, char *buf)
{
	const struct procfs_file *f = file_of(number);

	if (f && f->place == ENTRY)
		sprintf(buf, "/proc/%d/%s/%u", pid, f->name, arg);
	else if (f && f->place == SELF)
		sprintf(buf, "/proc/%d/%s", pid, f->name);
	else if (f && f->place == ELSEWHERE)
		sprintf(buf, "%s", f->name);
	else
		sprintf(buf, "/proc/%s", f ? f->name : "");
}

int procfs_open_host(const struct process *p, unsigned number, unsigned arg)
{
	const struct procfs_file *f = file_of(number);
	char path[64];
	int fd;

	if (f && f->place == SELF)
		sprintf(path, "%s", f->name);
	else if (f && f->place == ENTRY)
		sprintf(path, "%s/%d", f->name,
			fdtable_host(&p->fds, (int)arg));
	else
		procfs_path(p->pid, number, arg, path);
	fd = openat(p->machine->proc_fd, path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
