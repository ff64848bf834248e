/*
 * procfs_ioctl.c: what maps and pagemap answer to ioctl(2): PROCMAP_QUERY
 * (Linux 6.11, fs/proc/task_mmu.c, do_procmap_query) and PAGEMAP_SCAN (6.7,
 * pagemap_scan_*; Documentation/admin-guide/mm/pagemap.rst). Structures and
 * numbers are those of <linux/fs.h>, which is older than they are here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "describe.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"
#include "procfs_build_id.h"
#include "procfs_internal.h"
#include "usermem.h"
#include "vcpu.h"

/* ---- PROCMAP_QUERY ----------------------------------------------------- */

struct query {
	uint64_t size, flags, addr;
	uint64_t vma_start, vma_end, vma_flags, page_size, offset, inode;
	uint32_t dev_major, dev_minor, name_size, build_id_size;
	uint64_t name_addr, build_id_addr;
};
_Static_assert(sizeof(struct query) == 104, "Linux struct procmap_query");
#define QUERY_MIN	24 /* up to and with addr */
#define PROCMAP_QUERY	_IOWR('f', 17, struct query)
#define QUERY_RIGHTS	0x7ull /* as PROT_* */
#define QUERY_SHARED	0x8ull
#define QUERY_OR_NEXT	0x10ull
#define QUERY_FILE_ONLY 0x20ull
#define QUERY_FLAGS	0x3full

/* Linux copy_struct_from_user: what is beyond our structure must be 0. */
static int64_t get_query(struct thread *t, uint64_t at, struct query *q)
{
	uint8_t all[HV_PAGE_SIZE] = {0};
	uint64_t size;

	if (usermem_read(t->vcpu, at, &size, sizeof(size)) < 0)
		return -EFAULT;
	if (size > sizeof(all))
		return -E2BIG;
	if (size < QUERY_MIN)
		return -EINVAL;
	if (usermem_read(t->vcpu, at, all, size) < 0)
		return -EFAULT;
	for (size_t i = sizeof(*q); i < size; i++)
		if (all[i])
			return -E2BIG;
	memcpy(q, all, sizeof(*q));
	if (q->flags & ~QUERY_FLAGS || !q->name_size != !q->name_addr ||
	    !q->build_id_size != !q->build_id_addr)
		return -EINVAL;
	return (int64_t)size;
}

static uint64_t query_bits(const struct hv_desc_vma *v)
{
	return (v->prot & QUERY_RIGHTS) |
	       (v->vm_flags & HV_VM_MAYSHARE ? QUERY_SHARED : 0);
}

static bool query_matches(const struct query *q, const struct hv_desc_vma *v,
			  bool has_file)
{
	uint64_t want = q->flags & (QUERY_RIGHTS | QUERY_SHARED);

	return (!(q->flags & QUERY_FILE_ONLY) || has_file) &&
	       (query_bits(v) & want) == want &&
	       (q->flags & QUERY_OR_NEXT || v->start <= q->addr);
}

/* 0, -ENOENT or another error. */
static int query_find(const struct procfs *p, const struct query *q,
		      struct hv_desc_vma *v, char path[PROCFS_NAME_MAX])
{
	uint64_t at = q->addr;

	for (;;) {
		int ret = at < HV_VA_USER_END ? describe_next_vma(p->v, at, v)
					      : -ENOENT;

		if (ret || query_matches(q, v, procfs_file_name(p, v, path)))
			return ret;
		if (!(q->flags & QUERY_OR_NEXT))
			return -ENOENT;
		at = v->end;
	}
}

static int put_name(struct thread *t, struct query *q, const char *name)
{
	size_t size = name ? strlen(name) + 1 : 0;

	if (!q->name_size)
		return 0;
	if (size > q->name_size)
		return -ENAMETOOLONG;
	q->name_size = (uint32_t)size;
	return size ? usermem_write(t->vcpu, q->name_addr, name, size) : 0;
}

static int put_build_id(struct thread *t, struct query *q,
			const struct hv_desc_vma *v)
{
	const struct file *file =
		files_find(&t->process->machine->files, v->file);
	uint8_t id[BUILD_ID_MAX];
	size_t size;

	if (!q->build_id_size)
		return 0;
	size = file ? build_id_read(file->fd, id) : 0;
	if (size > q->build_id_size)
		return -ENAMETOOLONG;
	q->build_id_size = (uint32_t)size;
	return size ? usermem_write(t->vcpu, q->build_id_addr, id, size) : 0;
}

