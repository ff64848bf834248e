/*
 * become.c: see become.h.
 */
#include "become.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec.h"
#include "host_call.h"
#include "keeper.h"
#include "machine.h"
#include "mdwe.h"
#include "process.h"
#include "thread.h"
#include "vm_setting.h"

#define STACK_DEFAULT (8ull << 20) /* _STK_LIM */

/* ---- Credentials (security/commoncap.c, cap_bprm_creds_from_file) ------- */

struct ids {
	uid_t real, effective, saved, file;
};

typedef struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

static struct __user_cap_header_struct caps_head = {_LINUX_CAPABILITY_VERSION_3,
						    0};

static struct ids uids_now(void)
{
	struct ids i;

	getresuid(&i.real, &i.effective, &i.saved);
	i.file = (uid_t)syscall(SYS_setfsuid, -1);
	return i;
}

static struct ids gids_now(void)
{
	struct ids i;

	getresgid(&i.real, &i.effective, &i.saved);
	i.file = (gid_t)syscall(SYS_setfsgid, -1);
	return i;
}

static bool is_settled(const struct ids *i)
{
	return i->saved == i->effective && i->file == i->effective;
}

static uint32_t ambient(unsigned word)
{
	uint32_t set = 0;

	for (unsigned bit = 0; bit < 32; bit++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET,
			  word * 32 + bit, 0, 0) == 1)
			set |= 1u << bit;
	return set;
}

/*
 * What a file without capabilities leaves. Only less than what the thread has:
 * a root that has given up some would have them again on Linux.
 */
static bool caps_after(const struct ids *uids, const caps now, caps next)
{
	int bits = prctl(PR_GET_SECUREBITS);
	bool root = bits >= 0 && !(bits & SECBIT_NOROOT);
	bool all = root && (!uids->effective || !uids->real);
	bool differs = false;

	for (unsigned w = 0; w < _LINUX_CAPABILITY_U32S_3; w++) {
		uint32_t kept = all ? ~0u : ambient(w);

		next[w] = now[w];
		next[w].permitted &= kept;
		next[w].effective =
			next[w].permitted &
			(all && !uids->effective ? ~0u : ambient(w));
		differs |= memcmp(&next[w], &now[w], sizeof(now[w])) != 0;
	}
	return differs;
}

/*
 * Saved and file-system ids follow the effective ones, capabilities the ids.
 * Returns whether an id of those that count for dumpable has changed.
 */
static bool change_credentials(struct machine *m)
{
	struct ids uids = uids_now(), gids = gids_now();
	bool keeps = prctl(PR_GET_KEEPCAPS) == 1, caps_change;
	caps now, next;

	caps_change = host_call(SYS_capget, &caps_head, now) == 0 &&
		      caps_after(&uids, now, next);
	if (is_settled(&uids) && is_settled(&gids) && !keeps && !caps_change)
		return false;
	if (keeper_start(&m->keeper) < 0)
		return false;
	host_call(SYS_setresgid, -1, -1, gids.effective);
	host_call(SYS_setresuid, -1, -1, uids.effective);
	host_call(SYS_setfsgid, gids.effective);
	host_call(SYS_setfsuid, uids.effective);
	if (caps_change)
		host_call(SYS_capset, &caps_head, next);
	prctl(PR_SET_KEEPCAPS, 0);
	return uids.file != uids.effective || gids.file != gids.effective;
}

/* ---- The parts of a process --------------------------------------------- */

static void reset_thread(struct thread *t, const struct exec *e)
{
	t->signals.stack = (struct signal_stack){0};
	t->clear_tid = t->robust_list = 0;
	t->rseq = 0;
	t->rseq_len = t->rseq_sig = 0;
	thread_set_comm(t, e->comm);
}

/* Linux begin_new_exec, commit_creds; mmf_init_flags. */
static void reset_settings(struct process *p, const struct exec *e)
{
	bool changed = change_credentials(p->machine);

	if (e->secure && p->limits.of[RLIMIT_STACK].rlim_cur > STACK_DEFAULT)
		p->limits.of[RLIMIT_STACK].rlim_cur = STACK_DEFAULT;
	if (e->secure || changed)
		p->pdeathsig = 0;
	p->dumpable =
		e->secure || changed ? (int)fs_setting("suid_dumpable", 0) : 1;
	p->personality &= ~(uint32_t)READ_IMPLIES_EXEC;
	if (p->mdwe & PR_MDWE_NO_INHERIT)
		p->mdwe = 0;
	p->aslr_seed = e->next_seed;
}

static void set_exe(struct process *p, struct exec *e)
{
	if (e->exe_fd < 0)
		return;
	if (p->exe_fd >= 0)
		close(p->exe_fd);
	p->exe_fd = e->exe_fd;
	e->exe_fd = -1;
}

/* argc, the pointers of argv and NULL, those of envp and NULL, then pairs. */
void process_set_auxv(struct process *p, const struct exec *e)
{
	const uint64_t *words = (const uint64_t *)e->plan.stack;
	size_t n = e->plan.tables_len / 8, i = 1, len = 0;

	while (i < n && words[i])
		i++;
	for (i++; i < n && words[i];)
		i++;
	i++;
	memset(p->auxv, 0, sizeof(p->auxv));
	while (len + 2 < PROCESS_AUXV_WORDS && i + len + 1 < n &&
	       words[i + len])
		len += 2;
	memcpy(p->auxv, &words[i], len * sizeof(*words));
	p->auxv_len = (len + 2) * sizeof(*words);
}

void process_exec(struct process *p, struct thread *t, struct exec *e)
{
	struct exec *old = p->exec;

	exec_given(e);
	fdtable_close_on_exec(&p->fds);
	signal_shared_exec(&p->signals);
	reset_thread(t, e);
	reset_settings(p, e);
	set_exe(p, e);
	process_set_auxv(p, e);
	p->exec = exec_get(e);
	exec_put(old);
}
