/*
 * run.h: runs the built vmm, or a program natively, as a child process, and
 * keeps all that it said.
 *
 * The environment VMM names the vmm to test and IMAGES the directory of the
 * images (build/vmm and build/images, from the current directory, if unset).
 * Every child gets the same small environment, standard input from what the
 * test gives or /dev/null, no other descriptors, no signal ignored or blocked,
 * a umask of 022, a stack limit of 8 MiB and no core files, so that a native
 * run and one under vmm differ in nothing else. A child that takes more than
 * run_seconds() is killed, and the test fails.
 *
 * A test that fails says the command and what it wrote to stderr.
 */
#ifndef RUN_H
#define RUN_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stddef.h>

/* An argument list: ARGS("busybox", "echo", "hi"). */
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What a child did. Output is terminated by a NUL that its length leaves out.
 */
struct run {
	char command[512]; /* for messages; cut if too long */
	char *out, *err;
	size_t out_len, err_len;
	int status; /* as from waitpid */
};

/* How to run it; all zero is the usual way. */
struct run_how {
	const char *in; /* for standard input through a pipe, or NULL */
	size_t in_len;
	const char *in_file; /* standard input from this file, or NULL */
	const char *dir;     /* working directory, or NULL */
	bool no_aslr;	     /* as setarch -R does */
	unsigned closed;     /* bit n: close descriptor n, of 0 and 1 */
	int blocked;	     /* a signal, or 0 */
};

/* 60 s, times PATIENCE of the environment (tests/machine.sh), which is 4. */
long run_seconds(void);

/* The vmm to test, absolute. */
const char *run_vmm_path(void);
/* Path of an image, absolute; never freed. */
const char *image(const char *name);

/* Run args as they stand; args[0] is searched in PATH. how may be NULL. */
void run_native(struct run *r, const struct run_how *how,
		const char *const *args);
/* Run vmm with exactly these arguments. */
void run_vmm_plain(struct run *r, const struct run_how *how,
		   const char *const *args);
/*
 * Run vmm with --check, with the guest kernel at privilege level 0 or 3, and
 * these further arguments; fail if the count at the end was not made or lost
 * frames or objects.
 */
void run_vmm(struct run *r, const struct run_how *how, int level,
	     const char *const *args);
void run_free(struct run *r);

/* Fail, with the command and its stderr, if it is not so. */
void expect_exit(const struct run *r, int code);
void expect_signal(const struct run *r, int sig);
void expect_out(const struct run *r, const char *out);
/* stderr holds the text. */
void expect_err(const struct run *r, const char *text);
/* stderr is one line that begins "vmm: " and holds the text. */
void expect_err_line(const struct run *r, const char *text);
/* The same end and the same output, byte for byte. */
void expect_same(const struct run *r, const struct run *native);
/* Run args natively and under vmm at this level: the end and output equal. */
void expect_as_native(int level, const struct run_how *how,
		      const char *const *args);

/* A new directory for this test alone; scratch_remove is a suite's .fini. */
const char *scratch(void);
void scratch_remove(void);
/* dir/name, never freed. */
const char *path_in(const char *dir, const char *name);
void write_file(const char *path, const void *bytes, size_t len);
/* Terminated as output is; *len may be NULL. Freed by the caller. */
char *read_file(const char *path, size_t *len);

/* Skip the test, loudly, on a machine that has no KVM for us. */
void need_kvm(void);
/* Skip the test, loudly: only root may read this file. */
void need_root(const char *file);

/* A test at both kernel levels: the body sees `int level`. */
#define VM_TEST(suite, name)                                                   \
	static void suite##_##name(int level);                                 \
	Test(suite, name##_cpl0)                                               \
	{                                                                      \
		need_kvm();                                                    \
		suite##_##name(0);                                             \
	}                                                                      \
	Test(suite, name##_cpl3)                                               \
	{                                                                      \
		need_kvm();                                                    \
		suite##_##name(3);                                             \
	}                                                                      \
	static void suite##_##name(int level)

#endif
