/*
 * rights.c: see rights.h.
 */
#include "rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capable.h"
#include "families.h"
#include "fdpath.h"
#include "path.h"

/* Below --rw, where what is made stays? */
static bool is_kept(const struct process *p, int at)
{
	char real[PATH_MAX];

	return fdpath_real(p->machine, at, real, sizeof(real)) == 0 &&
	       rw_allows(&p->machine->rw, real);
}

mode_t rights_mode(struct process *p, int at, mode_t mode)
{
	if (!(mode & RIGHTS_SETID) || (p->machine->rw_suid && is_kept(p, at)))
		return mode;
	p->machine->left_out.setid = true;
	return mode & ~(mode_t)RIGHTS_SETID;
}

bool rights_may_be_in(struct process *p, int fd, int to)
{
	struct stat st;

	return fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	       !(st.st_mode & RIGHTS_SETID) || is_kept(p, to);
}

int rights_drop(struct process *p, int fd, const struct stat *st)
{
	char self[FDPATH_SELF_MAX];
	mode_t mode;

	if (!S_ISREG(st->st_mode))
		return 0;
	mode = rights_mode(p, fd, st->st_mode);
	if (mode == st->st_mode)
		return 0;
	fdpath_self(self, fd);
	return chmod(self, mode & 07777) < 0 ? -errno : 0;
}

static bool has_group(gid_t gid)
{
	gid_t groups[NGROUPS_MAX];
	int n = getgroups(NGROUPS_MAX, groups);

	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return gid == getegid();
}

int rights_chown(struct process *p, int fd, uid_t uid, gid_t gid)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (is_kept(p, fd) ||
	    ((uid == (uid_t)-1 || uid == st.st_uid) &&
	     (gid == (gid_t)-1 || gid == st.st_gid || has_group(gid))))
		return 1;
	if (!capable(CAP_CHOWN)) /* the host has an error */
		return 1;
	p->machine->left_out.owner = true;
	return 0;
}
