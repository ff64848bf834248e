/*
 * prctl.c: what the program sets of itself by prctl(2), arch_prctl(2) and
 * personality(2).
 */
#include <asm/prctl.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "families.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "mdwe.h"

int64_t prctl_arch(struct call *c)
{
	uint64_t base;
	int r;

	switch (c->arg[0]) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (c->arg[1] >= HV_VA_USER_END)
			return -EPERM;
		return c->arg[0] == ARCH_SET_FS
			       ? vcpu_set_fs_base(c->v, c->arg[1])
			       : vcpu_set_gs_base(c->v, c->arg[1]);
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		r = c->arg[0] == ARCH_GET_FS ? vcpu_get_fs_base(c->v, &base)
					     : vcpu_get_gs_base(c->v, &base);
		return r < 0 ? r : call_put(c, c->arg[1], &base, sizeof(base));
	default:
		return -EINVAL;
	}
}

/*
 * Of it only READ_IMPLIES_EXEC acts on this process, on what it maps from now
 * on; the rest the next program would feel.
 */
int64_t prctl_personality(struct call *c)
{
	uint32_t next = (uint32_t)c->arg[0], old = c->p->personality;

	if (next == 0xffffffff)
		return old;
	c->p->personality = next;
	process_pass_limits(c->p, c->v);
	return old;
}

static int64_t prctl_set_name(struct call *c)
{
	char name[16] = {0};

	for (int i = 0; i < 15; i++) {
		if (call_get(c, c->arg[1] + (uint64_t)i, &name[i], 1) < 0)
			return -EFAULT;
		if (!name[i])
			break;
	}
	memcpy(c->t->name, name, sizeof(name));
	return 0;
}

static int64_t prctl_set_small(int *value, uint64_t arg, uint64_t max)
{
	if (arg > max)
		return -EINVAL;
	*value = (int)arg;
	return 0;
}

/* Linux 6.18 prctl_set_thp_disable. */
static int64_t prctl_set_thp(struct call *c)
{
	bool disable = c->arg[1] != 0;
	uint64_t flags = c->arg[2];

	if (c->arg[3] || c->arg[4] ||
	    flags & ~(disable ? (uint64_t)HV_THP_DISABLE_UNADVISED : 0))
		return -EINVAL;
	if (disable)
		c->p->thp_disabled =
			flags ? HV_THP_DISABLE_UNADVISED : HV_THP_DISABLE_ALL;
	else
		c->p->thp_disabled = 0;
	process_pass_limits(c->p, c->v);
	return 0;
}

static int64_t prctl_get_thp(const struct call *c)
{
	if (c->arg[1] || c->arg[2] || c->arg[3] || c->arg[4])
		return -EINVAL;
	if (c->p->thp_disabled == HV_THP_DISABLE_UNADVISED)
		return 1 | HV_THP_DISABLE_UNADVISED;
	return (int64_t)c->p->thp_disabled;
}

/* Linux prctl_set_mdwe. */
static int64_t prctl_set_mdwe(struct call *c)
{
	uint64_t bits = c->arg[1];

	if (c->arg[2] || c->arg[3] || c->arg[4] ||
	    bits & ~(uint64_t)(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT) ||
	    bits == PR_MDWE_NO_INHERIT)
		return -EINVAL;
	if (c->p->mdwe && c->p->mdwe != bits)
		return -EPERM; /* once and for all */
	c->p->mdwe = bits;
	process_pass_limits(c->p, c->v);
	return 0;
}

static int64_t prctl_get_mdwe(const struct call *c)
{
	return c->arg[1] || c->arg[2] || c->arg[3] || c->arg[4]
		       ? -EINVAL
		       : (int64_t)c->p->mdwe;
}

int64_t prctl_prctl(struct call *c)
{
	struct process *p = c->p;

	switch ((int)c->arg[0]) {
	case PR_SET_NAME:
		return prctl_set_name(c);
	case PR_GET_NAME:
		return call_put(c, c->arg[1], c->t->name, sizeof(c->t->name));
	case PR_SET_DUMPABLE:
		return prctl_set_small(&p->dumpable, c->arg[1], 1);
	case PR_GET_DUMPABLE:
		return p->dumpable;
	case PR_SET_PDEATHSIG:
		return prctl_set_small(&p->pdeathsig, c->arg[1], SIGNALS);
	case PR_GET_PDEATHSIG:
		return call_put(c, c->arg[1], &p->pdeathsig, 4);
	case PR_SET_NO_NEW_PRIVS:
		if (c->arg[1] != 1 || c->arg[2] || c->arg[3] || c->arg[4])
			return -EINVAL;
		p->no_new_privs = 1;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return c->arg[1] || c->arg[2] || c->arg[3] || c->arg[4]
			       ? -EINVAL
			       : p->no_new_privs;
	case PR_SET_CHILD_SUBREAPER:
		p->subreaper = c->arg[1] != 0;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return call_put(c, c->arg[1], &p->subreaper,
				sizeof(p->subreaper));
	case PR_SET_MM:
		return setmm_prctl(c);
	case PR_SET_THP_DISABLE:
		return prctl_set_thp(c);
	case PR_GET_THP_DISABLE:
		return prctl_get_thp(c);
	case PR_SET_MDWE:
		return prctl_set_mdwe(c);
	case PR_GET_MDWE:
		return prctl_get_mdwe(c);
	case PR_SET_KEEPCAPS:
	case PR_SET_SECUREBITS:
	case PR_CAPBSET_DROP:
	case PR_CAP_AMBIENT:
		return creds_change(c);
	case PR_CAPBSET_READ:
	case PR_GET_KEEPCAPS:
	case PR_GET_SECUREBITS:
	case PR_GET_TIMERSLACK:
	case PR_SET_TIMERSLACK: /* the thread is the program's */
		return host_call(SYS_prctl, c->arg[0], c->arg[1], 0, 0, 0);
	default:
		return -EINVAL;
	}
}
