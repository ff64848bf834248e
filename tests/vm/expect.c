/*
 * expect.c: what tests expect of a run, and their files. See run.h.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

void expect_exit(const struct run *r, int code)
{
	cr_assert(WIFEXITED(r->status) && WEXITSTATUS(r->status) == code,
		  "%s: status %#x, not exit %d; stderr: %s", r->command,
		  r->status, code, r->err);
}

void expect_signal(const struct run *r, int sig)
{
	cr_assert(WIFSIGNALED(r->status) && WTERMSIG(r->status) == sig,
		  "%s: status %#x, not signal %d; stderr: %s", r->command,
		  r->status, sig, r->err);
}

void expect_out(const struct run *r, const char *out)
{
	cr_assert(r->out_len == strlen(out) && !strcmp(r->out, out),
		  "%s: wrote \"%.2000s\", not \"%.2000s\"; stderr: %s",
		  r->command, r->out, out, r->err);
}

void expect_err(const struct run *r, const char *text)
{
	cr_assert(strstr(r->err, text), "%s: not said: \"%s\"; stderr: %s",
		  r->command, text, r->err);
}

void expect_err_line(const struct run *r, const char *text)
{
	const char *newline = strchr(r->err, '\n');

	expect_err(r, text);
	cr_assert(!strncmp(r->err, "vmm: ", 5) && newline && !newline[1],
		  "%s: not one line of vmm's: %s", r->command, r->err);
}

/* The first byte in which they differ. */
static size_t difference(const struct run *a, const struct run *b)
{
	size_t at = 0;

	while (at < a->out_len && at < b->out_len && a->out[at] == b->out[at])
		at++;
	return at;
}

void expect_same(const struct run *r, const struct run *native)
{
	size_t at = difference(r, native);

	cr_assert(r->status == native->status,
		  "%s: status %#x, natively %#x; stderr: %s", r->command,
		  r->status, native->status, r->err);
	cr_assert(r->out_len == native->out_len && at == r->out_len,
		  "%s: %zu bytes, natively %zu; differ at byte %zu: "
		  "\"%.200s\", natively \"%.200s\"; stderr: %s",
		  r->command, r->out_len, native->out_len, at, r->out + at,
		  native->out + at, r->err);
}

void expect_as_native(int level, const struct run_how *how,
		      const char *const *args)
{
	struct run native, r;

	run_native(&native, how, args);
	run_vmm(&r, how, level, args);
	expect_same(&r, &native);
	run_free(&native);
	run_free(&r);
}

static char scratch_path[] = "/tmp/vmm-test-XXXXXX";
static bool have_scratch;

const char *scratch(void)
{
	if (!have_scratch)
		cr_assert(mkdtemp(scratch_path), "mkdtemp: %s",
			  strerror(errno));
	have_scratch = true;
	return scratch_path;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void scratch_remove(void)
{
	if (have_scratch)
		nftw(scratch_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *path_in(const char *dir, const char *name)
{
	char *path;

	cr_assert(asprintf(&path, "%s/%s", dir, name) > 0, "no memory");
	return path;
}

void write_file(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	cr_assert(f, "%s: %s", path, strerror(errno));
	cr_assert(fwrite(bytes, 1, len, f) == len && fclose(f) == 0, "%s: %s",
		  path, strerror(errno));
}

char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *bytes;
	size_t got;
	long size;

	cr_assert(f, "%s: %s", path, strerror(errno));
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	bytes = calloc(1, (size_t)size + 1);
	cr_assert(bytes, "no memory");
	got = fread(bytes, 1, (size_t)size, f);
	fclose(f);
	if (len)
		*len = got;
	return bytes;
}
