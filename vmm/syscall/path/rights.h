/*
 * rights.h: what would give somebody rights on the host: a set-id bit, which
 * lends ours, or a file that is said to be another's. The program's calls
 * succeed, as far as they would natively, and leave that out: a mode without
 * the bits, an owner as it was. So they may be left out on Linux, too
 * (chmod(2)), and programs go on. Devices are refused (change.c), and so are
 * capabilities of files (xattr.c).
 *
 * Below --rw owners may be set, and with --rw-suid the bits. Directories keep
 * them, as they lend nothing.
 */
#ifndef RIGHTS_H
#define RIGHTS_H

#include "call.h"

#define RIGHTS_SETID (S_ISUID | S_ISGID)

/* `mode` of a file: at is it, or the directory where it is made. */
mode_t rights_mode(struct process *p, int at, mode_t mode);
/* May the file fd, with its bits, get a name in directory `to`? */
bool rights_may_be_in(struct process *p, int fd, int to);
/*
 * Before the file fd is given new content: as after a write without
 * CAP_FSETID. 0 or -errno.
 */
int rights_drop(struct process *p, int fd, const struct stat *st);
/*
 * chown(2) of fd. 1: the host is to do it; 0: done, by leaving it; or -errno.
 */
int rights_chown(struct process *p, int fd, uid_t uid, gid_t gid);

#endif
