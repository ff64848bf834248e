/*
 * procfs_maps.c: /proc/PID/maps (Linux fs/proc/task_mmu.c, show_map_vma). The
 * mappings are the guest's; devices, inodes and paths are those of the files on
 * the host.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "describe.h"
#include "fdpath.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"
#include "procfs_internal.h"

/* The line of our own maps that starts with this address. */
static bool find_own_line(const void *at, struct file_identity *id)
{
	FILE *f = fopen("/proc/self/maps", "re");
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f)) {
		unsigned long start, end, offset;
		char perms[8];

		found = sscanf(line, "%lx-%lx %7s %lx %x:%x %" SCNu64, &start,
			       &end, perms, &offset, &id->major, &id->minor,
			       &id->ino) == 7 &&
			start == (unsigned long)at;
	}
	if (f)
		fclose(f);
	return found;
}

/*
 * stat(2) does not always say what maps says (btrfs, overlayfs): so the file is
 * mapped here for a moment, and the host says it. Once for each file.
 */
static struct file_identity identify(struct file *file)
{
	struct file_identity seen;
	void *at;

	if (file->shown_known)
		return file->shown;
	file->shown = (struct file_identity){major(file->dev), minor(file->dev),
					     file->ino};
	file->shown_known = true;
	at = mmap(NULL, HV_PAGE_SIZE, PROT_READ, MAP_PRIVATE, file->fd, 0);
	if (at == MAP_FAILED)
		return file->shown;
	if (find_own_line(at, &seen))
		file->shown = seen;
	munmap(at, HV_PAGE_SIZE);
	return file->shown;
}

/* As seq_path with "\n": nothing else is escaped. */
static void print_path(FILE *out, const char *path)
{
	for (; *path; path++)
		if (*path == '\n')
			fputs("\\012", out);
		else
			fputc(*path, out);
}

static const char *kind_name(const struct hv_desc_vma *v)
{
	switch (v->kind) {
	case HV_MAP_HEAP:
		return "[heap]";
	case HV_MAP_STACK:
		return "[stack]";
	case HV_MAP_VDSO:
		return "[vdso]";
	case HV_MAP_VVAR:
		return "[vvar]";
	case HV_MAP_VCLOCK:
		return "[vvar_vclock]";
	default:
		return v->start == HV_VA_VSYSCALL ? "[vsyscall]" : NULL;
	}
}

bool procfs_is_special(const struct hv_desc_vma *v)
{
	return v->kind == HV_MAP_VDSO || v->kind == HV_MAP_VVAR ||
	       v->kind == HV_MAP_VCLOCK;
}

bool procfs_file_name(const struct procfs *p, const struct hv_desc_vma *v,
		      char path[PROCFS_NAME_MAX])
{
	struct file *file = files_find(&p->of->machine->files, v->file);

	if (procfs_is_special(v)) /* whatever is behind it */
		return false;
	if (v->shm)
		strcpy(path, "/dev/zero (deleted)");
	else if (file)
		fdpath_of_file(p->of->machine, file, v->opened, path,
			       PROCFS_NAME_MAX);
	return file || v->shm;
}

struct file_identity procfs_identify(const struct procfs *p,
				     const struct hv_desc_vma *v)
{
	struct file *file = files_find(&p->of->machine->files, v->file);

	if (!procfs_is_special(v) && file)
		return identify(file);
	/* Its inode number is the guest's own. */
	return (struct file_identity){0, v->shm ? 1 : 0, v->shm};
}

const char *procfs_map_name(const struct procfs *p, const struct hv_desc_vma *v,
			    char path[PROCFS_NAME_MAX])
{
	return procfs_file_name(p, v, path) ? path : kind_name(v);
}

void procfs_map_line(const struct procfs *p, FILE *out,
		     const struct hv_desc_vma *v)
{
	struct file_identity id = procfs_identify(p, v);
	char path[PROCFS_NAME_MAX], head[128];
	const char *name = procfs_map_name(p, v, path);

	snprintf(head, sizeof(head),
		 "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64
		 " %02x:%02x %" PRIu64 " ",
		 v->start, v->end, v->prot & PROT_READ ? 'r' : '-',
		 v->prot & PROT_WRITE ? 'w' : '-',
		 v->prot & PROT_EXEC ? 'x' : '-',
		 v->vm_flags & HV_VM_MAYSHARE ? 's' : 'p',
		 procfs_is_special(v) ? 0 : v->offset, id.major, id.minor,
		 id.ino);
	fprintf(out, "%-*s", name ? PROCFS_NAME_COLUMN : 0, head);
	if (name)
		print_path(out, name);
	fputc('\n', out);
}

/*
 * Linux shows the vsyscall page of every process, unless it was configured
 * away. A program cannot read it, only call it (sys/vsyscall.h).
 */
bool procfs_has_vsyscall(void)
{
	static int known = -1;
	struct file_identity id;

	if (known < 0)
		known = find_own_line((const void *)HV_VA_VSYSCALL, &id);
	return known;
}

int procfs_maps(const struct procfs *p, FILE *out)
{
	struct hv_desc_vma *v;
	int64_t n =
		describe_all(p->v, HV_DESCRIBE_MAPS, sizeof(*v), (void **)&v);

	if (n < 0)
		return (int)n;
	for (int64_t i = 0; i < n; i++)
		procfs_map_line(p, out, &v[i]);
	free(v);
	if (procfs_has_vsyscall())
		procfs_map_line(p, out, &procfs_vsyscall);
	return 0;
}

const struct hv_desc_vma procfs_vsyscall = {
	.start = HV_VA_VSYSCALL,
	.end = HV_VA_VSYSCALL + HV_PAGE_SIZE,
	.vm_flags = HV_VM_EXEC,
	.prot = PROT_EXEC,
};
