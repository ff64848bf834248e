/*
 * procfs_numa.c: /proc/PID/numa_maps (Linux fs/proc/task_mmu.c, show_numa_map).
 * There is one node, and no policy but the default. Pages are on no list of
 * active ones, so nothing is said of those.
 */
#include <inttypes.h>
#include <string.h>

#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"
#include "procfs_internal.h"

/* As seq_path with "\n\t= ". */
static void print_file(FILE *out, const char *path)
{
	fputs(" file=", out);
	for (; *path; path++)
		if (strchr("\n\t= ", *path))
			fprintf(out, "\\%03o", *path);
		else
			fputc(*path, out);
}

static void print_pages(FILE *out, const struct hv_desc_smaps *s)
{
	uint64_t pages = s->rss >> HV_PAGE_SHIFT;
	uint64_t anon = s->anonymous >> HV_PAGE_SHIFT;
	uint64_t dirty = (s->shared_dirty + s->private_dirty) >> HV_PAGE_SHIFT;

	if (!pages || procfs_is_special(&s->vma))
		return;
	if (anon)
		fprintf(out, " anon=%" PRIu64, anon);
	if (dirty)
		fprintf(out, " dirty=%" PRIu64, dirty);
	if (pages != anon && pages != dirty)
		fprintf(out, " mapped=%" PRIu64, pages);
	if (s->mapcount_max > 1)
		fprintf(out, " mapmax=%" PRIu64, s->mapcount_max);
	fprintf(out, " N0=%" PRIu64 " kernelpagesize_kB=%llu", pages,
		HV_PAGE_SIZE >> 10);
}

void procfs_numa_record(const struct procfs *p, FILE *out,
			const struct hv_desc_smaps *s)
{
	char path[PROCFS_NAME_MAX];

	fprintf(out, "%08" PRIx64 " default", s->vma.start);
	if (procfs_file_name(p, &s->vma, path))
		print_file(out, path);
	else if (s->vma.kind == HV_MAP_HEAP)
		fputs(" heap", out);
	else if (s->vma.kind == HV_MAP_STACK)
		fputs(" stack", out);
	print_pages(out, s);
	fputc('\n', out);
}

int procfs_numa_maps(const struct procfs *p, FILE *out)
{
	return procfs_each_smaps(p, out, procfs_numa_record);
}
