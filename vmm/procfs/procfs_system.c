/*
 * procfs_system.c: the files of /proc that tell of the machine's memory: the
 * guest's RAM and its allocators, in the order and the format of this host's.
 * What the guest has none of (swap, huge pages, devices) is 0.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "capable.h"
#include "describe.h"
#include "hv_boot.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"
#include "procfs_internal.h"
#include "thp.h"

#define PAGES_KB(n) ((n) << (HV_PAGE_SHIFT - 10))

struct memory {
	struct hv_desc_memory m;
	struct hv_desc_mm mm;
};

struct value {
	const char *name;
	uint64_t value;
};

static int get_memory(const struct procfs *p, struct memory *out)
{
	int ret = describe_one(p->v, HV_DESCRIBE_MEMORY, 0, &out->m,
			       sizeof(out->m));

	return ret ? ret
		   : describe_one(p->v, HV_DESCRIBE_MM, 0, &out->mm,
				  sizeof(out->mm));
}

/* ---- meminfo, vmstat --------------------------------------------------- */

static void meminfo_line(FILE *out, const char *line, const char *name,
			 void *ctx)
{
	const struct memory *m = ctx;
	uint64_t cached = m->m.cached + m->m.shmem;
	const struct value pages[] = {
		{"MemTotal", m->m.total},
		{"MemFree", m->m.free},
		{"MemAvailable", m->m.free},
		{"Cached", cached},
		{"Active", m->m.anon},
		{"Inactive", cached},
		{"Active(anon)", m->m.anon},
		{"Inactive(file)", m->m.cached},
		{"Inactive(anon)", m->m.shmem},
		{"AnonPages", m->m.anon},
		{"AnonHugePages", m->m.anon_huge},
		{"Mapped", m->mm.rss_file + m->mm.rss_shmem},
		{"Shmem", m->m.shmem},
		{"Slab", m->m.slab},
		{"SUnreclaim", m->m.slab},
		{"PageTables", m->m.pagetables},
		{"Committed_AS", m->m.committed},
		{"Mlocked", m->mm.locked_vm},
		{"Unevictable", m->mm.locked_vm},
	};
	uint64_t value = 0;

	/* Sizes of address space and of a page, and what overcommit.h takes. */
	if (!strcmp(name, "VmallocTotal") || !strcmp(name, "Hugepagesize") ||
	    !strcmp(name, "CommitLimit")) {
		fputs(line, out);
		return;
	}
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (!strcmp(name, pages[i].name))
			value = PAGES_KB(pages[i].value);
	fprintf(out, "%s:%*" PRIu64 "%s\n", name, 23 - (int)strlen(name), value,
		strstr(line, " kB") ? " kB" : "");
}

int procfs_meminfo(const struct procfs *p, FILE *out)
{
	struct memory m;
	int ret = get_memory(p, &m);

	return ret ? ret
		   : procfs_host_lines("/proc/meminfo", out, meminfo_line, &m);
}

