/*
 * procfs_smaps.c: /proc/PID/smaps and smaps_rollup (Linux fs/proc/task_mmu.c,
 * show_smap). Which lines there are is the host's matter, what they say the
 * guest's.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"
#include "procfs_internal.h"
#include "vcpu.h"

/* Labels of one mapping's lines, as this host has them. */
#define LABELS_MAX 64
struct labels {
	char name[LABELS_MAX][32];
	unsigned n;
	bool full; /* that was the first mapping, or no room */
	bool soft_dirty;
};

static void take_label(FILE *out, const char *line, const char *name, void *ctx)
{
	struct labels *l = ctx;

	(void)out;
	/* "Size:", but not the mapping's own line "55d2-55d3 r--p ..." */
	if (l->full || line[strlen(name)] != ':' || strlen(name) >= 32)
		return;
	strcpy(l->name[l->n++], name);
	if (!strcmp(name, "VmFlags"))
		l->soft_dirty = strstr(line, " sd");
	l->full = !strcmp(name, "VmFlags") || l->n == LABELS_MAX;
}

/* Once for all: the host's kernel does not change. */
static const struct labels *host_labels(const char *path)
{
	static struct labels smaps, rollup;
	struct labels *l = strcmp(path, "/proc/self/smaps") ? &rollup : &smaps;

	if (!l->n)
		procfs_host_lines(path, NULL, take_label, l);
	return l;
}

