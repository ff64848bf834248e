/*
 * procfs_settings.c: what a program may set of itself in /proc/PID (Linux
 * fs/proc/base.c): kept here, for what the host would do with it is done to the
 * VMM. It begins with the VMM's own. Only the timer slack is the host's: the
 * thread that sleeps for the program has it.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/oom.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capable.h"
#include "host_call.h"
#include "procfs.h"
#include "procfs_internal.h"

#define COREDUMP_BITS 0x1ffu /* MMF_DUMP_FILTER_MASK, from its shift on */

static uint64_t host_number(const char *path, int base)
{
	char text[32];

	return procfs_host_read(path, text, sizeof(text)) < 0
		       ? 0
		       : strtoull(text, NULL, base);
}

static struct process_settings *settings(const struct procfs *p)
{
	struct process_settings *t = &p->of->settings;

	if (t->known)
		return t;
	*t = (struct process_settings){
		.known = true,
		.oom_score_adj =
			(int)host_number("/proc/self/oom_score_adj", 10),
		.coredump_filter =
			(uint32_t)host_number("/proc/self/coredump_filter", 16),
		.loginuid = (uint32_t)host_number("/proc/self/loginuid", 10),
	};
	t->oom_score_adj_min = t->oom_score_adj;
	return t;
}

/*
 * A number as Linux kstrtoull and kstrtoll take it, within [min, max]: all of
 * the text, which one newline may end. base: of strtoul(3).
 */
static int parse(const char *text, size_t len, int base, int64_t min,
		 uint64_t max, uint64_t *out)
{
	char copy[32], *end;
	bool minus = len && *text == '-';
	size_t sign = len && (minus || *text == '+');

	if (len >= sizeof(copy) || (minus && !min) || sign == len)
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (!isxdigit((unsigned char)copy[sign]))
		return -EINVAL;
	errno = 0;
	*out = strtoull(copy + sign, &end, base);
	if (*end == '\n')
		end++;
	if (end != copy + len)
		return -EINVAL;
	if (errno || *out > (minus ? -(uint64_t)min : max))
		return -ERANGE;
	if (minus)
		*out = -*out;
	return 0;
}

/* ---- The killer of processes ------------------------------------------- */

int procfs_oom_score_adj(const struct procfs *p, FILE *out)
{
	fprintf(out, "%d\n", settings(p)->oom_score_adj);
	return 0;
}

int procfs_oom_adj(const struct procfs *p, FILE *out)
{
	int score = settings(p)->oom_score_adj;

	fprintf(out, "%d\n",
		score == OOM_SCORE_ADJ_MAX
			? OOM_ADJUST_MAX
			: score * -OOM_DISABLE / OOM_SCORE_ADJ_MAX);
	return 0;
}

/* Linux PROC_NUMBUF: so much is looked at, less blanks around it. */
static int parse_adj(const char *text, size_t *len, int *out)
{
	const char *start = text, *end;
	uint64_t value;
	int ret;

	*len = *len < 12 ? *len : 12;
	end = text + strnlen(text, *len);
	while (end > start && isspace((unsigned char)end[-1]))
		end--;
	while (start < end && isspace((unsigned char)*start))
		start++;
	ret = parse(start, (size_t)(end - start), 0, INT_MIN, INT_MAX, &value);
	*out = (int)value;
	return ret;
}

/* Linux __set_oom_adj: who has not the right may not go below `least`. */
static int set_oom(const struct procfs *p, int value, int least)
{
	if (value < least && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	settings(p)->oom_score_adj = value;
	return 0;
}

int64_t procfs_write_oom_score_adj(const struct procfs *p, const char *text,
				   size_t len)
{
	int value, ret = parse_adj(text, &len, &value);

	if (!ret && (value < OOM_SCORE_ADJ_MIN || value > OOM_SCORE_ADJ_MAX))
		ret = -EINVAL;
	if (!ret)
		ret = set_oom(p, value, settings(p)->oom_score_adj_min);
	if (!ret && capable(CAP_SYS_RESOURCE))
		settings(p)->oom_score_adj_min = value;
	return ret ? ret : (int64_t)len;
}

int64_t procfs_write_oom_adj(const struct procfs *p, const char *text,
			     size_t len)
{
	int value, ret = parse_adj(text, &len, &value);

	if (!ret && (value < OOM_DISABLE || value > OOM_ADJUST_MAX))
		ret = -EINVAL;
	if (ret)
		return ret;
	value = value == OOM_ADJUST_MAX
			? OOM_SCORE_ADJ_MAX
			: value * OOM_SCORE_ADJ_MAX / -OOM_DISABLE;
	ret = set_oom(p, value, settings(p)->oom_score_adj);
	return ret ? ret : (int64_t)len;
}

/* ---- Core files, login, timers ----------------------------------------- */

int procfs_coredump_filter(const struct procfs *p, FILE *out)
{
	fprintf(out, "%08x\n", settings(p)->coredump_filter);
	return 0;
}

int64_t procfs_write_coredump_filter(const struct procfs *p, const char *text,
				     size_t len)
{
	uint64_t value;
	int ret = parse(text, len, 0, 0, UINT32_MAX, &value);

	if (ret)
		return ret;
	settings(p)->coredump_filter = (uint32_t)value & COREDUMP_BITS;
	return (int64_t)len;
}

int procfs_loginuid(const struct procfs *p, FILE *out)
{
	fprintf(out, "%u", settings(p)->loginuid);
	return 0;
}

/* Linux audit_set_loginuid_perm. */
int64_t procfs_write_loginuid(const struct procfs *p, const char *text,
			      size_t len)
{
	uint64_t value;
	int ret = parse(text, len, 10, 0, UINT32_MAX, &value);

	if (ret)
		return ret;
	if (settings(p)->loginuid != UINT32_MAX && !capable(CAP_AUDIT_CONTROL))
		return -EPERM;
	settings(p)->loginuid = (uint32_t)value;
	return (int64_t)len;
}

int procfs_timerslack(const struct procfs *p, FILE *out)
{
	(void)p;
	fprintf(out, "%" PRIu64 "\n",
		(uint64_t)host_call(SYS_prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0));
	return 0;
}

int64_t procfs_write_timerslack(const struct procfs *p, const char *text,
				size_t len)
{
	uint64_t value;
	int ret = parse(text, len, 10, 0, UINT64_MAX, &value);

	(void)p;
	if (!ret)
		ret = (int)host_call(SYS_prctl, PR_SET_TIMERSLACK, value, 0, 0,
				     0);
	return ret ? ret : (int64_t)len;
}