static void vmstat_line(FILE *out, const char *line, const char *name,
			void *ctx)
{
	const struct memory *m = ctx;
	const struct value values[] = {
		{"nr_free_pages", m->m.free},
		{"nr_active_anon", m->m.anon},
		{"nr_zone_active_anon", m->m.anon},
		{"nr_inactive_file", m->m.cached},
		{"nr_zone_inactive_file", m->m.cached},
		{"nr_mlock", m->mm.locked_vm},
		{"nr_slab_unreclaimable", m->m.slab},
		{"nr_anon_pages", m->m.anon},
		{"nr_mapped", m->mm.rss_file + m->mm.rss_shmem},
		{"nr_file_pages", m->m.cached + m->m.shmem},
		{"nr_shmem", m->m.shmem},
		{"nr_page_table_pages", m->m.pagetables},
		{"pgfault", m->mm.faults},
		{"nr_anon_transparent_hugepages",
		 m->m.anon_huge >> HV_HUGE_ORDER},
		{"thp_fault_alloc", m->m.thp.fault_alloc},
		{"thp_fault_fallback", m->m.thp.fault_fallback},
		{"thp_zero_page_alloc", m->m.thp.zero_page_alloc},
		{"thp_split_page", m->m.thp.split_page},
		{"thp_deferred_split_page", m->m.thp.deferred_split_page},
		{"thp_split_pmd", m->m.thp.split_pmd},
		{"thp_underused_split_page", m->m.thp.underused_split_page},
		{"thp_collapse_alloc", m->m.thp.collapse_alloc},
		{"thp_collapse_alloc_failed", m->m.thp.collapse_alloc_failed},
	};
	uint64_t value = 0;

	(void)line;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (!strcmp(name, values[i].name))
			value = values[i].value;
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

int procfs_vmstat(const struct procfs *p, FILE *out)
{
	struct memory m;
	int ret = get_memory(p, &m);

	return ret ? ret
		   : procfs_host_lines("/proc/vmstat", out, vmstat_line, &m);
}

void procfs_sysinfo(struct vcpu *v, struct sysinfo *info)
{
	const struct procfs p = {.v = v};
	struct memory m;

	if (get_memory(&p, &m))
		return; /* no guest that could say: the host's will do */
	info->mem_unit = 1;
	info->totalram = m.m.total << HV_PAGE_SHIFT;
	info->freeram = m.m.free << HV_PAGE_SHIFT;
	info->sharedram = m.m.shmem << HV_PAGE_SHIFT;
	info->bufferram = 0;
	info->totalswap = info->freeswap = 0;
	info->totalhigh = info->freehigh = 0;
}

/* ---- Zones ------------------------------------------------------------- */

static const char *const zone_names[HV_ZONES] = {"DMA", "DMA32", "Normal"};

/* Never used memory counts as the blocks that would be taken from it. */
static uint64_t zone_blocks(const struct hv_desc_memory *m, unsigned zone,
			    unsigned order)
{
	uint64_t fresh = m->zone[zone].frontier;

	fresh = order == HV_ORDERS - 1 ? fresh >> order : fresh >> order & 1;
	return m->zone[zone].blocks[order] + fresh;
}

static uint64_t zone_free(const struct hv_desc_memory *m, unsigned zone)
{
	uint64_t pages = m->zone[zone].frontier;

	for (unsigned n = 0; n < HV_ORDERS; n++)
		pages += m->zone[zone].blocks[n] << n;
	return pages;
}

/* Frames of the zone that are RAM. */
static uint64_t zone_present(const struct machine *m, unsigned zone)
{
	const uint64_t end[] = {HV_ZONE_DMA_END, HV_ZONE_DMA32_END, UINT64_MAX};
	uint64_t start = zone ? end[zone - 1] : 0, pages = 0;

	for (unsigned i = 0; i < m->facts.nr_banks; i++) {
		const struct hv_bank *b = &m->facts.banks[i];
		uint64_t from = b->start > start ? b->start : start;
		uint64_t to = b->end < end[zone] ? b->end : end[zone];

		if (from < to)
			pages += (to - from) >> HV_PAGE_SHIFT;
	}
	return pages;
}

int procfs_buddyinfo(const struct procfs *p, FILE *out)
{
	struct memory m;
	int ret = get_memory(p, &m);

	for (unsigned z = 0; !ret && z < HV_ZONES; z++) {
		if (!zone_present(p->of->machine, z))
			continue;
		fprintf(out, "Node 0, zone %8s ", zone_names[z]);
		for (unsigned n = 0; n < HV_ORDERS; n++)
			fprintf(out, "%6" PRIu64 " ", zone_blocks(&m.m, z, n));
		fputc('\n', out);
	}
	return ret;
}

int procfs_zoneinfo(const struct procfs *p, FILE *out)
{
	struct memory m;
	int ret = get_memory(p, &m);

	for (unsigned z = 0; !ret && z < HV_ZONES; z++) {
		uint64_t present = zone_present(p->of->machine, z);

		if (!present)
			continue;
		fprintf(out,
			"Node 0, zone %8s\n"
			"  pages free     %" PRIu64 "\n"
			"        present  %" PRIu64 "\n"
			"      nr_free_pages %" PRIu64 "\n",
			zone_names[z], zone_free(&m.m, z), present,
			zone_free(&m.m, z));
	}
	return ret;
}

/* ---- What there is none of, and settings -------------------------------- */

static void first_line(FILE *out, const char *line, const char *name, void *ctx)
{
	(void)ctx;
	if (!strcmp(name, "Filename"))
		fputs(line, out);
}

int procfs_swaps(const struct procfs *p, FILE *out)
{
	(void)p;
	return procfs_host_lines("/proc/swaps", out, first_line, NULL);
}

int procfs_vmallocinfo(const struct procfs *p, FILE *out)
{
	(void)p;
	(void)out;
	return 0;
}

int procfs_overcommit(const struct procfs *p, FILE *out)
{
	fprintf(out, "%u\n", p->of->machine->facts.overcommit);
	return 0;
}

int procfs_thp(const struct procfs *p, FILE *out)
{
	static const enum hv_thp order[] = {HV_THP_ALWAYS, HV_THP_MADVISE,
					    HV_THP_NEVER};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		bool now = p->of->machine->facts.thp == (int)order[i];

		fprintf(out, "%s%s%s%s", i ? " " : "", now ? "[" : "",
			thp_name(order[i]), now ? "]" : "");
	}
	fputc('\n', out);
	return 0;
}