static uint64_t line_value(const struct hv_desc_smaps *s, const char *name)
{
	const struct {
		const char *name;
		uint64_t value;
	} values[] = {
		{"Size", s->vma.end - s->vma.start},
		{"KernelPageSize", HV_PAGE_SIZE},
		{"MMUPageSize", HV_PAGE_SIZE},
		{"Rss", s->rss},
		{"Pss", s->pss >> HV_PSS_SHIFT},
		{"Pss_Dirty", s->pss_dirty >> HV_PSS_SHIFT},
		{"Pss_Anon", s->pss_anon >> HV_PSS_SHIFT},
		{"Pss_File", s->pss_file >> HV_PSS_SHIFT},
		{"Pss_Shmem", s->pss_shmem >> HV_PSS_SHIFT},
		{"Shared_Clean", s->shared_clean},
		{"Shared_Dirty", s->shared_dirty},
		{"Private_Clean", s->private_clean},
		{"Private_Dirty", s->private_dirty},
		{"Referenced", s->referenced},
		{"Anonymous", s->anonymous},
		{"LazyFree", s->lazyfree},
		{"AnonHugePages", s->anon_huge},
		{"Swap", s->swap},
		{"SwapPss", s->swap},
		{"Locked", s->pss_locked >> HV_PSS_SHIFT},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (!strcmp(name, values[i].name))
			return values[i].value;
	return 0; /* what the guest has none of */
}

/* Linux show_smap_vma_flags: by bit number. */
static const char flag_names[64][3] = {
	[0] = "rd",  [1] = "wr",  [2] = "ex",  [3] = "sh",  [4] = "mr",
	[5] = "mw",  [6] = "me",  [7] = "ms",  [8] = "gd",  [10] = "pf",
	[11] = "gu", [13] = "lo", [14] = "io", [15] = "sr", [16] = "rr",
	[17] = "dc", [18] = "de", [19] = "lf", [20] = "ac", [21] = "nr",
	[22] = "ht", [23] = "sf", [25] = "wf", [26] = "dd", [27] = "sd",
	[28] = "mm", [29] = "hg", [30] = "nh", [31] = "mg", [40] = "dp",
	[42] = "sl",
};

static void print_flags(FILE *out, uint64_t flags)
{
	fputs("VmFlags: ", out);
	for (unsigned i = 0; i < 64; i++)
		if (flags >> i & 1 && flag_names[i][0])
			fprintf(out, "%s ", flag_names[i]);
	fputc('\n', out);
}

/* Linux SEQ_PUT_DEC: a padded label, then at least so many digits. */
static void print_number(FILE *out, const char *name, uint64_t value)
{
	int label = (int)strlen(name) + 2 > 16 ? (int)strlen(name) + 2 : 16;

	fprintf(out, "%s:%*s%*" PRIu64, name, label - 1 - (int)strlen(name), "",
		24 - label, value);
}

static void print_lines(FILE *out, const struct labels *l,
			const struct hv_desc_smaps *s, bool pkeys)
{
	for (unsigned i = 0; i < l->n; i++) {
		const char *name = l->name[i];
		uint64_t flags = s->vma.vm_flags;

		if (!strcmp(name, "VmFlags")) {
			if (l->soft_dirty && s->vma.start != HV_VA_VSYSCALL)
				flags |= HV_VM_SOFTDIRTY;
			print_flags(out, flags);
		} else if (!strcmp(name, "THPeligible")) {
			print_number(out, name, s->thp_eligible);
			fputc('\n', out);
		} else if (!strcmp(name, "ProtectionKey")) {
			if (!pkeys)
				continue; /* the host has them, the guest not */
			print_number(out, name, flags >> HV_VM_PKEY_SHIFT & 15);
			fputc('\n', out);
		} else {
			print_number(out, name, line_value(s, name) >> 10);
			fputs(" kB\n", out);
		}
	}
}

void procfs_smaps_record(const struct procfs *p, FILE *out,
			 const struct hv_desc_smaps *s)
{
	procfs_map_line(p, out, &s->vma);
	print_lines(out, host_labels("/proc/self/smaps"), s,
		    vcpu_has_pkeys(p->v));
}

int procfs_each_smaps(const struct procfs *p, FILE *out,
		      procfs_record_fn *record)
{
	struct hv_desc_smaps *s;
	int64_t n =
		describe_all(p->v, HV_DESCRIBE_SMAPS, sizeof(*s), (void **)&s);

	if (n < 0)
		return (int)n;
	for (int64_t i = 0; i < n; i++)
		record(p, out, &s[i]);
	free(s);
	return 0;
}

int procfs_smaps(const struct procfs *p, FILE *out)
{
	const struct hv_desc_smaps gate = {.vma = procfs_vsyscall};
	int ret = procfs_each_smaps(p, out, procfs_smaps_record);

	if (!ret && procfs_has_vsyscall())
		procfs_smaps_record(p, out, &gate);
	return ret;
}

static void add(struct hv_desc_smaps *sum, const struct hv_desc_smaps *s)
{
	sum->rss += s->rss;
	sum->referenced += s->referenced;
	sum->anonymous += s->anonymous;
	sum->lazyfree += s->lazyfree;
	sum->anon_huge += s->anon_huge;
	sum->swap += s->swap;
	sum->shared_clean += s->shared_clean;
	sum->shared_dirty += s->shared_dirty;
	sum->private_clean += s->private_clean;
	sum->private_dirty += s->private_dirty;
	sum->pss += s->pss;
	sum->pss_dirty += s->pss_dirty;
	sum->pss_anon += s->pss_anon;
	sum->pss_file += s->pss_file;
	sum->pss_shmem += s->pss_shmem;
	sum->pss_locked += s->pss_locked;
}

int procfs_smaps_rollup(const struct procfs *p, FILE *out)
{
	struct hv_desc_smaps *s, sum = {0};
	char head[128];
	int64_t n =
		describe_all(p->v, HV_DESCRIBE_SMAPS, sizeof(*s), (void **)&s);

	if (n < 0)
		return (int)n;
	for (int64_t i = 0; i < n; i++)
		add(&sum, &s[i]);
	if (n) {
		snprintf(head, sizeof(head),
			 "%08" PRIx64 "-%08" PRIx64 " ---p 00000000 00:00 0 ",
			 s[0].vma.start, s[n - 1].vma.end);
		fprintf(out, "%-*s[rollup]\n", PROCFS_NAME_COLUMN, head);
	}
	free(s);
	print_lines(out, host_labels("/proc/self/smaps_rollup"), &sum, false);
	return 0;
}
