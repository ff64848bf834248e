/*
 * dump.h: --dump: files of /proc of the program, printed from outside.
 */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct thread;

#define DUMP_MAX   32
#define DUMP_WALKS 256

/* What is to be printed, in order: numbers of procfs.h. */
struct dump {
	unsigned what[DUMP_MAX];
	unsigned n;
	bool layout; /* and the kernel's virtual map, at the end */
	uint64_t walk[DUMP_WALKS]; /* --walk: addresses */
	unsigned nr_walks;
};

/* Is anything to be printed? */
bool dump_any(const struct dump *d);

/*
 * "maps,smaps" or "maps@exit". Adds to d. Returns 0, or prints what is wrong
 * and what there is, and returns -EINVAL.
 */
int dump_parse(struct dump *d, const char *text);
/* --walk: "ADDR" or "ADDR@exit"; likewise. */
int dump_parse_walk(struct dump *d, const char *text);

/* While a hypercall of its vCPU is served. More than one file: each under its
 * name. */
void dump_print(const struct dump *d, struct thread *t, FILE *out);

#endif
