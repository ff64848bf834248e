/*
 * procfs_pieces.c: maps, smaps and numa_maps as a program gets them: a page at
 * a time, whole records only, each piece as of the moment of its read (Linux
 * fs/seq_file.c, seq_read_iter). A program that reads smaps into memory that it
 * has not touched before sees that memory grow while it reads, as on Linux.
 * After a seek all is made again.
 *
 * Where to go on is taken from what was made before: the last mapping in it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "describe.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "procfs.h"
#include "procfs_internal.h"
#include "vcpu.h"

#define PIECE	 4096  /* seq_file's buffer */
#define TAIL_MAX 16384 /* longer than any record: a path has 4096 bytes */

struct pieces {
	const struct procfs *p;
	enum procfs_kind kind;
	struct hv_desc_vma last; /* end 0: none yet */
	FILE *out;
	size_t made, wanted, room; /* bytes of this piece */
	bool full;
};

/* numa_maps says only where a mapping begins. */
static unsigned long find_end(struct vcpu *v, unsigned long start)
{
	struct hv_desc_vma vma;

	return !describe_next_vma(v, start, &vma) && vma.start == start
		       ? vma.end
		       : start + 1;
}

/* The last line that begins a mapping. */
static void find_last(const struct pieces *s, char *text,
		      struct hv_desc_vma *last)
{
	char *save, *line = strtok_r(text, "\n", &save);

	for (; line; line = strtok_r(NULL, "\n", &save)) {
		unsigned long start, end = 0;

		if (sscanf(line, "%lx-%lx ", &start, &end) != 2 &&
		    (s->kind != PROCFS_NUMA || !start))
			continue;
		last->start = start;
		last->end = end;
	}
	if (s->kind == PROCFS_NUMA)
		last->end = find_end(s->p->v, last->start);
}

static int read_last(const struct pieces *s, int fd, off_t size,
		     struct hv_desc_vma *last)
{
	off_t from = size > TAIL_MAX ? size - TAIL_MAX : 0;
	char text[TAIL_MAX + 1];
	ssize_t n = pread(fd, text, TAIL_MAX, from);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	/* Not the end of a line that began before. */
	find_last(s, from ? text + strcspn(text, "\n") : text, last);
	return 0;
}

/* One record, if it has room. Returns 0 or -errno. */
static int add_record(struct pieces *s, const struct hv_desc_smaps *record)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	if (s->kind == PROCFS_SMAPS)
		procfs_smaps_record(s->p, f, record);
	else if (s->kind == PROCFS_NUMA)
		procfs_numa_record(s->p, f, record);
	else
		procfs_map_line(s->p, f, &record->vma);
	if (fclose(f)) {
		free(text);
		return -ENOMEM;
	}
	s->full = s->made >= s->wanted || (s->made && s->made + size > s->room);
	if (!s->full) {
		fwrite(text, 1, size, s->out);
		s->made += size;
		s->last = record->vma;
	}
	free(text);
	return 0;
}

static int add_records(struct pieces *s, const struct hv_call_describe *d)
{
	size_t size = s->kind == PROCFS_MAPS ? sizeof(struct hv_desc_vma)
					     : sizeof(struct hv_desc_smaps);
	uint64_t end = s->last.end;
	int ret = 0;

	if (d->count > sizeof(d->data) / size || (d->next && !d->count) ||
	    describe_check_vmas(d, size, &end))
		return -EIO;
	for (uint32_t i = 0; i < d->count && !s->full && !ret; i++) {
		struct hv_desc_smaps record = {0};

		memcpy(&record, d->data + i * size, size);
		ret = add_record(s, &record);
	}
	return ret;
}

static int add_guests(struct pieces *s)
{
	uint32_t what =
		s->kind == PROCFS_MAPS ? HV_DESCRIBE_MAPS : HV_DESCRIBE_SMAPS;
	struct hv_call_describe d;
	int ret;

	do {
		ret = vcpu_describe(s->p->v, what, s->last.end, 64, &d);
		ret = ret ? ret : add_records(s, &d);
	} while (!ret && d.next && !s->full);
	return ret;
}

static int make_piece(struct pieces *s)
{
	const struct hv_desc_smaps gate = {.vma = procfs_vsyscall};
	int ret = 0;

	if (s->last.start == HV_VA_VSYSCALL)
		return 0;
	ret = add_guests(s);
	if (!ret && !s->full && s->kind != PROCFS_NUMA && procfs_has_vsyscall())
		ret = add_record(s, &gate);
	return ret;
}

int procfs_extend(const struct procfs *p, enum procfs_kind kind, int fd,
		  uint64_t offset, uint64_t len, bool anew)
{
	struct pieces s = {.p = p, .kind = kind};
	struct stat st = {0};
	char *text = NULL;
	size_t size = 0;
	int ret = 0;

	if (!anew && fstat(fd, &st) < 0)
		return -errno;
	if (offset + len <= (uint64_t)st.st_size)
		return 0;
	if (st.st_size)
		ret = read_last(&s, fd, st.st_size, &s.last);
	s.wanted = offset + len - (uint64_t)st.st_size;
	s.room = PIECE; /* and what a seek has skipped */
	if (offset > (uint64_t)st.st_size)
		s.room += offset - (uint64_t)st.st_size;
	s.out = ret ? NULL : open_memstream(&text, &size);
	if (!s.out)
		return ret ? ret : -ENOMEM;
	ret = make_piece(&s);
	if (fclose(s.out))
		ret = ret ? ret : -ENOMEM;
	if (!ret)
		ret = procfs_fill(fd, text, size, st.st_size, anew);
	free(text);
	return ret;
}
