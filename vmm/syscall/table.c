/*
 * table.c: one row for each system call that the host serves.
 *
 * A row with a function has its own handler; a row with arguments is forwarded
 * by them (forward.c); a row with an error always answers that. A call without
 * a row is unknown: ENOSYS. Arguments not named are plain values.
 */
#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>

#include "families.h"

/* Newer than Debian 12's headers. */
#define NR_CACHESTAT	 451
#define NR_FCHMODAT2	 452
#define NR_STATMOUNT	 457
#define NR_LISTMOUNT	 458
#define NR_LSM_LIST	 461
#define NR_FUTEX_WAKE	 454
#define NR_FUTEX_WAIT	 455
#define NR_FUTEX_REQUEUE 456

/* clang-format off */
#define FD		{ARG_FD, 0}
#define VALUE		{ARG_VALUE, 0}
#define IN(type)	{ARG_IN, sizeof(type)}
#define OUT(type)	{ARG_OUT, sizeof(type)}
#define OUT_OPT(type)	{ARG_OUT | ARG_NULL, sizeof(type)}
#define INOUT(type)	{ARG_INOUT, sizeof(type)}
#define INOUT_OPT(type)	{ARG_INOUT | ARG_NULL, sizeof(type)}
#define HANDLER(f)	{.known = true, .fn = (f)}
#define ERROR(e)	{.known = true, .error = (e)}
#define PLAIN		{.known = true}
#define FORWARD(...)	{.known = true, .arg = {__VA_ARGS__}}
/* Forwarded by the function, if it finds nothing wrong. */
#define CHECKED(f, ...)	{.known = true, .fn = (f), .arg = {__VA_ARGS__}}
/* Likewise, or without one; it may wait for others, or take long. */
#define WAITS(f, ...)	\
	{.known = true, .fn = (f), .blocks = CALL_WAIT, .arg = {__VA_ARGS__}}
#define LONG(f, ...)	\
	{.known = true, .fn = (f), .blocks = CALL_LONG, .arg = {__VA_ARGS__}}

/* Likewise, or without one; memory comes before descriptors. */
#define MEMORY_FIRST(f, ...)	\
	{.known = true, .fn = (f), .memory_first = true, .arg = {__VA_ARGS__}}

