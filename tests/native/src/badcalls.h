/*
 * badcalls.h: the calls that badcalls.c makes, and the arguments that it picks
 * from, by what they mean.
 * Included once.
 */
#ifndef BADCALLS_H
#define BADCALLS_H

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <unistd.h>

#include "page_size.h"

#define NOBODY 65534

/* An argument, and what it is called in the line. */
struct value {
	const char *name;
	uint64_t value;
};
#define NR(list) (sizeof(list) / sizeof((list)[0]))

#define PLAIN(n)                                                               \
	{                                                                      \
#n, (uint64_t)(n)                                              \
	}

#define FIRST 10 /* the first descriptor */

static const struct value numbers[] = {
	PLAIN(0),	   PLAIN(1),	      PLAIN(2),
	PLAIN(3),	   PLAIN(4),	      PLAIN(5),
	PLAIN(7),	   PLAIN(8),	      PLAIN(16),
	PLAIN(64),	   PLAIN(0x100),      PLAIN(0x400),
	PLAIN(0x800),	   PLAIN(0x1000),     PLAIN(0x8000),
	PLAIN(0x80000),	   PLAIN(0x200000),   PLAIN(0x40000000),
	PLAIN(0x80000000), PLAIN(0x7fffffff), PLAIN(1ull << 40),
	PLAIN(-1),	   PLAIN(-2),	      PLAIN(1ull << 63),
};
static const struct value sizes[] = {
	PLAIN(0),	   PLAIN(1),	      PLAIN(4),
	PLAIN(8),	   PLAIN(16),	      PLAIN(24),
	PLAIN(32),	   PLAIN(48),	      PLAIN(56),
	PLAIN(64),	   PLAIN(88),	      PLAIN(128),
	PLAIN(4096),	   PLAIN(5000),	      PLAIN(1025),
	PLAIN(0x80000000), PLAIN(0x7fffffff), PLAIN(1ull << 62),
	PLAIN(1ull << 63), PLAIN(-1),
};
static struct value pids[] = {
	PLAIN(0),	   {"SELF", 0},	      {"SELF", 0},  PLAIN(-1),
	PLAIN(0x80000000), PLAIN(0x7ffffff0), {"-SELF", 0}, PLAIN(-0x7ffffff0),
};
static const struct value ids[] = {
	PLAIN(0), PLAIN(NOBODY), PLAIN(-1), PLAIN(12345), PLAIN(1ull << 32),
};
static const struct value signals[] = {
	/* that are none, or not sent */
	PLAIN(0), PLAIN(65), PLAIN(-1), PLAIN(100), PLAIN(0x80000000),
};
static const struct value at_flags[] = {
	PLAIN(0),
	PLAIN(AT_SYMLINK_NOFOLLOW),
	PLAIN(AT_EMPTY_PATH),
	PLAIN(AT_SYMLINK_FOLLOW),
	PLAIN(AT_NO_AUTOMOUNT),
	PLAIN(AT_EACCESS),
	PLAIN(0x1100),
	PLAIN(0x8000),
	PLAIN(1),
	PLAIN(0x80000000),
	PLAIN(-1),
};
static const struct value modes[] = {
	PLAIN(0644),
	PLAIN(0755),
	PLAIN(0),
	PLAIN(S_IFREG | 0600),
	PLAIN(S_IFDIR | 0700),
	PLAIN(S_IFSOCK),
	PLAIN(0x8000000),
	PLAIN(-1),
	PLAIN(1ull << 40),
};
static const struct value open_flags[] = {
	PLAIN(O_RDONLY),
	PLAIN(O_WRONLY),
	PLAIN(O_RDWR),
	PLAIN(3),
	PLAIN(O_CREAT | O_RDWR),
	PLAIN(O_CREAT | O_EXCL),
	PLAIN(O_DIRECTORY),
	PLAIN(O_NOFOLLOW),
	PLAIN(O_PATH),
	PLAIN(O_PATH | O_NOFOLLOW),
	PLAIN(O_PATH | O_DIRECTORY),
	PLAIN(O_TMPFILE | O_RDWR),
	PLAIN(O_TMPFILE),
	PLAIN(O_CREAT | O_DIRECTORY),
	PLAIN(O_TRUNC),
	PLAIN(O_CREAT | O_NOFOLLOW),
	PLAIN(O_DIRECTORY | O_RDWR),
	PLAIN(O_NOATIME),
	PLAIN(O_APPEND | O_WRONLY),
	PLAIN(020000000 | 1),
	PLAIN(-1ull << 32),
	PLAIN(O_CLOEXEC),
};
static const struct value fcntl_cmds[] = {
	PLAIN(F_DUPFD),	     PLAIN(F_GETFD),
	PLAIN(F_SETFD),	     PLAIN(F_GETFL),
	PLAIN(F_GETLK),	     PLAIN(F_SETLK),
	PLAIN(F_OFD_GETLK),  PLAIN(F_GETOWN),
	PLAIN(F_SETOWN),     PLAIN(F_SETSIG),
	PLAIN(F_GETSIG),     PLAIN(F_SETOWN_EX),
	PLAIN(F_GETOWN_EX),  PLAIN(F_GETLEASE),
	PLAIN(F_SETLEASE),   PLAIN(F_DUPFD_CLOEXEC),
	PLAIN(F_GETPIPE_SZ), PLAIN(F_GET_SEALS),
	PLAIN(99),	     PLAIN(-1),
	PLAIN(1 << 20),
};
static const struct value ioctls[] = {
	PLAIN(FIONREAD),
	PLAIN(TCGETS),
	PLAIN(TIOCGWINSZ),
	PLAIN(FIOCLEX),
	PLAIN(0),
	PLAIN(0xdeadbeef),
	PLAIN(-1),
	PLAIN(TIOCGPGRP),
	PLAIN(0x6601 /* FS_IOC_GETFLAGS */),
	PLAIN(0x1260 /* BLKGETSIZE */),
};
static const struct value prctls[] = {
	PLAIN(PR_GET_PDEATHSIG),
	PLAIN(PR_GET_DUMPABLE),
	PLAIN(PR_SET_DUMPABLE),
	PLAIN(PR_GET_KEEPCAPS),
	PLAIN(PR_SET_KEEPCAPS),
	PLAIN(PR_SET_NAME),
	PLAIN(PR_GET_NAME),
	PLAIN(PR_CAPBSET_READ),
	PLAIN(PR_CAPBSET_DROP),
	PLAIN(PR_GET_SECUREBITS),
	PLAIN(PR_SET_SECUREBITS),
	PLAIN(PR_GET_TIMERSLACK),
	PLAIN(PR_SET_NO_NEW_PRIVS),
	PLAIN(PR_GET_NO_NEW_PRIVS),
	PLAIN(PR_SET_CHILD_SUBREAPER),
	PLAIN(PR_GET_CHILD_SUBREAPER),
	PLAIN(PR_CAP_AMBIENT),
	PLAIN(PR_GET_THP_DISABLE),
	PLAIN(PR_SET_PDEATHSIG),
	PLAIN(9999),
	PLAIN(-1),
};
static const struct value far_fds[] = {
	/* to close a range of */
	PLAIN(5000),
	PLAIN(6000),
	PLAIN(0xffffffff),
	PLAIN(1ull << 40 | 5000),
};
static const struct value dup_targets[] = {
	{"RO", FIRST}, {"PIPE_R", FIRST + 4}, PLAIN(300),
	PLAIN(-1),     PLAIN(0x7fffffff),     PLAIN(1 << 20),
};
static const struct value arch_codes[] = {
	PLAIN(0x1003), PLAIN(0x1004), PLAIN(0x1005), PLAIN(0), PLAIN(-1),
};
static const struct value lock_kinds[] = {
	PLAIN(LOCK_SH | LOCK_NB),
	PLAIN(LOCK_EX | LOCK_NB),
	PLAIN(LOCK_UN),
	PLAIN(LOCK_NB),
	PLAIN(64),
	PLAIN(-1 & ~LOCK_MAND),
};
/* Neither waits nor sleeps. */
static const struct value futex_ops[] = {
	PLAIN(1),  PLAIN(3),   PLAIN(4),  PLAIN(5),  PLAIN(7),	PLAIN(10),
	PLAIN(12), PLAIN(129), PLAIN(14), PLAIN(99), PLAIN(-1), PLAIN(257),
};
static const struct value unshares[] = {
	PLAIN(0),	PLAIN(0x200),	  PLAIN(0x400),
	PLAIN(0x20000), PLAIN(0x4000000), PLAIN(1),
	PLAIN(0x4000),	PLAIN(0x80),	  PLAIN(1ull << 40),
};
static const struct value whiches[] = {
	PLAIN(0), PLAIN(3), PLAIN(-1), PLAIN(100), PLAIN(1ull << 40),
};
static const struct value zero[] = {PLAIN(0)};
static const struct value asks[] = {PLAIN(0xffffffff)};
static const struct value ldts[] = {PLAIN(0), PLAIN(2), PLAIN(7), PLAIN(-1)};
static const struct value sockets[] = {
	/* families, types */
	PLAIN(AF_UNIX),
	PLAIN(0),
	PLAIN(-1),
	PLAIN(46),
	PLAIN(AF_UNIX | 1 << 20),
	PLAIN(2),
	PLAIN(5),
	PLAIN(SOCK_STREAM | SOCK_NONBLOCK),
};
static const struct value lengths[] = {
	PLAIN(0),  PLAIN(1),	 PLAIN(100),	    PLAIN(4096),
	PLAIN(-1), PLAIN(-4096), PLAIN(1ull << 63),
};

