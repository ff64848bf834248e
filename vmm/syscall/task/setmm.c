/*
 * setmm.c: prctl(PR_SET_MM): where the program says that its code, data, heap,
 * stack, arguments and environment are (Linux kernel/sys.c, prctl_set_mm). The
 * guest keeps these numbers; what is in /proc/self/auxv is kept here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capable.h"
#include "describe.h"
#include "families.h"
#include "hv_describe.h"
#include "hv_map.h"
#include "vm_setting.h"

#define NOT_GIVEN   0xffffffffu
#define CHECKPOINTS 40 /* CAP_CHECKPOINT_RESTORE */

/* Those of hv_desc_mm from start_code on, in this order. */
enum {
	START_CODE,
	END_CODE,
	START_DATA,
	END_DATA,
	START_BRK,
	BRK,
	START_STACK,
	ARG_START,
	ARG_END,
	ENV_START,
	ENV_END,
	FIELDS
};

/* Linux struct prctl_mm_map. */
struct map {
	uint64_t field[FIELDS];
	uint64_t auxv;
	uint32_t auxv_size, exe_fd;
};
_Static_assert(sizeof(struct map) == 104, "kernel ABI");

/* Linux validate_prctl_map_addr. */
static bool is_valid(const struct call *c, const uint64_t *f)
{
	const uint64_t limit = c->p->limits.of[RLIMIT_DATA].rlim_cur;
	const uint64_t lowest = vm_min_addr();

	for (int i = 0; i < FIELDS; i++)
		if (f[i] >= HV_VA_USER_END || f[i] < lowest)
			return false;
	return f[START_CODE] < f[END_CODE] && f[START_DATA] <= f[END_DATA] &&
	       f[START_BRK] <= f[BRK] && f[ARG_START] <= f[ARG_END] &&
	       f[ENV_START] <= f[ENV_END] &&
	       (limit == RLIM_INFINITY ||
		f[BRK] - f[START_BRK] + f[END_DATA] - f[START_DATA] <= limit);
}

static int get_fields(struct call *c, uint64_t *f)
{
	struct hv_desc_mm mm;
	int r = describe_one(c->v, HV_DESCRIBE_MM, 0, &mm, sizeof(mm));

	memcpy(f, &mm.start_code, FIELDS * sizeof(*f));
	return r;
}

static int set_field(struct call *c, unsigned n, uint64_t value)
{
	struct hv_call_describe d;

	return vcpu_describe(c->v, HV_SET_FIELD, value, n, &d);
}

/*
 * The first `len` bytes are new; behind them what was stays (Linux
 * prctl_set_auxv). Told up to its first AT_NULL, which the last pair always is.
 */
static void set_auxv(struct process *p, const uint64_t auxv[PROCESS_AUXV_WORDS],
		     size_t len)
{
	size_t n = 0;

	memcpy(p->auxv, auxv, len);
	p->auxv[PROCESS_AUXV_WORDS - 2] = p->auxv[PROCESS_AUXV_WORDS - 1] = 0;
	while (p->auxv[n])
		n += 2;
	p->auxv_len = (n + 2) * sizeof(p->auxv[0]);
}

static int64_t get_auxv(struct call *c, uint64_t va, uint64_t len,
			uint64_t auxv[PROCESS_AUXV_WORDS])
{
	memset(auxv, 0, PROCESS_AUXV_WORDS * sizeof(*auxv));
	if (len > PROCESS_AUXV_WORDS * sizeof(*auxv))
		return -EINVAL;
	return call_get(c, va, auxv, len);
}

/* Its mappings would have to be gone before, and so the code that calls. */
static int64_t set_exe(struct call *c, uint32_t fd)
{
	int host = fdtable_host(&c->p->fds, (int)fd);
	struct stat st;

	if (host < 0)
		return host;
	if (fstat(host, &st) < 0 || !S_ISREG(st.st_mode) ||
	    faccessat(host, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) < 0)
		return -EACCES;
	return -EBUSY;
}

static int64_t set_map(struct call *c)
{
	uint64_t auxv[PROCESS_AUXV_WORDS];
	struct map map;
	int64_t r = 0;

	if (c->arg[3] != sizeof(map))
		return -EINVAL;
	if (call_get(c, c->arg[2], &map, sizeof(map)) < 0)
		return -EFAULT;
	if (!is_valid(c, map.field) || (map.auxv_size && !map.auxv))
		return -EINVAL;
	if (map.auxv_size)
		r = get_auxv(c, map.auxv, map.auxv_size, auxv);
	if (r == 0 && map.exe_fd != NOT_GIVEN)
		r = capable(CHECKPOINTS) || capable(CAP_SYS_ADMIN)
			    ? set_exe(c, map.exe_fd)
			    : -EPERM;
	for (unsigned i = 0; i < FIELDS && r == 0; i++)
		r = set_field(c, i, map.field[i]);
	if (r == 0 && map.auxv_size)
		set_auxv(c->p, auxv, sizeof(auxv));
	return r;
}

static int64_t set_one(struct call *c, unsigned n)
{
	uint64_t f[FIELDS], va = c->arg[2];
	struct hv_desc_vma vma;
	int64_t r = get_fields(c, f);

	if (r < 0)
		return r;
	f[n] = va;
	if (!is_valid(c, f))
		return -EINVAL;
	if (n >= START_STACK && describe_next_vma(c->v, va, &vma) < 0)
		return -EFAULT;
	return set_field(c, n, va);
}

static int64_t set_privileged(struct call *c)
{
	static const unsigned char field[] = {
		[PR_SET_MM_START_CODE] = START_CODE,
		[PR_SET_MM_END_CODE] = END_CODE,
		[PR_SET_MM_START_DATA] = START_DATA,
		[PR_SET_MM_END_DATA] = END_DATA,
		[PR_SET_MM_START_STACK] = START_STACK,
		[PR_SET_MM_START_BRK] = START_BRK,
		[PR_SET_MM_BRK] = BRK,
		[PR_SET_MM_ARG_START] = ARG_START,
		[PR_SET_MM_ARG_END] = ARG_END,
		[PR_SET_MM_ENV_START] = ENV_START,
		[PR_SET_MM_ENV_END] = ENV_END,
	};
	uint64_t auxv[PROCESS_AUXV_WORDS];
	int op = (int)c->arg[1];
	int64_t r;

	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	if (op == PR_SET_MM_EXE_FILE)
		return set_exe(c, (uint32_t)c->arg[2]);
	if (op == PR_SET_MM_AUXV) {
		r = get_auxv(c, c->arg[2], c->arg[3], auxv);
		if (r == 0)
			set_auxv(c->p, auxv, c->arg[3]);
		return r;
	}
	if (op < PR_SET_MM_START_CODE || op > PR_SET_MM_ENV_END)
		return -EINVAL;
	return set_one(c, field[op]);
}

int64_t setmm_prctl(struct call *c)
{
	const uint32_t size = sizeof(struct map);

	switch ((int)c->arg[1]) {
	case PR_SET_MM_MAP:
		return c->arg[4] ? -EINVAL : set_map(c);
	case PR_SET_MM_MAP_SIZE:
		return c->arg[4] ? -EINVAL
				 : call_put(c, c->arg[2], &size, sizeof(size));
	case PR_SET_MM_AUXV:
		return c->arg[4] ? -EINVAL : set_privileged(c);
	default:
		return c->arg[3] || c->arg[4] ? -EINVAL : set_privileged(c);
	}
}
