/*
 * calls.h: a random but repeatable sequence of memory system calls.
 *
 * The program has no C library and no memory but its own: what it does depends
 * on its seed alone, and on what earlier calls did. So two runs are equal, or
 * the kernels below them are not. It prints, of every step, all that can be
 * seen of it; calls.sh compares.
 *
 *   calls FILE SEED STEPS [each | last [LIST]]
 *
 * FILE is opened for reading and writing and is FILE_PAGES long at the start.
 * One line "= STEP HASH" every hundred steps; with "each" one line for each
 * step, with "last" also the state before and after the last. With LIST, such
 * as 1-5,9, only those steps of all are made: what a step does depends on its
 * number, the seed and the mappings it finds.
 *
 * Memory that is ours to destroy is what lies between the program's initial
 * break and the vDSO: [ours_low, ours_high).
 */
#ifndef CALLS_H
#define CALLS_H

#include <linux/mman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page_size.h"

typedef uint64_t u64;

#define TASK_SIZE  0x7ffffffff000ul
#define FILE_PAGES 24
#define MANY_PAGES 48 /* the largest file, and the largest usual length */

/*
 * The arena crosses a border of 2 MiB, so its tables are two, but has no room
 * for a huge page: those have a place of their own, and so have mappings that
 * mseal may touch, which never go away.
 */
#define ARENA	    0x100000000000ul
#define ARENA_START (ARENA - 96 * PAGE)
#define ARENA_END   (ARENA + 96 * PAGE)
#define HUGE	    0x200000ul
#define HUGE_START  0x500000000000ul
#define HUGE_PLACES 6
#define SEAL_START  0x200000000000ul
#define SEAL_END    (SEAL_START + 16 * PAGE)

/* ---- calls_base.c: system calls, text, chance, probes ------------------- */

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
long sys(long nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
#define SYS(nr, a, b, c) sys(nr, (u64)(a), (u64)(b), (u64)(c), 0, 0, 0)

void say(const char *text);
void say_hex(u64 n);
void say_number(long n);
void say_flush(void);
_Noreturn void die(const char *why);

/* 64-bit FNV-1a, word by word: not for hashing what an enemy chose. */
static inline u64 hash(u64 h, u64 word)
{
	h = (h ^ word) * 0x100000001b3ul;
	return h ^ h >> 29;
}

void chance_start(u64 seed);
u64 chance(u64 below);
static inline bool one_in(u64 n)
{
	return !chance(n);
}

/*
 * Touch one byte. Returns what was read, 0 if stored or executed, or, for a
 * fault, PROBE_FAULT | signal << 8 | code. Execution goes to a `ret`, or faults
 * before it.
 */
#define PROBE_FAULT 0x1000000ul
#define PF_PK	    0x20 /* of an error code: by a protection key */
/* Of the last fault: si_addr, CR2, trap number; and its error code. */
extern u64 fault_digest, fault_error;
void probe_start(void);
u64 probe_load(u64 addr);
u64 probe_store(u64 addr, u64 byte);
u64 probe_exec(u64 addr);

/* ---- calls_state.c: the mappings ---------------------------------------- */

enum kind {
	KIND_ANON,
	KIND_SHM,
	KIND_MEMFD,  /* fd_mem */
	KIND_SEALED, /* a memfd of op_seals */
	KIND_FILE,
	KIND_HEAP,
	KIND_OTHER
};
struct map {
	u64 start, end, offset;
	uint32_t prot;
	bool shared;
	enum kind kind;
};
#define MAPS_MAX 512
extern struct map maps[MAPS_MAX];
extern unsigned nr_maps;
extern u64 total_pages; /* of all mappings, those of others too */
extern u64 ours_low, ours_high;

void state_start(void);
/* Read /proc/self/maps: fills maps with what is ours, returns a digest. */
u64 state_maps(void);
const struct map *state_find(u64 addr);
/* May a call destroy [addr, addr + len), or is it refused anyway? */
bool state_is_ours(u64 addr, u64 len);

/* The text of /proc/self/NAME, valid till the next; fd keeps it open: 0 at
 * first.
 */
const char *state_read(const char *name, int *fd);
/* The mapping of the line of maps or smaps at p; to what follows the line. */
const char *state_parse(const char *p, struct map *m);
bool text_starts(const char *s, const char *with);
const char *text_line_end(const char *p);
u64 text_hash(u64 h, const char *from, const char *to);
void text_print(const char *from, const char *to);
void state_print(void);

/* ---- calls_pages.c: pages ----------------------------------------------- */

/*
 * A digest of what pagemap says of each page of ours, and, with contents, of
 * the bytes of those that are there and readable. Faults nothing in.
 */
u64 pages_digest(bool contents);
/* Is it a matter of the calls alone which of its pages are there? */
bool pages_compared(const struct map *m);
/* Are mappings such that huge pages fit, and is it asked for them? */
extern bool huge_pages;
extern bool lazy_pages; /* MADV_FREE and MAP_DROPPABLE used, not MADV_PAGEOUT */
/* Read every readable page, faulting it in: a digest of what that gave. */
u64 pages_probe(void);
void pages_print(void);

/* ---- calls_accounts.c: sizes, counts, limits ---------------------------- */

/* Of status. */
u64 accounts_digest(void);
/* Of the smaps of what is ours. */
u64 accounts_smaps(void);
void accounts_print(void);

/* ---- calls_ops.c: the table of calls ------------------------------------ */

struct step {
	const char *name;
	u64 arg[6];
	unsigned nr_args;
	long result;
	u64 seen; /* digest of what the call stored, or 0 */
};
void ops_start(const char *file);
void ops_step(struct step *s);
void ops_clean(void);

#endif