/* What lies there: map_pages. */
static const struct value pointers[] = {
	{"ZEROS", 0x10000000},
	{"ZEROS", 0x10000000},
	{"ZEROS", 0x10000000},
	{"ONES", 0x10002000},
	{"ZEROS+1", 0x10000001},
	{"NULL", 0},
	{"16", 16},
	{"HOLE", 0x10001000},
	{"ZEROS-4", 0x10000ffc},
	{"ONES-1", 0x10002fff},
	{"READ", 0x10004000},
	{"READ-8", 0x10004ff8},
	{"END", 0x7ffffffff000},
	{"NONCANONICAL", 1ull << 47},
	{"KERNEL", 0xffff888000000000},
	{"-1", -1ull},
};
/* A time that is none, or bad: never NULL, which is for ever. */
static const struct value timeouts[] = {
	{"ZEROS", 0x10000000},
	{"ONES", 0x10002000},
	{"HOLE", 0x10001000},
	{"KERNEL", 0xffff888000000000},
};
/* Nothing can be read there. */
static const struct value bad_pointers[] = {
	{"16", 16},
	{"HOLE", 0x10001000},
	{"ZEROS-4", 0x10000ffc},
	{"KERNEL", 0xffff888000000000},
	{"-1", -1ull},
};

#define NR_CACHESTAT	 451
#define NR_FCHMODAT2	 452
#define NR_FUTEX_WAKE	 454
#define NR_FUTEX_REQUEUE 456
#define NR_STATMOUNT	 457
#define NR_LISTMOUNT	 458
#define NR_LSM_LIST	 461

