/*
 * bench.h: what the rows of the benchmark are made of.
 *
 * A group is a heading with a few subjects that are compared: most are commands
 * (native, under vmm, under perf). Subjects of a group run in turns, once each
 * a round (A B C, A B C, ...), so that a disturbance of the machine falls on
 * all of them; figures are medians over the rounds, ratios are medians of the
 * ratios within a round.
 *
 *	group_begin(3, "one fault");
 *	group_add("native", PER_OPERATION, 100000, "%s/nolibc_pf @", images);
 *	group_add("vmm", PER_OPERATION, 20000, "%s %s/nolibc_pf @", ...);
 *	group_run();
 *
 * Times are seconds. A cost has two: wall, and cpu, the CPU time of the command
 * and its children (user and system), which other load disturbs much less.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>

#define BENCH_RUNS_MAX	   101
#define BENCH_SUBJECTS_MAX 40
#define BENCH_COMMAND_MAX  640
#define BENCH_OUTPUT_MAX   65536

struct cost {
	double wall, cpu; /* < 0: not known */
};

/* How the cost of a subject comes from its command. */
enum measure {
	WHOLE,	       /* from fork to wait */
	FIRST_OUTPUT,  /* wall: from fork to the first byte of its output */
	PER_OPERATION, /* run with '@' = operations and with '@' = 1: the
			  difference, divided */
	REPORTED,      /* the command prints "WALL CPU", both nanoseconds, as
			  the last two words of its output; CPU -1: unknown */
	COUNTED,       /* no time: `instructions` is set by the caller */
};

struct subject {
	char name[80];
	enum measure measure;
	unsigned long operations; /* '@' in the command */
	char command[BENCH_COMMAND_MAX];
	int status;	     /* exit status that is right; -1: any */
	char missing[96];    /* why it cannot be measured; "": it can */
	double instructions; /* an operation; < 0: not counted */
	const struct subject
		*floor;	  /* what it cannot be faster than, or NULL */
	bool is_base;	  /* ratios of it and those that follow are to it */
	bool is_fixed;	  /* operations are not to be made fewer */
	bool has_no_wall; /* the command waits for reasons of its own */

	unsigned runs;
	struct cost sample[BENCH_RUNS_MAX];
	struct cost median, ratio, floor_ratio; /* ratio < 0: none */
};

/* From the environment and the command line, constant after start. */
struct bench {
	const char *build; /* the build directory */
	char vmm[256], images[256],
		here[256]; /* below it: vmm, images, bench */
	unsigned runs;	   /* rounds; BENCH_RUNS, or the row's own number */
	bool runs_are_set;
	bool is_long;  /* BENCH_LONG */
	int levels[2]; /* kernel levels to show, the usual one first */
	unsigned nr_levels;
	bool is_software; /* ring 0 is interpreted */
};
extern struct bench bench;

/* ---- group.c ------------------------------------------------------------- */

void group_begin(int row, const char *title);
/* Rounds for the group begun: BENCH_RUNS if that is set, else this; a single
 * one (it takes long) stays one. */
void group_runs(unsigned runs);
/*
 * Add a subject; the first is the base of ratios. The
 * command is split at spaces, without a shell; VAR=VALUE words may come first.
 */
struct subject *group_add(const char *name, enum measure measure,
			  unsigned long operations, const char *command, ...)
	__attribute__((format(printf, 4, 5)));
/* A line with instructions only, or (count < 0) with why there are none. */
struct subject *group_add_count(const char *name, double count,
				const char *missing);
/* It cannot be measured, for this reason. */
void subject_miss(struct subject *s, const char *why);
/* Measure, print, and append to the JSON. */
void group_run(void);

/* printf into one of a few static buffers: for the next call only. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "PATH/vmm --kernel-cpl=N -q": vmm at bench.levels[i]. */
const char *vmm_at(unsigned i);

/* ---- run.c --------------------------------------------------------------- */

enum capture { CAPTURE_NONE, CAPTURE_OUT, CAPTURE_ERR };

struct outcome {
	int status;	     /* exit status, 128 + signal, -1: not started */
	struct cost cost;    /* from fork to wait */
	double first_output; /* seconds after fork; < 0: none */
	char output[BENCH_OUTPUT_MAX]; /* what was captured, its end if long */
};

/* Run a command with '@' replaced. Ends it after two minutes. */
void command_run(const char *command, unsigned long operations,
		 enum capture capture, struct outcome *o);
bool command_exists(const char *name); /* in PATH */
double now_wall(void);
double now_cpu(void); /* of this process */

/* ---- table.c ------------------------------------------------------------- */

double median_of(double *values, unsigned n); /* sorts */
void table_open(const char *json_path);
void table_text(const char *key, const char *value); /* of the header */
void table_group(int row, const char *title);
void table_subject(int row, const char *title, const struct subject *s);
void table_close(void);

/* ---- machine.c ----------------------------------------------------------- */

/* Find the kind of KVM, fill bench.levels, print the header. */
void machine_describe(void);

/* ---- rows_*.c: one function a row of issue 3 ----------------------------- */

void row_start(void);
void row_cpu(void);
void row_fault(void);
void row_call(void);
void row_alloc(void);
void row_programs(void);
void row_scale(void);
void row_ring0(void);

/* ---- callgrind.c --------------------------------------------------------- */

/*
 * Instructions an operation of each case that a program of loop.h runs, in its
 * order; counts[0] is that of its empty case. environment: VAR=VALUE words, or
 * "". Returns how many there are; 0: no valgrind, or it failed.
 */
unsigned callgrind_count(const char *environment, const char *program,
			 double *counts, unsigned max);

#endif
