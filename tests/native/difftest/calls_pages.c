/*
 * calls_pages.c: what is in each page of ours.
 *
 * Of a large mapping only the first pages are looked at.
 */
#include <asm/fcntl.h>
#include <asm/unistd.h>

#include "calls.h"

#define LOOK_PAGES 64	/* of a mapping, all */
#define MOST_PAGES 4096 /* of a mapping, some */
#define READ_PAGES 384	/* by one read of pagemap */

#define PM_PRESENT (1ul << 63)
#define PM_FILE	   (1ul << 61) /* or shared */
/*
 * Compared: present, swapped, of a file or shared, a guard, mapped once. Not:
 * frames, and what the kernel may lack (soft-dirty, write-protected).
 */
#define PM_COMPARED (PM_PRESENT | 1ul << 62 | PM_FILE | 1ul << 58 | 1ul << 56)

static int pagemap_fd;
static u64 entries[READ_PAGES];
static u64 entries_start, entries_end;

static u64 page_entry(u64 va)
{
	if (va < entries_start || va >= entries_end) {
		long n = sys(__NR_pread64, (u64)pagemap_fd, (u64)entries,
			     sizeof(entries), va / PAGE * 8, 0, 0);

		if (n <= 0)
			die("/proc/self/pagemap cannot be read");
		entries_start = va;
		entries_end = va + (u64)n / 8 * PAGE;
	}
	return entries[(va - entries_start) / PAGE] & PM_COMPARED;
}

/* Of a large mapping: its start, around the borders of huge pages, some more.
 */
static bool is_looked_at(const struct map *m, u64 va)
{
	u64 nr = va / PAGE % (HUGE / PAGE);

	return va - m->start < LOOK_PAGES * PAGE || nr < 2 || nr == 511 ||
	       nr % 37 == 0;
}

static void each_page(void (*fn)(const struct map *m, u64 va))
{
	for (unsigned i = 0; i < nr_maps; i++) {
		const struct map *m = &maps[i];
		u64 end = m->end;

		if (end - m->start > MOST_PAGES * PAGE)
			end = m->start + MOST_PAGES * PAGE;
		for (u64 va = m->start; va < end; va += PAGE)
			if (is_looked_at(m, va))
				fn(m, va);
	}
}

static void start_reading(void)
{
	if (!pagemap_fd)
		pagemap_fd =
			(int)SYS(__NR_open, "/proc/self/pagemap", O_RDONLY, 0);
	entries_end = 0;
}

/*
 * Not those of files: the host may have read or dropped some, and its folios
 * are larger. Nor shared memory where MADV_PAGEOUT is used: Linux drops clean
 * pages of it that it finds in its lists.
 */
bool pages_compared(const struct map *m)
{
	return m->kind == KIND_ANON || m->kind == KIND_HEAP ||
	       (lazy_pages && (m->kind == KIND_SHM || m->kind == KIND_MEMFD ||
			       m->kind == KIND_SEALED));
}

/* ---- Without a fault ---------------------------------------------------- */

/* Four lanes: one after the other would wait for the multiplier. */
static u64 hash_page(const u64 *p)
{
	u64 a = 1, b = 2, c = 3, d = 4;

	for (unsigned i = 0; i < PAGE / 8; i += 4) {
		a = hash(a, p[i]);
		b = hash(b, p[i + 1]);
		c = hash(c, p[i + 2]);
		d = hash(d, p[i + 3]);
	}
	return hash(hash(hash(a, b), c), d);
}

static u64 digest;
static bool with_contents;

/* Private copies are always a matter of the calls alone. */
static u64 compared_entry(const struct map *m, u64 va)
{
	u64 e = page_entry(va);

	return e & PM_FILE && !pages_compared(m) ? 0 : e;
}

static void digest_page(const struct map *m, u64 va)
{
	u64 e = compared_entry(m, va);

	digest = hash(digest, e);
	if (with_contents && e & PM_PRESENT && m->prot & PROT_READ)
		digest = hash(digest, hash_page((const u64 *)va));
}

u64 pages_digest(bool contents)
{
	digest = 0;
	with_contents = contents;
	start_reading();
	each_page(digest_page);
	return digest;
}

/* ---- With faults -------------------------------------------------------- */

static u64 probe_page(u64 va)
{
	u64 h = hash(1, probe_load(va));

	h = hash(h, probe_load(va + 8));
	h = hash(h, probe_load(va + PAGE - 1));
	if (!(probe_load(va) & PROBE_FAULT))
		h = hash(h, hash_page((const u64 *)va));
	return h;
}

static void probe_digest(const struct map *m, u64 va)
{
	if (m->prot & PROT_READ)
		digest = hash(digest, probe_page(va));
}

u64 pages_probe(void)
{
	digest = 0;
	each_page(probe_digest);
	return digest;
}

/* ---- For people --------------------------------------------------------- */

static void print_page(const struct map *m, u64 va)
{
	u64 e = compared_entry(m, va);

	say("  page ");
	say_hex(va);
	say(" pagemap ");
	say_hex(e);
	if (e & PM_PRESENT && m->prot & PROT_READ) {
		say(" content ");
		say_hex(hash_page((const u64 *)va) & 0xffffffff);
	}
	say("\n");
}

void pages_print(void)
{
	start_reading();
	each_page(print_page);
}
