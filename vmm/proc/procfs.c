/*
 * procfs.c: which files there are.
 */
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "procfs_internal.h"

enum place { SELF, ROOT };

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
	{"mem", SELF, PROCFS_NEVER, NULL},
	{"smaps", SELF, PROCFS_SMAPS, procfs_smaps},
	{"smaps_rollup", SELF, PROCFS_WHOLE, procfs_smaps_rollup},
	{"pagemap", SELF, PROCFS_PAGEMAP, NULL},
	{"meminfo", ROOT, PROCFS_WHOLE, procfs_meminfo},
	{"vmstat", ROOT, PROCFS_WHOLE, procfs_vmstat},
	{"buddyinfo", ROOT, PROCFS_WHOLE, procfs_buddyinfo},
	{"zoneinfo", ROOT, PROCFS_WHOLE, procfs_zoneinfo},
	{"slabinfo", ROOT, PROCFS_WHOLE, procfs_slabinfo},
	{"iomem", ROOT, PROCFS_WHOLE, procfs_iomem},
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

const char *procfs_own_name(unsigned i)
{
	for (unsigned k = 0; k < NR_FILES; k++)
		if (files[k].place == SELF && !i--)
			return files[k].name;
	return NULL;
}

unsigned procfs_find(unsigned dir, const char *name)
{
	enum place place = dir == PROCFS_NONE ? ROOT : SELF;

	for (unsigned i = 0; i < NR_FILES; i++)
		if (files[i].place == place && !strcmp(files[i].name, name))
			return PROCFS_DIRS + 1 + i;
	return PROCFS_NONE;
}

bool procfs_is_own(unsigned number)
{
	const struct procfs_file *f = file_of(number);

	return f && f->place == SELF;
}

unsigned procfs_find_dir(const char *rest)
{
	if (!strncmp(rest, "/task", 5)) {
		if (!rest[5])
			return PROCFS_TASK;
		rest += 6;
		rest += strcspn(rest, "/");
		if (!*rest)
			return PROCFS_TID;
	}
	if (!*rest)
		return PROCFS_SELF;
	return strcmp(rest, "/fd") ? PROCFS_NONE : PROCFS_FD;
}

const char *procfs_name(unsigned number)
{
	static const char *const dirs[] = {"", "", "fd", "task", ""};
	const struct procfs_file *f = file_of(number);

	return f ? f->name : dirs[number <= PROCFS_DIRS ? number : 0];
}

/* ---- Contents ---------------------------------------------------------- */

int procfs_show(struct sys *s, struct vcpu *v, unsigned number, FILE *out)
{
	const struct procfs_file *f = file_of(number);
	const struct procfs p = {s, v};

	return f && f->show ? f->show(&p, out) : -EACCES;
}

unsigned procfs_find_dump(const char *name)
{
	for (unsigned i = 0; i < NR_FILES; i++)
		if (files[i].show && !strcmp(files[i].name, name))
			return PROCFS_DIRS + 1 + i;
	return PROCFS_NONE;
}

const char *procfs_dump_name(unsigned i)
{
	for (unsigned k = 0; k < NR_FILES; k++)
		if (files[k].show && !i--)
			return files[k].name;
	return NULL;
}

/* ---- Paths ------------------------------------------------------------ */

void procfs_path(unsigned number, char *buf)
{
	const struct procfs_file *f = file_of(number);

	if (f && f->place == SELF)
		sprintf(buf, "/proc/%d/%s", getpid(), f->name);
	else
		sprintf(buf, "/proc/%s", f ? f->name : "");
}

int procfs_open_host(const struct sys *s, unsigned number)
{
	const struct procfs_file *f = file_of(number);
	char path[64];
	int fd;

	procfs_path(number, path);
	if (f && f->place == SELF)
		fd = openat(s->proc_fd, f->name, O_PATH | O_CLOEXEC);
	else
		fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