static int64_t procmap_query(struct thread *t, uint64_t at)
{
	const struct procfs p = procfs_of(t, 0);
	struct file_identity id;
	char path[PROCFS_NAME_MAX];
	struct hv_desc_vma v;
	struct query q;
	int64_t size = get_query(t, at, &q);
	int ret = size < 0 ? (int)size : query_find(&p, &q, &v, path);

	if (ret)
		return ret;
	id = procfs_identify(&p, &v);
	q.vma_start = v.start;
	q.vma_end = v.end;
	q.vma_flags = query_bits(&v);
	q.page_size = HV_PAGE_SIZE;
	q.offset = id.ino ? v.offset : 0;
	q.inode = id.ino;
	q.dev_major = id.major;
	q.dev_minor = id.minor;
	ret = put_name(t, &q, procfs_map_name(&p, &v, path));
	ret = ret ? ret : put_build_id(t, &q, &v);
	if (ret)
		return ret;
	if ((size_t)size > sizeof(q))
		size = sizeof(q);
	return usermem_write(t->vcpu, at, &q, (size_t)size);
}

/* ---- PAGEMAP_SCAN ------------------------------------------------------ */

struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof, returned;
};
struct scan_region {
	uint64_t start, end, categories;
};
#define PAGEMAP_SCAN _IOWR('f', 16, struct scan_arg)
#define SCAN_FLAGS   3ull
/* Categories; there is no userfaultfd here, nor soft-dirty bits. */
#define SCAN_WPALLOWED	1ull
#define SCAN_WRITTEN	2ull
#define SCAN_FILE	4ull
#define SCAN_PRESENT	8ull
#define SCAN_SWAPPED	16ull
#define SCAN_PFNZERO	32ull
#define SCAN_HUGE	64ull
#define SCAN_GUARD	256ull
#define SCAN_CATEGORIES 0x1ffull

#define PAGEMAP_FILE	(1ull << 61)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_PRESENT (1ull << 63)
#define SCAN_AT_ONCE	512u

struct scan {
	struct thread *t;
	struct scan_arg *arg;
	struct scan_region region; /* being gathered; start == end: none */
	uint64_t regions, pages;
	bool full;
};

static uint64_t categories(uint64_t entry)
{
	uint64_t set = SCAN_PRESENT | SCAN_WRITTEN;

	if (entry & PAGEMAP_SWAPPED) /* a guard marker: there is no swap */
		return SCAN_WRITTEN | SCAN_SWAPPED | SCAN_GUARD;
	/* Linux: written unless userfaultfd says otherwise. */
	if (!(entry & PAGEMAP_PRESENT))
		return entry & HV_PAGEMAP_TABLE ? SCAN_WRITTEN : 0;
	/* pagemap takes the huge page of zeros for a file's, this does not. */
	if (entry & HV_PAGEMAP_ZERO)
		set |= SCAN_PFNZERO;
	else if (entry & PAGEMAP_FILE)
		set |= SCAN_FILE;
	return set | (entry & HV_PAGEMAP_HUGE ? SCAN_HUGE : 0);
}

static bool scan_wants(const struct scan_arg *a, uint64_t set)
{
	set ^= a->inverted;
	return (set & a->mask) == a->mask && (!a->anyof || set & a->anyof);
}

static int scan_flush(struct scan *s)
{
	int ret = 0;

	if (s->region.start != s->region.end) {
		uint64_t at = s->arg->vec + s->regions++ * sizeof(s->region);

		ret = usermem_write(s->t->vcpu, at, &s->region,
				    sizeof(s->region));
	}
	s->region.start = s->region.end = 0;
	return ret;
}

/* One page that is wanted. Sets `full` if it has no room any more. */
static int scan_add(struct scan *s, uint64_t va, uint64_t set)
{
	struct scan_region *r = &s->region;
	int ret;

	if (!s->arg->vec_len)
		return 0;
	set &= s->arg->returned;
	if (s->pages == s->arg->max_pages) {
		s->full = true;
		return 0;
	}
	if (r->start == r->end || r->end != va || r->categories != set) {
		ret = scan_flush(s);
		if (ret || s->regions == s->arg->vec_len) {
			s->full = true;
			return ret;
		}
		*r = (struct scan_region){va, va, set};
	}
	r->end += HV_PAGE_SIZE;
	s->pages++;
	return 0;
}

