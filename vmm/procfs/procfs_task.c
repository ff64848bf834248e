/*
 * procfs_task.c: what execve and the program itself set: /proc/PID/auxv,
 * cmdline, comm, environ, syscall, fdinfo, limits, personality (Linux
 * fs/proc/base.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "hv_const.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "procfs.h"
#include "procfs_internal.h"
#include "usermem.h"
#include "vcpu.h"

int procfs_auxv(const struct procfs *p, FILE *out)
{
	fwrite(p->of->auxv, 1, p->of->auxv_len, out);
	return 0;
}

int procfs_comm(const struct procfs *p, FILE *out)
{
	fprintf(out, "%s\n", p->t->name);
	return 0;
}

int procfs_personality(const struct procfs *p, FILE *out)
{
	fprintf(out, "%08x\n", p->of->personality);
	return 0;
}

/* Of another process what is there can be read, and no more. */
static int read_memory(const struct procfs *p, uint64_t va, void *dst, size_t n)
{
	return procfs_is_others(p) ? usermem_peek(p->t->vcpu, va, dst, n)
				   : usermem_read(p->v, va, dst, n);
}

/* More than execve takes; prctl(PR_SET_MM) may say anything. */
#define RANGE_MAX (32ull << 20)

static uint64_t clamp(uint64_t start, uint64_t end)
{
	return end > start && end - start > RANGE_MAX ? start + RANGE_MAX : end;
}

/* The program's memory, as it is now; what cannot be read ends it. */
static void print_range(const struct procfs *p, FILE *out, uint64_t start,
			uint64_t end)
{
	char buf[4096];

	end = clamp(start, end);
	while (start < end) {
		uint64_t n = HV_PAGE_SIZE - start % HV_PAGE_SIZE;

		n = n < end - start ? n : end - start;
		if (read_memory(p, start, buf, n))
			return;
		fwrite(buf, 1, n, out);
		start += n;
	}
}

int procfs_environ(const struct procfs *p, FILE *out)
{
	struct hv_desc_mm mm;
	int ret = describe_one(p->v, HV_DESCRIBE_MM, 0, &mm, sizeof(mm));

	if (!ret)
		print_range(p, out, mm.env_start, mm.env_end);
	return ret;
}

/*
 * A program that wrote over its arguments (setproctitle) and so over the last
 * terminator: one string, which may go on in the environment. Linux
 * get_mm_cmdline.
 */
static void print_title(const struct procfs *p, FILE *out, uint64_t start,
			uint64_t end)
{
	char buf[4096];
	size_t n, len;

	for (end = clamp(start, end); start < end; start += n) {
		n = HV_PAGE_SIZE - start % HV_PAGE_SIZE;
		n = n < end - start ? n : end - start;
		if (read_memory(p, start, buf, n))
			break;
		len = strnlen(buf, n);
		fwrite(buf, 1, len, out);
		if (len < n)
			break;
	}
	fputc('\0', out);
}

int procfs_cmdline(const struct procfs *p, FILE *out)
{
	struct hv_desc_mm mm;
	char last = 0;
	int ret = describe_one(p->v, HV_DESCRIBE_MM, 0, &mm, sizeof(mm));

	if (ret || mm.arg_start >= mm.arg_end)
		return ret;
	if (read_memory(p, mm.arg_end - 1, &last, 1))
		return 0;
	if (last)
		print_title(p, out, mm.arg_start,
			    mm.env_start == mm.arg_end ? mm.env_end
						       : mm.arg_end);
	else
		print_range(p, out, mm.arg_start, mm.arg_end);
	return 0;
}

/*
 * The call that is being served, and where: /proc/PID/syscall. The program ends
 * in a call, too, if not by a signal.
 */
int procfs_syscall(const struct procfs *p, FILE *out)
{
	struct hv_regs r;

	vcpu_get_regs(p->t->vcpu, &r);
	if (r.vector != HV_VECTOR_SYSCALL) {
		fprintf(out, "-1 0x%" PRIx64 " 0x%" PRIx64 "\n", r.rsp, r.rip);
		return 0;
	}
	fprintf(out,
		"%" PRId64 " 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64
		" 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64
		" 0x%" PRIx64 "\n",
		(int64_t)r.err, r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9, r.rsp,
		r.rip);
	return 0;
}