/* ---- slabinfo ---------------------------------------------------------- */

int procfs_slabinfo(const struct procfs *p, FILE *out)
{
	struct hv_desc_slab *s;
	int64_t n =
		describe_all(p->v, HV_DESCRIBE_SLAB, sizeof(*s), (void **)&s);

	if (n < 0)
		return (int)n;
	fputs("slabinfo - version: 2.1\n"
	      "# name            <active_objs> <num_objs> <objsize> "
	      "<objperslab> <pagesperslab> : tunables <limit> <batchcount> "
	      "<sharedfactor> : slabdata <active_slabs> <num_slabs> "
	      "<sharedavail>\n",
	      out);
	for (int64_t i = 0; i < n; i++) {
		uint64_t used = s[i].slabs_full + s[i].slabs_partial;
		uint64_t slabs = used + s[i].slabs_empty;

		fprintf(out,
			"%-17.*s %6" PRIu64 " %6" PRIu64
			" %6u %4u %4u : tunables %4u %4u %4u : slabdata "
			"%6" PRIu64 " %6" PRIu64 " %6u\n",
			(int)sizeof(s[i].name) - 1, s[i].name,
			s[i].objects_active, slabs * s[i].objects_per_slab,
			s[i].object_size, s[i].objects_per_slab,
			1u << (s[i].slab_order & 31), 0, 0, 0, used, slabs, 0);
	}
	free(s);
	return 0;
}

/* ---- iomem ------------------------------------------------------------- */

static void iomem_line(FILE *out, unsigned depth, uint64_t start, uint64_t end,
		       const char *name)
{
	uint64_t last = end - 1;

	if (start >= end)
		return;
	if (!capable(CAP_SYS_ADMIN)) /* Linux r_show */
		start = last = 0;
	fprintf(out, "%*s%08" PRIx64 "-%08" PRIx64 " : %s\n", (int)depth * 2,
		"", start, last, name);
}

static void iomem_kernel(FILE *out, const struct machine_facts *a)
{
	const struct hv_image *i = a->image;
	uint64_t at = HV_KERNEL_GPA;

	if (!i)
		return;
	iomem_line(out, 1, at, at + i->text_end, "Kernel code");
	iomem_line(out, 1, at + i->text_end, at + i->rodata_end,
		   "Kernel rodata");
	iomem_line(out, 1, at + i->rodata_end, at + i->file_size,
		   "Kernel data");
	iomem_line(out, 1, at + i->file_size, at + i->mem_size, "Kernel bss");
}

int procfs_iomem(const struct procfs *p, FILE *out)
{
	const struct machine_facts *a = &p->of->machine->facts;

	for (unsigned i = 0; i < a->nr_banks;) {
		uint64_t start = a->banks[i].start, end = a->banks[i].end;

		for (i++; i < a->nr_banks && a->banks[i].start == end; i++)
			end = a->banks[i].end;
		iomem_line(out, 0, start, end, "System RAM");
		if (start <= HV_KERNEL_GPA && HV_KERNEL_GPA < end)
			iomem_kernel(out, a);
	}
	return 0;
}
