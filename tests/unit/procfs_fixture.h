/*
 * procfs_fixture.h: a fake guest with mappings of the test's own, and a program
 * that reads /proc. Included once by each test of procfs.
 */
#ifndef PROCFS_FIXTURE_H
#define PROCFS_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "describe.h"
#include "hv_describe.h"
#include "procfs.h"
#include "sys_fixture.h"

#define ANON_FLAGS 0x100073ull /* rd wr mr mw me ac */

/* What the fake guest has. */
static struct hv_desc_mm guest_mm;
static struct hv_desc_smaps guest_vma[64];
static unsigned guest_vmas, asked;
/* What it does wrong. */
static enum { HONEST, TOO_MANY, NO_PROGRESS, EMPTY_PIECE, REFUSES } manner;

static int answer_vmas(uint64_t cursor, size_t size,
		       struct hv_call_describe *out)
{
	for (unsigned i = 0; i < guest_vmas; i++) {
		if (guest_vma[i].vma.end <= cursor)
			continue;
		if (out->count == 3) { /* small pieces */
			out->next = guest_vma[i].vma.start;
			return 0;
		}
		memcpy(out->data + out->count++ * size, &guest_vma[i], size);
	}
	return 0;
}

static int answer(struct vcpu *v, uint32_t what, uint64_t cursor, uint32_t want,
		  struct hv_call_describe *out)
{
	(void)v;
	asked++;
	if (manner == REFUSES)
		return -EINVAL;
	if (manner == TOO_MANY)
		out->count = 60;
	if (manner == NO_PROGRESS || manner == EMPTY_PIECE)
		out->next = manner == NO_PROGRESS ? 4096 : cursor + 4096;
	if (manner == NO_PROGRESS)
		out->count = 1;
	if (manner != HONEST)
		return 0;
	switch (what) {
	case HV_DESCRIBE_MM:
		out->count = 1;
		memcpy(out->data, &guest_mm, sizeof(guest_mm));
		return 0;
	case HV_DESCRIBE_MAPS:
		return answer_vmas(cursor, sizeof(struct hv_desc_vma), out);
	case HV_DESCRIBE_SMAPS:
		return answer_vmas(cursor, sizeof(struct hv_desc_smaps), out);
	case HV_DESCRIBE_PAGEMAP:
		out->count = want;
		for (uint32_t i = 0; i < want; i++)
			out->words[i] = 1ull << 63 | ((cursor >> 12) + i);
		return 0;
	default:
		return -EINVAL;
	}
}

__attribute__((unused)) static struct hv_desc_vma *
add_vma(uint64_t start, uint64_t end, uint32_t prot)
{
	struct hv_desc_vma *v = &guest_vma[guest_vmas++].vma;

	*v = (struct hv_desc_vma){
		.start = start,
		.end = end,
		.prot = prot,
		.vm_flags = ANON_FLAGS,
	};
	return v;
}

static void procfs_setup(void)
{
	sys_setup();
	cpu.describe = answer;
}

__attribute__((unused)) static int64_t open_abs(const char *path, int flags)
{
	return call(SYS_open, fake_str(&cpu, VA0, path), (uint64_t)flags, 0);
}

__attribute__((unused)) static int64_t read_fd(int64_t fd, char *buf,
					       size_t size)
{
	int64_t n = call(SYS_read, (uint64_t)fd, BIG, size - 1);

	if (n >= 0) {
		memcpy(buf, fake_at(&cpu, BIG), (size_t)n);
		buf[n] = '\0';
	}
	return n;
}

/* The file's content, in a static buffer. */
__attribute__((unused)) static const char *content(const char *path)
{
	static char buf[65536];
	int64_t fd = open_abs(path, O_RDONLY), n;

	cr_assert_geq(fd, 0, "%s: %d", path, (int)fd);
	n = read_fd(fd, buf, sizeof(buf));
	cr_assert_geq(n, 0, "%s: %d", path, (int)n);
	cr_assert_eq(call(SYS_close, (uint64_t)fd), 0);
	return buf;
}

__attribute__((unused)) static void expect_start(const char *text,
						 const char *start)
{
	cr_assert(!strncmp(text, start, strlen(start)), "%s", text);
}

#endif