/* Pages of one mapping. */
static int scan_pages(struct scan *s, uint64_t va, uint64_t end)
{
	uint64_t entries[SCAN_AT_ONCE];

	while (va < end && !s->full) {
		size_t n = (end - va) / HV_PAGE_SIZE;
		int ret;

		n = n < SCAN_AT_ONCE ? n : SCAN_AT_ONCE;
		ret = describe_pagemap(s->t->vcpu, va, n, entries);
		for (size_t i = 0; i < n && !ret && !s->full; i++) {
			uint64_t set = categories(entries[i]);

			if (scan_wants(s->arg, set))
				ret = scan_add(s, va, set);
			if (s->full)
				s->arg->walk_end = va;
			va += HV_PAGE_SIZE;
		}
		if (ret)
			return ret;
	}
	return 0;
}

/* Linux passes them over. */
static bool is_pfnmap(const struct hv_desc_vma *v)
{
	return v->kind == HV_MAP_VVAR || v->kind == HV_MAP_VCLOCK;
}

static int scan_range(struct scan *s)
{
	uint64_t at = s->arg->start, end = s->arg->end;
	struct hv_desc_vma v;
	int ret = 0;

	while (at < end && !s->full && !ret) {
		ret = at < HV_VA_USER_END
			      ? describe_next_vma(s->t->vcpu, at, &v)
			      : -ENOENT;
		if (ret == -ENOENT || (!ret && v.start >= end))
			return 0;
		if (!ret && !is_pfnmap(&v) && s->arg->flags)
			return -EPERM; /* no userfaultfd, as it asks for */
		if (!ret && !is_pfnmap(&v) &&
		    !(s->arg->mask & ~s->arg->inverted & SCAN_WPALLOWED))
			ret = scan_pages(s, v.start > at ? v.start : at,
					 v.end < end ? v.end : end);
		at = v.end;
	}
	return ret;
}

static int get_scan(struct thread *t, uint64_t at, struct scan_arg *a)
{
	if (usermem_read(t->vcpu, at, a, sizeof(*a)) < 0)
		return -EFAULT;
	if (a->size != sizeof(*a) || a->flags & ~SCAN_FLAGS ||
	    (a->inverted | a->mask | a->anyof | a->returned) &
		    ~SCAN_CATEGORIES ||
	    a->start % HV_PAGE_SIZE)
		return -EINVAL;
	if (a->start > a->end || a->end > HV_VA_USER_END)
		return -EFAULT;
	if (!a->vec && a->vec_len)
		return -EINVAL;
	if (a->vec > HV_VA_USER_END ||
	    a->vec_len > (HV_VA_USER_END - a->vec) / sizeof(struct scan_region))
		return -EFAULT;
	a->end = (a->end + HV_PAGE_SIZE - 1) & -HV_PAGE_SIZE;
	a->walk_end = 0;
	a->max_pages = a->max_pages ? a->max_pages : UINT64_MAX;
	return 0;
}

static int64_t pagemap_scan(struct thread *t, uint64_t at)
{
	struct scan_arg arg;
	struct scan s = {.t = t, .arg = &arg};
	int ret = get_scan(t, at, &arg);

	if (ret)
		return ret;
	ret = scan_range(&s);
	ret = ret ? ret : scan_flush(&s);
	if (!s.full)
		arg.walk_end = arg.end;
	if (usermem_write(t->vcpu, at + offsetof(struct scan_arg, walk_end),
			  &arg.walk_end, sizeof(arg.walk_end)) < 0)
		return -EFAULT;
	return ret ? ret : (int64_t)s.regions;
}

int64_t procfs_ioctl(struct thread *t, unsigned number, uint32_t request,
		     uint64_t arg)
{
	if (procfs_kind(number) == PROCFS_MAPS && request == PROCMAP_QUERY)
		return procmap_query(t, arg);
	if (procfs_kind(number) == PROCFS_PAGEMAP && request == PAGEMAP_SCAN)
		return pagemap_scan(t, arg);
	return -ENOTTY;
}