static const struct call_row table[MACHINE_CALLS] = {
	/* Reading and writing. */
	[SYS_read] = HANDLER(io_read),
	[SYS_write] = HANDLER(io_write),
	[SYS_pread64] = HANDLER(io_pread64),
	[SYS_pwrite64] = HANDLER(io_pwrite64),
	[SYS_readv] = HANDLER(io_readv),
	[SYS_writev] = HANDLER(io_writev),
	[SYS_preadv] = HANDLER(io_preadv),
	[SYS_pwritev] = HANDLER(io_pwritev),
	[SYS_preadv2] = HANDLER(io_preadv2),
	[SYS_pwritev2] = HANDLER(io_pwritev2),
	[SYS_membarrier] = PLAIN,
	[SYS_getrandom] = HANDLER(io_getrandom),
	[SYS_getdents] = HANDLER(io_getdents),
	[SYS_getdents64] = HANDLER(io_getdents),
	[SYS_lseek] = CHECKED(desc_lseek, FD),
	[SYS_fsync] = LONG(NULL, FD),
	[SYS_fdatasync] = LONG(NULL, FD),
	[SYS_syncfs] = LONG(NULL, FD),
	[SYS_sync] = LONG(NULL),
	[SYS_sync_file_range] = LONG(NULL, FD),
	[SYS_flock] = WAITS(locks_flock, FD),
	[SYS_fadvise64] = FORWARD(FD),
	[NR_CACHESTAT] = FORWARD(FD, IN(uint64_t[2]), OUT(uint64_t[5])),
	[SYS_readahead] = LONG(NULL, FD),
	[SYS_ftruncate] = WAITS(io_ftruncate, FD),
	[SYS_fallocate] = LONG(io_fallocate, FD),
	[SYS_sendfile] = {.known = true,
			  .fn = io_copy,
			  .memory_first = true,
			  .blocks = CALL_WAIT,
			  .arg = {FD, FD, INOUT_OPT(off_t)}},
	[SYS_copy_file_range] =
		LONG(io_copy, FD, INOUT_OPT(off_t), FD, INOUT_OPT(off_t)),
	[SYS_splice] =
		WAITS(io_splice, FD, INOUT_OPT(off_t), FD, INOUT_OPT(off_t)),
	[SYS_tee] = WAITS(NULL, FD, FD),

	/* Opening and descriptors. */
	[SYS_open] = HANDLER(open_open),
	[SYS_openat] = HANDLER(open_openat),
	[SYS_openat2] = HANDLER(open_openat2),
	[SYS_creat] = HANDLER(open_creat),
	[SYS_close] = HANDLER(desc_close),
	[SYS_close_range] = HANDLER(desc_close_range),
	[SYS_dup] = HANDLER(desc_dup),
	[SYS_dup2] = HANDLER(desc_dup2),
	[SYS_dup3] = HANDLER(desc_dup3),
	[SYS_pipe] = HANDLER(desc_pipe),
	[SYS_pipe2] = HANDLER(desc_pipe2),
	[SYS_eventfd] = HANDLER(desc_eventfd),
	[SYS_eventfd2] = HANDLER(desc_eventfd2),
	[SYS_memfd_create] = HANDLER(desc_memfd_create),
	[SYS_fcntl] = HANDLER(desc_fcntl),
	[SYS_ioctl] = HANDLER(ioctl_ioctl),
	[SYS_poll] = HANDLER(poll_poll),
	[SYS_ppoll] = HANDLER(poll_ppoll),
	[SYS_select] = HANDLER(poll_select),
	[SYS_pselect6] = HANDLER(poll_pselect6),
	[SYS_epoll_create] = HANDLER(event_epoll_create),
	[SYS_epoll_create1] = HANDLER(event_epoll_create1),
	[SYS_epoll_ctl] = HANDLER(event_epoll_ctl),
	[SYS_epoll_wait] = HANDLER(event_epoll_wait),
	[SYS_epoll_pwait] = HANDLER(event_epoll_pwait),
	[SYS_epoll_pwait2] = HANDLER(event_epoll_pwait2),
	[SYS_signalfd] = HANDLER(signalfd_signalfd),
	[SYS_signalfd4] = HANDLER(signalfd_signalfd4),
	[SYS_timerfd_create] = HANDLER(event_timerfd_create),
	[SYS_timerfd_settime] =
		MEMORY_FIRST(NULL, FD, VALUE, IN(struct itimerspec),
			     OUT_OPT(struct itimerspec)),
	[SYS_inotify_init] = HANDLER(event_inotify_init),
	[SYS_inotify_init1] = HANDLER(event_inotify_init1),
	[SYS_inotify_add_watch] = HANDLER(event_inotify_add_watch),
	[SYS_inotify_rm_watch] = FORWARD(FD),
	[SYS_timerfd_gettime] = FORWARD(FD, OUT(struct itimerspec)),

	/* Sockets: pairs only. */
	[SYS_socketpair] = HANDLER(socket_pair),
	[SYS_socket] = HANDLER(socket_new),
	[SYS_bind] = HANDLER(address_bind),
	[SYS_connect] = HANDLER(address_connect),
	[SYS_listen] = FORWARD(FD),
	[SYS_accept] = HANDLER(address_accept),
	[SYS_accept4] = HANDLER(address_accept),
	[SYS_sendto] = HANDLER(socket_send),
	[SYS_recvfrom] = HANDLER(socket_receive),
	[SYS_sendmsg] = HANDLER(socket_sendmsg),
	[SYS_recvmsg] = HANDLER(socket_recvmsg),
	[SYS_shutdown] = FORWARD(FD),
	[SYS_getsockopt] = HANDLER(socket_getsockopt),
	[SYS_setsockopt] = HANDLER(socket_setsockopt),
	[SYS_getsockname] = HANDLER(socket_name),
	[SYS_getpeername] = HANDLER(socket_name),

	/* Looking at files. */
	[SYS_stat] = HANDLER(stat_stat),
	[SYS_lstat] = HANDLER(stat_lstat),
	[SYS_newfstatat] = HANDLER(stat_newfstatat),
	[SYS_statx] = HANDLER(stat_statx),
	[SYS_access] = HANDLER(stat_access),
	[SYS_faccessat] = HANDLER(stat_faccessat),
	[SYS_faccessat2] = HANDLER(stat_faccessat2),
	[SYS_readlink] = HANDLER(stat_readlink),
	[SYS_readlinkat] = HANDLER(stat_readlinkat),
	[SYS_statfs] = HANDLER(stat_statfs),
	[SYS_getcwd] = HANDLER(cwd_getcwd),
	[SYS_chdir] = HANDLER(cwd_chdir),
	[SYS_fchdir] = HANDLER(cwd_fchdir),
	[SYS_fstat] = HANDLER(stat_fstat),
	[SYS_fstatfs] = FORWARD(FD, OUT(struct statfs)),
	[SYS_getxattr] = HANDLER(xattr_get),
	[SYS_lgetxattr] = HANDLER(xattr_lget),
	[SYS_fgetxattr] = HANDLER(xattr_fget),
	[SYS_listxattr] = HANDLER(xattr_list),
	[SYS_llistxattr] = HANDLER(xattr_llist),
	[SYS_flistxattr] = HANDLER(xattr_flist),
	[SYS_setxattr] = HANDLER(xattr_set),
	[SYS_lsetxattr] = HANDLER(xattr_lset),
	[SYS_fsetxattr] = HANDLER(xattr_fset),
	[SYS_removexattr] = HANDLER(xattr_remove),
	[SYS_lremovexattr] = HANDLER(xattr_lremove),
	[SYS_fremovexattr] = HANDLER(xattr_fremove),

	/* Changing files. */
	[SYS_mkdir] = HANDLER(change_mkdir),
	[SYS_mkdirat] = HANDLER(change_mkdirat),
	[SYS_mknod] = HANDLER(change_mknod),
	[SYS_mknodat] = HANDLER(change_mknodat),
	[SYS_unlink] = HANDLER(change_unlink),
	[SYS_unlinkat] = HANDLER(change_unlinkat),
	[SYS_rmdir] = HANDLER(change_rmdir),
	[SYS_symlink] = HANDLER(change_symlink),
	[SYS_symlinkat] = HANDLER(change_symlinkat),
	[SYS_link] = HANDLER(change_link),
	[SYS_linkat] = HANDLER(change_linkat),
	[SYS_rename] = HANDLER(change_rename),
	[SYS_renameat] = HANDLER(change_renameat),
	[SYS_renameat2] = HANDLER(change_renameat2),
	[SYS_chmod] = HANDLER(attr_chmod),
	[NR_FCHMODAT2] = HANDLER(attr_fchmodat),
	[SYS_fchmodat] = HANDLER(attr_fchmodat),
	[SYS_chown] = HANDLER(attr_chown),
	[SYS_lchown] = HANDLER(attr_lchown),
	[SYS_fchownat] = HANDLER(attr_fchownat),
	[SYS_truncate] = HANDLER(attr_truncate),
	[SYS_utimensat] = HANDLER(attr_utimensat),
	[SYS_utimes] = HANDLER(attr_utimes),
	[SYS_futimesat] = HANDLER(attr_futimesat),
	[SYS_utime] = HANDLER(attr_utime),
	[SYS_fchmod] = HANDLER(attr_by_fd),
	[SYS_fchown] = HANDLER(attr_by_fd),
	[SYS_umask] = HANDLER(attr_umask),

	/* Time. */
	[SYS_clock_gettime] =
		CHECKED(cpuclock_gettime, VALUE, OUT(struct timespec)),
	[SYS_adjtimex] = CHECKED(time_adjtimex, INOUT(struct timex)),
	[SYS_clock_adjtime] =
		CHECKED(time_adjtimex, VALUE, INOUT(struct timex)),
	[SYS_clock_settime] = HANDLER(time_clock_settime),
	[SYS_settimeofday] = HANDLER(time_settimeofday),
	[SYS_clock_getres] =
		CHECKED(cpuclock_getres, VALUE, OUT_OPT(struct timespec)),
	[SYS_gettimeofday] =
		FORWARD(OUT_OPT(struct timeval), OUT_OPT(struct timezone)),
	[SYS_time] = FORWARD(OUT_OPT(time_t)),
	[SYS_times] = HANDLER(usage_times),
	[SYS_alarm] = HANDLER(timers_alarm),
	[SYS_getitimer] = HANDLER(timers_getitimer),
	[SYS_setitimer] = HANDLER(timers_setitimer),
	[SYS_timer_create] = HANDLER(timers_create),
	[SYS_timer_settime] = HANDLER(timers_settime),
	[SYS_timer_gettime] = HANDLER(timers_gettime),
	[SYS_timer_getoverrun] = HANDLER(timers_getoverrun),
	[SYS_timer_delete] = HANDLER(timers_delete),
	[SYS_nanosleep] = HANDLER(time_nanosleep),
	[SYS_clock_nanosleep] = HANDLER(time_clock_nanosleep),
	[SYS_futex] = HANDLER(futex_futex),
	[NR_FUTEX_WAKE] = HANDLER(futex_wake2),
	[NR_FUTEX_WAIT] = HANDLER(futex_wait2),
	[NR_FUTEX_REQUEUE] = HANDLER(futex_requeue2),
	[SYS_futex_waitv] = HANDLER(futex_waitv),

	/* The process. */
	[SYS_getpid] = HANDLER(ids_getpid),
	[SYS_gettid] = HANDLER(ids_gettid),
	[SYS_getppid] = HANDLER(ids_getppid),
	[SYS_getpgrp] = HANDLER(ids_getpgrp),
	[SYS_getuid] = PLAIN,
	[SYS_geteuid] = PLAIN,
	[SYS_getgid] = PLAIN,
	[SYS_getegid] = PLAIN,
	[SYS_sched_yield] = LONG(NULL),
	[SYS_getpgid] = HANDLER(ids_getpgid),
	[SYS_getsid] = HANDLER(ids_getsid),
	[SYS_getresuid] = FORWARD(OUT(uid_t), OUT(uid_t), OUT(uid_t)),
	[SYS_getresgid] = FORWARD(OUT(gid_t), OUT(gid_t), OUT(gid_t)),
	[SYS_getgroups] = HANDLER(creds_getgroups),
	[SYS_capget] = HANDLER(caps_get),
	[SYS_capset] = HANDLER(caps_set),
	[SYS_prctl] = HANDLER(prctl_prctl),
	[SYS_arch_prctl] = HANDLER(prctl_arch),
	[SYS_set_tid_address] = HANDLER(rseq_set_tid_address),
	[SYS_set_robust_list] = HANDLER(rseq_set_robust_list),
	[SYS_get_robust_list] = HANDLER(rseq_get_robust_list),
	[SYS_rseq] = HANDLER(rseq_rseq),
	[SYS_sched_setaffinity] = HANDLER(sched_affinity_set),
	[SYS_sched_setscheduler] = HANDLER(sched_class_set),
	[SYS_sched_setparam] = HANDLER(sched_param_set),
	[SYS_sched_setattr] = HANDLER(sched_attr_set),
	[SYS_sched_getattr] = HANDLER(sched_attr_get),
	[SYS_setpriority] = HANDLER(sched_priority_set),
	[SYS_ioprio_get] = HANDLER(sched_ask),
	[SYS_ioprio_set] = HANDLER(sched_ioprio_set),
	[SYS_setpgid] = HANDLER(ids_setpgid),
	[SYS_setsid] = HANDLER(ids_setsid),
	[SYS_personality] = HANDLER(prctl_personality),
	[SYS_unshare] = HANDLER(share_unshare),
	[SYS_sched_getaffinity] = HANDLER(sched_affinity_get),
	[SYS_prlimit64] = HANDLER(limits_prlimit64),
	[SYS_getrlimit] = HANDLER(limits_getrlimit),
	[SYS_setrlimit] = HANDLER(limits_setrlimit),
	[SYS_setuid] = HANDLER(creds_change),
	[SYS_setgid] = HANDLER(creds_change),
	[SYS_setresuid] = HANDLER(creds_change),
	[SYS_setresgid] = HANDLER(creds_change),
	[SYS_setreuid] = HANDLER(creds_change),
	[SYS_setfsuid] = HANDLER(creds_change),
	[SYS_setfsgid] = HANDLER(creds_change),
	[SYS_kcmp] = HANDLER(share_kcmp),
	[SYS_setregid] = HANDLER(creds_change),
	[SYS_setgroups] = HANDLER(creds_setgroups),
	[SYS_getrusage] = HANDLER(usage_getrusage),
	[SYS_exit] = HANDLER(exit_exit),
	[SYS_execve] = HANDLER(exec_execve),
	[SYS_execveat] = HANDLER(exec_execveat),
	[SYS_exit_group] = HANDLER(exit_group),
	[SYS_clone] = HANDLER(clone_clone),
	[SYS_clone3] = HANDLER(clone_clone3),
	[SYS_fork] = HANDLER(clone_fork),
	[SYS_vfork] = HANDLER(clone_vfork),
	[SYS_wait4] = HANDLER(exit_wait4),
	[SYS_waitid] = HANDLER(exit_waitid),
	[SYS_getpriority] = HANDLER(sched_ask),
	[SYS_sched_getscheduler] = HANDLER(sched_ask),
	[SYS_sched_getparam] =
		CHECKED(sched_ask, VALUE, OUT_OPT(int32_t)),
	[SYS_sched_get_priority_max] = PLAIN,
	[SYS_sched_get_priority_min] = PLAIN,
	[SYS_sched_rr_get_interval] =
		CHECKED(sched_ask, VALUE, OUT(struct timespec)),
	[SYS_set_mempolicy] = HANDLER(policy_set),
	[SYS_get_mempolicy] = HANDLER(policy_get),
	[SYS_mbind] = HANDLER(policy_bind),
	[SYS_getcpu] = FORWARD(OUT_OPT(uint32_t), OUT_OPT(uint32_t)),

	/* The system. */
	[SYS_sysfs] = HANDLER(system_sysfs),
	[SYS_ustat] = FORWARD(VALUE, OUT(uint64_t[4])),
	[NR_STATMOUNT] = HANDLER(system_statmount),
	[NR_LISTMOUNT] = HANDLER(system_listmount),
	[NR_LSM_LIST] = HANDLER(system_lsm_list),
	[SYS_name_to_handle_at] = HANDLER(system_name_to_handle),
	[SYS_modify_ldt] = HANDLER(system_modify_ldt),
	[SYS_restart_syscall] = HANDLER(blocking_restart),
	[SYS_uname] = FORWARD(OUT(struct utsname)),
	[SYS_sysinfo] = HANDLER(usage_sysinfo),

	/* The machine is not the program's to change, root or not. */
	[SYS_acct] = ERROR(EPERM),
	[SYS_chroot] = HANDLER(cwd_chroot),
	[SYS_delete_module] = ERROR(EPERM),
	[SYS_fanotify_init] = ERROR(EPERM),
	[SYS_finit_module] = ERROR(EPERM),
	[SYS_fsconfig] = ERROR(EPERM),
	[SYS_fsmount] = ERROR(EPERM),
	[SYS_fsopen] = ERROR(EPERM),
	[SYS_fspick] = ERROR(EPERM),
	[SYS_init_module] = ERROR(EPERM),
	[SYS_ioperm] = HANDLER(system_ioperm),
	[SYS_iopl] = HANDLER(system_iopl),
	[SYS_kexec_file_load] = ERROR(EPERM),
	[SYS_kexec_load] = ERROR(EPERM),
	[SYS_mount] = ERROR(EPERM),
	[SYS_mount_setattr] = ERROR(EPERM),
	[SYS_move_mount] = ERROR(EPERM),
	[SYS_open_by_handle_at] = ERROR(EPERM),
	[SYS_pivot_root] = ERROR(EPERM),
	[SYS_quotactl] = ERROR(EPERM),
	[SYS_quotactl_fd] = ERROR(EPERM),
	[SYS_reboot] = ERROR(EPERM),
	[SYS_setdomainname] = ERROR(EPERM),
	[SYS_sethostname] = ERROR(EPERM),
	[SYS_setns] = HANDLER(share_setns),
	[SYS_swapoff] = ERROR(EPERM),
	[SYS_swapon] = ERROR(EPERM),
	[SYS_syslog] = ERROR(EPERM),
	[SYS_umount2] = ERROR(EPERM),
	[SYS_vhangup] = ERROR(EPERM),

	/* Signals. */
	[SYS_rt_sigaction] = HANDLER(sig_action),
	[SYS_rt_sigprocmask] = HANDLER(sig_procmask),
	[SYS_rt_sigpending] = HANDLER(sig_pending),
	[SYS_rt_sigreturn] = HANDLER(sig_return),
	[SYS_sigaltstack] = HANDLER(sig_altstack),
	[SYS_pidfd_open] = HANDLER(pidfd_open),
	[SYS_pidfd_getfd] = HANDLER(pidfd_getfd),
	[SYS_pidfd_send_signal] = HANDLER(sig_pidfd),
	[SYS_process_mrelease] = HANDLER(pidfd_mrelease),
	[SYS_rt_sigqueueinfo] = HANDLER(sig_queueinfo),
	[SYS_rt_tgsigqueueinfo] = HANDLER(sig_tgqueueinfo),
	[SYS_kill] = HANDLER(sig_kill),
	[SYS_tkill] = HANDLER(sig_tkill),
	[SYS_tgkill] = HANDLER(sig_tgkill),
	[SYS_pause] = HANDLER(sig_pause),
	[SYS_rt_sigsuspend] = HANDLER(sig_suspend),
	[SYS_rt_sigtimedwait] = HANDLER(sig_timedwait),
};
/* clang-format on */

const struct call_row *call_row(uint64_t nr)
{
	if (nr >= MACHINE_CALLS || !table[nr].known)
		return NULL;
	return &table[nr];
}
