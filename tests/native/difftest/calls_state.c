/*
 * calls_state.c: digests of what can be seen of the address space.
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

static int maps_fd, smaps_fd, status_fd;
static char text[256 * 1024];

static int open_proc(const char *name)
{
	long fd = SYS(__NR_open, name, O_RDONLY, 0);

	if (fd < 0)
		die("/proc/self cannot be read");
	return (int)fd;
}

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

static void read_all(int fd)
{
	size_t len = 0;
	long n;

	do {
		n = sys(__NR_pread64, (u64)fd, (u64)text + len,
			sizeof(text) - 1 - len, len, 0, 0);
		if (n < 0)
			die("/proc/self: read fails");
		len += (size_t)n;
	} while (n && !is_end_of_maps(text + len, len));
	if (len == sizeof(text) - 1)
		die("/proc/self: too long");
	text[len] = 0;
}

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

static bool starts(const char *s, const char *with)
{
	while (*with)
		if (*s++ != *with++)
			return false;
	return true;
}

static const char *line_end(const char *p)
{
	while (*p && *p != '\n')
		p++;
	return p;
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
	l->end = line_end(p);
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
	l->map.kind = l->name == l->end		     ? KIND_ANON
		      : starts(l->name, "[heap]")    ? KIND_HEAP
		      : starts(l->name, "[v")	     ? KIND_OTHER
		      : starts(l->name, "[stack]")   ? KIND_OTHER
		      : starts(l->name, "/dev/zero") ? KIND_SHM
		      : starts(l->name, "/memfd")    ? KIND_MEMFD
						     : KIND_FILE;
	return l->end + (*l->end == '\n');
}

static u64 hash_text(u64 h, const char *from, const char *to)
{
	while (from < to)
		h = hash(h, (unsigned char)*from++);
	return h;
}

/* Offsets of [heap] and the like are 0 on both; names of files are equal. */
static u64 hash_line(u64 h, const struct line *l)
{
	h = hash(hash(h, l->map.start), l->map.end);
	h = hash_text(h, l->perms, l->perms + 4);
	h = hash_text(h, l->offset, l->offset + 8);
	return hash_text(h, l->name, l->end);
}

u64 state_maps(void)
{
	u64 h = 0;
	struct line l;

	read_all(maps_fd);
	nr_maps = 0;
	total_pages = 0;
	for (const char *p = text; *p;) {
		p = parse_line(p, &l);
		if (l.map.start > TASK_SIZE)
			continue;
		total_pages += (l.map.end - l.map.start) / PAGE;
		if (starts(l.name, "[v"))
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

	maps_fd = open_proc("/proc/self/maps");
	smaps_fd = open_proc("/proc/self/smaps");
	status_fd = open_proc("/proc/self/status");
	ours_low = ((u64)SYS(__NR_brk, 0, 0, 0) + PAGE - 1) & -PAGE;
	read_all(maps_fd);
	for (const char *p = text; *p;) {
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

	if (len > -addr || end <= start || start >= TASK_SIZE ||
	    end <= 0x400000)
		return true;
	return start >= ours_low && end <= ours_high;
}

/* ---- Accounts ------------------------------------------------------------ */

static bool is_compared(const char *p)
{
	static const char *const names[] = {
		"VmSize:", "VmLck:", "VmData:", "VmStk:", "VmExe:", NULL};

	for (int i = 0; names[i]; i++)
		if (starts(p, names[i]))
			return true;
	return false;
}

static void each_account(void (*fn)(const char *from, const char *to))
{
	read_all(status_fd);
	for (const char *p = text; *p; p = line_end(p) + 1)
		if (is_compared(p))
			fn(p, line_end(p));
}

static u64 digest;

static void digest_line(const char *from, const char *to)
{
	digest = hash_text(digest, from, to);
}

/* Flags of what is ours; the rest, pages' ages and sizes, is not compared. */
static void each_flags(void (*fn)(const char *from, const char *to))
{
	struct line l = {0};

	read_all(smaps_fd);
	for (const char *p = text; *p; p = line_end(p) + 1) {
		if ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'))
			parse_line(p, &l);
		else if (starts(p, "VmFlags:") && l.map.start >= ours_low &&
			 l.map.start < ours_high)
			fn(p, line_end(p));
	}
}

u64 state_accounts(void)
{
	digest = 0;
	each_account(digest_line);
	each_flags(digest_line);
	return digest;
}

/* ---- Contents ------------------------------------------------------------ */

static void print_page(u64 va, u64 h)
{
	say("  page ");
	say_hex(va);
	say(" ");
	say_hex(h);
	say("\n");
}

static u64 page_digest(u64 va)
{
	u64 h = hash(1, probe_load(va));

	h = hash(h, probe_load(va + 8));
	return hash(h, probe_load(va + PAGE - 1));
}

static u64 contents(bool print)
{
	u64 h = 0;

	for (unsigned i = 0; i < nr_maps; i++) {
		const struct map *m = &maps[i];
		u64 end = m->end;

		if (!(m->prot & PROT_READ))
			continue;
		if (end - m->start > 64 * PAGE)
			end = m->start + 64 * PAGE;
		for (u64 va = m->start; va < end; va += PAGE) {
			u64 page = page_digest(va);

			if (print)
				print_page(va, page);
			h = hash(h, page);
		}
	}
	return h;
}

u64 state_contents(void)
{
	return contents(false);
}

void state_print_contents(void)
{
	contents(true);
}

/* ---- For people ---------------------------------------------------------- */

static void print_line(const char *from, const char *to)
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

void state_print(void)
{
	struct line l;

	read_all(maps_fd);
	for (const char *p = text; *p;) {
		const char *start = p;

		p = parse_line(p, &l);
		if (starts(l.name, "[v"))
			continue;
		say(" ");
		print_line(start, l.offset + 8);
		if (l.name < l.end)
			print_line(l.name, l.end);
	}
	each_account(print_line);
	each_flags(print_line);
}