/* ---- fdinfo ------------------------------------------------------------ */

struct fdinfo {
	const struct fdtable *fds;
	int flags;
};

/* The program's number of a descriptor of ours; -1: it has none. */
static int number_of(const struct fdtable *t, int host)
{
	for (unsigned fd = 0; fd < t->size; fd++)
		if (t->entry[fd].host == host)
			return (int)fd;
	return -1;
}

/* All of ours are close-on-exec on the host, whatever the program asked for. */
static void fdinfo_line(FILE *out, const char *line, const char *name,
			void *ctx)
{
	const struct fdinfo *info = ctx;
	unsigned flags;
	int fd, n;

	if (!strcmp(name, "flags") && sscanf(line, "flags: %o", &flags) == 1)
		fprintf(out, "flags:\t0%o\n",
			(flags & ~(unsigned)O_CLOEXEC) | (unsigned)info->flags);
	else if (sscanf(line, "tfd: %d%n", &fd, &n) == 1) /* of epoll */
		fprintf(out, "tfd: %8d%s", number_of(info->fds, fd), line + n);
	else
		fputs(line, out);
}

int procfs_fdinfo(const struct procfs *p, FILE *out)
{
	const struct fd_entry *e = fdtable_entry(&p->of->fds, (int)p->arg);
	struct fdinfo info;
	char path[64];

	if (!e)
		return -ENOENT;
	info = (struct fdinfo){&p->of->fds,
			       e->shown_flags | (e->cloexec ? O_CLOEXEC : 0)};
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", e->host);
	return procfs_host_lines(path, out, fdinfo_line, &info);
}

/* ---- limits ------------------------------------------------------------ */

static const struct {
	int number;
	const char *name, *unit;
} limit_names[] = {
	{RLIMIT_CPU, "Max cpu time", "seconds"},
	{RLIMIT_FSIZE, "Max file size", "bytes"},
	{RLIMIT_DATA, "Max data size", "bytes"},
	{RLIMIT_STACK, "Max stack size", "bytes"},
	{RLIMIT_CORE, "Max core file size", "bytes"},
	{RLIMIT_RSS, "Max resident set", "bytes"},
	{RLIMIT_NPROC, "Max processes", "processes"},
	{RLIMIT_NOFILE, "Max open files", "files"},
	{RLIMIT_MEMLOCK, "Max locked memory", "bytes"},
	{RLIMIT_AS, "Max address space", "bytes"},
	{RLIMIT_LOCKS, "Max file locks", "locks"},
	{RLIMIT_SIGPENDING, "Max pending signals", "signals"},
	{RLIMIT_MSGQUEUE, "Max msgqueue size", "bytes"},
	{RLIMIT_NICE, "Max nice priority", ""},
	{RLIMIT_RTPRIO, "Max realtime priority", ""},
	{RLIMIT_RTTIME, "Max realtime timeout", "us"},
};

static void print_limit(FILE *out, rlim_t value)
{
	if (value == RLIM_INFINITY)
		fprintf(out, "%-20s ", "unlimited");
	else
		fprintf(out, "%-20lu ", value);
}

int procfs_limits(const struct procfs *p, FILE *out)
{
	fprintf(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
		"Hard Limit", "Units");
	for (size_t i = 0; i < sizeof(limit_names) / sizeof(limit_names[0]);
	     i++) {
		const struct rlimit *l =
			&p->of->limits.of[limit_names[i].number];

		fprintf(out, "%-25s ", limit_names[i].name);
		print_limit(out, l->rlim_cur);
		print_limit(out, l->rlim_max);
		if (limit_names[i].unit[0])
			fprintf(out, "%-10s", limit_names[i].unit);
		fputc('\n', out);
	}
	return 0;
}