/* ---- Calls ------------------------------------------------------------- */

enum {
	VALUE = 1,  /* the result is the same on both sides */
	NEW_FD = 2, /* it is a descriptor */
	FILES = 4,  /* may have changed the tree, or where one is */
	FDS = 8,    /* may have closed one of ours */
	PAIR = 16,  /* two descriptors are at the pointer */
};

/* clang-format off */
static const struct call {
	const char *name;
	long nr;
	const char *args;
	int flags;
} calls[] = {
#define CALL(name, args, flags)                                                \
	{                                                                      \
#name, SYS_##name, args, flags                                 \
	}
#define LATE(name, nr, args, flags)                                            \
	{                                                                      \
#name, nr, args, flags                                         \
	}
	CALL(read, "fpz", VALUE),
	CALL(write, "fpz", VALUE),
	CALL(pread64, "fpzn", VALUE),
	CALL(pwrite64, "fpzn", FILES | VALUE),
	CALL(readv, "fpz", VALUE),
	CALL(writev, "fpz", VALUE),
	CALL(preadv, "fpzn", VALUE),
	CALL(pwritev, "fpzn", FILES | VALUE),
	CALL(preadv2, "fpznnn", VALUE),
	CALL(pwritev2, "fpznnn", FILES | VALUE),
	CALL(membarrier, "nnn", 0),
	CALL(getrandom, "pzn", VALUE),
	CALL(getdents, "fpz", 0),
	CALL(getdents64, "fpz", 0),
	CALL(lseek, "fnn", 0),
	CALL(fsync, "f", 0),
	CALL(fdatasync, "f", 0),
	CALL(sync_file_range, "fnnn", 0),
	CALL(flock, "fL", 0),
	CALL(fadvise64, "fnnn", 0),
	LATE(cachestat, NR_CACHESTAT, "fppn", 0),
	CALL(readahead, "fnn", 0),
	CALL(ftruncate, "fl", FILES),
	CALL(fallocate, "fnll", FILES),
	CALL(sendfile, "ffpz", VALUE),
	CALL(copy_file_range, "fpfpzn", VALUE),
	CALL(splice, "fpfpzn", VALUE),
	CALL(tee, "ffzn", VALUE),
	CALL(open, "som", FILES | NEW_FD),
	CALL(openat, "dsom", FILES | NEW_FD),
	CALL(openat2, "dspz", FILES | NEW_FD),
	CALL(creat, "sm", FILES | NEW_FD),
	CALL(close, "f", FDS),
	CALL(close_range, "RRn", 0),
	CALL(dup, "f", NEW_FD),
	CALL(dup2, "fx", FDS),
	CALL(dup3, "fxo", FDS),
	CALL(pipe, "p", PAIR),
	CALL(pipe2, "po", PAIR),
	CALL(eventfd, "n", NEW_FD),
	CALL(eventfd2, "nn", NEW_FD),
	CALL(memfd_create, "sn", NEW_FD),
	CALL(fcntl, "fcn", NEW_FD),
	CALL(fcntl, "fcp", 0),
	CALL(ioctl, "fkp", 0),
	CALL(poll, "pz0", 0),
	CALL(ppoll, "pzpbz", 0),
	CALL(select, "npppT", 0),
	CALL(pselect6, "nppppb", 0),
	CALL(epoll_create, "n", NEW_FD),
	CALL(epoll_create1, "n", NEW_FD),
	CALL(epoll_ctl, "fnfp", 0),
	CALL(epoll_wait, "fpz0", 0),
	CALL(epoll_pwait, "fpz0pz", 0),
	CALL(timerfd_create, "nn", NEW_FD),
	CALL(timerfd_settime, "fnpp", 0),
	CALL(timerfd_gettime, "fp", 0),
	CALL(inotify_init1, "n", NEW_FD),
	CALL(inotify_add_watch, "fsn", 0),
	CALL(inotify_rm_watch, "fn", 0),
	CALL(socketpair, "SSnp", PAIR),
	CALL(bind, "fpz", 0),
	CALL(connect, "fpz", 0),
	CALL(listen, "fn", 0),
	CALL(accept, "fpp", NEW_FD),
	CALL(accept4, "fppn", NEW_FD),
	CALL(sendto, "fpznpz", VALUE),
	CALL(recvfrom, "fpznpp", VALUE),
	CALL(sendmsg, "fpn", 0),
	CALL(recvmsg, "fpn", 0),
	CALL(shutdown, "fw", 0),
	CALL(getsockopt, "fnnpp", 0),
	CALL(setsockopt, "fnnbz", 0),
	CALL(getsockname, "fpp", 0),
	CALL(getpeername, "fpp", 0),
	CALL(stat, "sp", 0),
	CALL(lstat, "sp", 0),
	CALL(newfstatat, "dspa", 0),
	CALL(statx, "dsanp", 0),
	CALL(access, "sn", 0),
	CALL(faccessat, "dsn", 0),
	CALL(faccessat2, "dsna", 0),
	CALL(readlink, "spz", VALUE),
	CALL(readlinkat, "dspz", VALUE),
	CALL(statfs, "sp", 0),
	CALL(getcwd, "pz", 0),
	CALL(chdir, "s", FILES),
	CALL(fchdir, "f", FILES),
	CALL(fstat, "fp", 0),
	CALL(fstatfs, "fp", 0),
	CALL(getxattr, "sspz", VALUE),
	CALL(lgetxattr, "sspz", VALUE),
	CALL(fgetxattr, "fspz", VALUE),
	CALL(listxattr, "spz", VALUE),
	CALL(llistxattr, "spz", VALUE),
	CALL(flistxattr, "fpz", VALUE),
	CALL(setxattr, "sspzn", 0),
	CALL(lsetxattr, "sspzn", 0),
	CALL(fsetxattr, "fspzn", 0),
	CALL(removexattr, "ss", 0),
	CALL(lremovexattr, "ss", 0),
	CALL(fremovexattr, "fs", 0),
	CALL(mkdir, "sm", FILES),
	CALL(mkdirat, "dsm", FILES),
	CALL(mknod, "sm0", FILES),
	CALL(mknodat, "dsm0", FILES),
	CALL(unlink, "s", FILES),
	CALL(unlinkat, "dsa", FILES),
	CALL(rmdir, "s", FILES),
	CALL(symlink, "ss", FILES),
	CALL(symlinkat, "sds", FILES),
	CALL(link, "ss", FILES),
	CALL(linkat, "dsdsa", FILES),
	CALL(rename, "ss", FILES),
	CALL(renameat, "dsds", FILES),
	CALL(renameat2, "dsdsn", FILES),
	CALL(chmod, "sm", FILES),
	CALL(fchmodat, "dsm", FILES),
	LATE(fchmodat2, NR_FCHMODAT2, "dsma", FILES),
	CALL(chown, "suu", FILES),
	CALL(lchown, "suu", FILES),
	CALL(fchownat, "dsuua", FILES),
	CALL(truncate, "sl", FILES),
	CALL(utimensat, "dspa", 0),
	CALL(utimes, "sp", 0),
	CALL(futimesat, "dsp", 0),
	CALL(utime, "sp", 0),
	CALL(fchmod, "fm", FILES),
	CALL(fchown, "fuu", FILES),
	CALL(umask, "m", FILES),
	CALL(clock_gettime, "np", 0),
	CALL(adjtimex, "p", 0),
	CALL(clock_adjtime, "np", 0),
	CALL(clock_settime, "np", 0),
	CALL(settimeofday, "pp", 0),
	CALL(clock_getres, "np", 0),
	CALL(gettimeofday, "pp", 0),
	CALL(time, "p", 0),
	CALL(times, "p", 0),
	CALL(nanosleep, "pp", 0),
	CALL(clock_nanosleep, "nwpp", 0),
	CALL(futex, "ptnppn", 0),
	LATE(futex_wake, NR_FUTEX_WAKE, "pnnn", 0),
	LATE(futex_requeue, NR_FUTEX_REQUEUE, "pnnn", 0),
	CALL(futex_waitv, "bnnpn", 0),
	CALL(getpgid, "i", 0),
	CALL(getsid, "i", 0),
	CALL(getresuid, "ppp", 0),
	CALL(getresgid, "ppp", 0),
	CALL(getgroups, "np", VALUE),
	CALL(capget, "pp", 0),
	CALL(capset, "pp", 0),
	CALL(prctl, "rnnnn", 0),
	CALL(prctl, "rp000", 0),
	CALL(prctl, "rw000", 0),
	CALL(arch_prctl, "Ap", 0),
	CALL(set_robust_list, "bz", 0),
	CALL(get_robust_list, "ipp", 0),
	CALL(rseq, "pznn", 0),
	CALL(sched_setaffinity, "izp", 0),
	CALL(sched_getaffinity, "izp", 0),
	CALL(sched_setscheduler, "iwp", 0),
	CALL(sched_setparam, "ip", 0),
	CALL(sched_setattr, "ipw", 0),
	CALL(sched_getattr, "ipzw", 0),
	CALL(setpriority, "win", 0),
	CALL(getpriority, "wi", 0),
	CALL(ioprio_get, "wi", 0),
	CALL(ioprio_set, "wi0", 0),
	CALL(setpgid, "ii", 0),
	CALL(personality, "?", 0),
	CALL(unshare, "U", 0),
	CALL(prlimit64, "inbp", 0),
	CALL(getrlimit, "np", 0),
	CALL(setrlimit, "nb", 0),
	CALL(setuid, "u", 0),
	CALL(setgid, "u", 0),
	CALL(setresuid, "uuu", 0),
	CALL(setresgid, "uuu", 0),
	CALL(setreuid, "uu", 0),
	CALL(setregid, "uu", 0),
	CALL(setfsuid, "u", VALUE),
	CALL(setfsgid, "u", VALUE),
	CALL(setgroups, "np", 0),
	CALL(kcmp, "iiwff", 0),
	CALL(getrusage, "np", 0),
	CALL(wait4, "ipnp", 0),
	CALL(waitid, "wipnp", 0),
	CALL(sched_getscheduler, "i", 0),
	CALL(sched_getparam, "ip", 0),
	CALL(sched_get_priority_max, "n", VALUE),
	CALL(sched_get_priority_min, "n", VALUE),
	CALL(sched_rr_get_interval, "ip", 0),
	CALL(getcpu, "pp", 0),
	CALL(sysfs, "npp", 0),
	CALL(ustat, "np", 0),
	LATE(statmount, NR_STATMOUNT, "ppzn", 0),
	LATE(listmount, NR_LISTMOUNT, "ppzn", 0),
	LATE(lsm_list, NR_LSM_LIST, "ppn", 0),
	CALL(name_to_handle_at, "dsppa", 0),
	CALL(modify_ldt, "Dpz", 0),
	CALL(uname, "p", 0),
	CALL(sysinfo, "p", 0),
	CALL(rt_sigaction, "gppz", 0),
	CALL(rt_sigprocmask, "nppz", 0),
	CALL(rt_sigpending, "pz", 0),
	CALL(sigaltstack, "bp", 0),
	CALL(pidfd_open, "in", NEW_FD),
	CALL(pidfd_getfd, "ffn", NEW_FD),
	CALL(pidfd_send_signal, "fgpn", 0),
	CALL(process_mrelease, "fn", 0),
	CALL(kill, "ig", 0),
	CALL(tkill, "ig", 0),
	CALL(tgkill, "iig", 0),
	CALL(rt_sigtimedwait, "ppbz", 0),
	CALL(rt_sigsuspend, "bz", 0),
	/*
	 * Of those that vmm never allows. Not made, as they would do harm here if
	 * they were allowed: reboot, kexec_load, kexec_file_load, init_module,
	 * finit_module, delete_module, swapon, swapoff, mount, umount2,
	 * move_mount, mount_setattr, pivot_root, acct, syslog, vhangup; quotactl and
	 * quotactl_fd are not in every kernel.
	 */
	CALL(chroot, "s", 0),
	CALL(fanotify_init, "nn", NEW_FD),
	CALL(fsconfig, "fnppn", 0),
	CALL(fsmount, "fnn", NEW_FD),
	CALL(fsopen, "sn", NEW_FD),
	CALL(fspick, "dsn", NEW_FD),
	CALL(ioperm, "nnw", 0),
	CALL(iopl, "n", 0),
	CALL(open_by_handle_at, "dpo", NEW_FD),
	CALL(restart_syscall, "", 0),
	CALL(setdomainname, "pz", 0),
	CALL(sethostname, "pz", 0),
	CALL(setns, "fn", 0),
};
/* clang-format on */

#endif
