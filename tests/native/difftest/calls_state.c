/*
 * calls_state.c: the mappings, as /proc/self/maps has them.
 *
 * Left out, for they may differ: devices and inodes; the names and sizes of
 * what the kernel itself maps ([vvar], [vdso], [vsyscall]).
 */
#include <asm/fcntl.h>
#include <asm/unistd.h>

#include "calls.h"

struct map maps[MAPS_MAX];
unsigned nr_maps;
u64 total_pages;
u64 ours_low, ours_high = TASK_SIZE;

static int maps_fd;
static char text[256 * 1024];

/* ---- Text --------------------------------------------------------------- */

bool text_starts(const char *s, const char *with)
{
	while (*with)
		if (*s++ != *with++)
			return false;
	return true;
}

const char *text_line_end(const char *p)
{
	while (*p && *p != '\n')
		p++;
	return p;
}

u64 text_hash(u64 h, const char *from, const char *to)
{
	while (from < to)
		h = hash(h, (unsigned char)*from++);
	return h;
}

void text_print(const char *from, const char *to)
{
	char line[256];
	size_t n = 0;

	while (from < to && n < sizeof(line) - 2)
		line[n++] = *from++;
	line[n++] = '\n';
	line[n] = 0;
	say("  ");
	say(line);
}

/* ---- /proc/self --------------------------------------------------------- */

/* The last line of maps: a read of what follows it is saved. */
static bool is_end_of_maps(const char *end, size_t len)
{
	static const char last[] = "[vsyscall]\n";
	const size_t n = sizeof(last) - 1;

	for (size_t i = 0; i < n; i++)
		if (len < n || end[i - n] != last[i])
			return false;
	return true;
}

const char *state_read(const char *name, int *fd)
{
	size_t len = 0;
	long n;

	if (!*fd)
		*fd = (int)SYS(__NR_open, name, O_RDONLY, 0);
	if (*fd < 0)
		die("/proc/self cannot be read");
	do {
		n = sys(__NR_pread64, (u64)*fd, (u64)text + len,
			sizeof(text) - 1 - len, len, 0, 0);
		if (n < 0)
			die("/proc/self: read fails");
		len += (size_t)n;
	} while (n && !is_end_of_maps(text + len, len));
	if (len == sizeof(text) - 1)
		die("/proc/self: too long");
	text[len] = 0;
	return text;
}

/* ---- Mappings ----------------------------------------------------------- */

static u64 hex(const char **p)
{
	u64 n = 0;

	for (;; (*p)++) {
		unsigned c = (unsigned char)**p;

		if (c >= '0' && c <= '9')
			n = n << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (c - 'a' + 10);
		else
			return n;
	}
}

struct line {
	struct map map;
	const char *perms, *offset, *name, *end;
};

/* "START-END PERMS OFFSET DEVICE INODE   NAME"; to the next line's start. */
static const char *parse_line(const char *p, struct line *l)
{
	l->map.start = hex(&p);
	p++;
	l->map.end = hex(&p);
	l->perms = ++p;
	l->offset = p + 5;
	l->end = text_line_end(p);
	p = l->offset;
	l->map.offset = hex(&p);
	for (int field = 0; field < 3; field++) {
		while (p < l->end && *p != ' ')
			p++;
		p++;
	}
	while (p < l->end && *p == ' ')
		p++;
	l->name = p < l->end ? p : l->end;
	l->map.prot = (l->perms[0] == 'r' ? PROT_READ : 0) |
		      (l->perms[1] == 'w' ? PROT_WRITE : 0) |
		      (l->perms[2] == 'x' ? PROT_EXEC : 0);
	l->map.shared = l->perms[3] == 's';
	l->map.kind = l->name == l->end			     ? KIND_ANON
		      : text_starts(l->name, "[heap]")	     ? KIND_HEAP
		      : text_starts(l->name, "[v")	     ? KIND_OTHER
		      : text_starts(l->name, "[stack]")	     ? KIND_OTHER
		      : text_starts(l->name, "/dev/zero")    ? KIND_SHM
		      : text_starts(l->name, "/memfd:seals") ? KIND_SEALED
		      : text_starts(l->name, "/memfd")	     ? KIND_MEMFD
							     : KIND_FILE;
	return l->end + (*l->end == '\n');
}

const char *state_parse(const char *p, struct map *m)
{
	struct line l;

	p = parse_line(p, &l);
	*m = l.map;
	return p;
}

/* Offsets of [heap] and the like are 0 on both; names of files are equal. */
static u64 hash_line(u64 h, const struct line *l)
{
	h = hash(hash(h, l->map.start), l->map.end);
	h = text_hash(h, l->perms, l->perms + 4);
	h = text_hash(h, l->offset, l->offset + 8);
	return text_hash(h, l->name, l->end);
}

u64 state_maps(void)
{
	u64 h = 0;
	struct line l;

	nr_maps = 0;
	total_pages = 0;
	for (const char *p = state_read("/proc/self/maps", &maps_fd); *p;) {
		p = parse_line(p, &l);
		if (l.map.start > TASK_SIZE)
			continue;
		total_pages += (l.map.end - l.map.start) / PAGE;
		if (text_starts(l.name, "[v"))
			continue;
		h = hash_line(h, &l);
		if (l.map.start < ours_low || l.map.start >= ours_high)
			continue;
		if (nr_maps == MAPS_MAX)
			die("too many mappings");
		maps[nr_maps++] = l.map;
	}
	return h;
}

void state_start(void)
{
	struct line l;

	ours_low = ((u64)SYS(__NR_brk, 0, 0, 0) + PAGE - 1) & -PAGE;
	for (const char *p = state_read("/proc/self/maps", &maps_fd); *p;) {
		p = parse_line(p, &l);
		if (l.map.start >= ours_low && l.map.start < ours_high)
			ours_high = l.map.start;
	}
}

const struct map *state_find(u64 addr)
{
	for (unsigned i = 0; i < nr_maps; i++)
		if (addr >= maps[i].start && addr < maps[i].end)
			return &maps[i];
	return NULL;
}

/* What wraps, or is the kernel's, is refused; below the program is nothing. */
bool state_is_ours(u64 addr, u64 len)
{
	u64 start = addr & -PAGE;
	u64 end = (addr + len + PAGE - 1) & -PAGE;

	if (addr + len < addr || end <= start || start >= TASK_SIZE ||
	    end <= 0x400000)
		return true;
	return start >= ours_low && end <= ours_high;
}

void state_print(void)
{
	struct line l;

	for (const char *p = state_read("/proc/self/maps", &maps_fd); *p;) {
		const char *start = p;

		p = parse_line(p, &l);
		if (text_starts(l.name, "[v"))
			continue;
		say(" ");
		text_print(start, l.offset + 8);
		if (l.name < l.end)
			text_print(l.name, l.end);
	}
}
