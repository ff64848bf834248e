/*
 * families.h: the handlers of calls that need more than translation, by the
 * file that has them. Each is the call of its name; see table.c.
 */
#ifndef FAMILIES_H
#define FAMILIES_H

#include <time.h>

#include "call.h"

/* address.c */
int64_t address_bind(struct call *c);
int64_t address_connect(struct call *c);
int64_t address_accept(struct call *c);

/* blocking.c */
int64_t blocking_restart(struct call *c); /* restart_syscall */

/* caps.c */
int64_t caps_get(struct call *c);
int64_t caps_set(struct call *c);

/* change.c */
int64_t change_mkdir(struct call *c);
int64_t change_mkdirat(struct call *c);
int64_t change_mknod(struct call *c);
int64_t change_mknodat(struct call *c);
int64_t change_unlink(struct call *c);
int64_t change_rmdir(struct call *c);
int64_t change_unlinkat(struct call *c);
int64_t change_symlink(struct call *c);
int64_t change_symlinkat(struct call *c);
int64_t change_link(struct call *c);
int64_t change_linkat(struct call *c);
int64_t change_rename(struct call *c);
int64_t change_renameat(struct call *c);
int64_t change_renameat2(struct call *c);
int64_t attr_chmod(struct call *c);
int64_t attr_fchmodat(struct call *c);
int64_t attr_chown(struct call *c);
int64_t attr_lchown(struct call *c);
int64_t attr_fchownat(struct call *c);
int64_t attr_truncate(struct call *c);
int64_t attr_by_fd(struct call *c);
int64_t attr_utimensat(struct call *c);
int64_t attr_utimes(struct call *c);
int64_t attr_futimesat(struct call *c);
int64_t attr_utime(struct call *c);
int64_t attr_umask(struct call *c);

/* cwd.c */
int64_t cwd_getcwd(struct call *c);
int64_t cwd_chdir(struct call *c);
int64_t cwd_fchdir(struct call *c);
int64_t cwd_chroot(struct call *c);

/* creds.c */
int64_t creds_change(struct call *c); /* prctl, and all without pointers */
int64_t creds_getgroups(struct call *c);
int64_t creds_setgroups(struct call *c);
/* The call with these arguments of the host's. */
int64_t creds_apply(struct call *c, const uint64_t arg[5]);

/* desc.c */
int64_t desc_close(struct call *c);
int64_t desc_close_range(struct call *c);
int64_t desc_dup(struct call *c);
int64_t desc_dup2(struct call *c);
int64_t desc_dup3(struct call *c);
int64_t desc_pipe(struct call *c);
int64_t desc_pipe2(struct call *c);
int64_t desc_eventfd2(struct call *c);
int64_t desc_eventfd(struct call *c);
int64_t desc_memfd_create(struct call *c);
int64_t desc_fcntl(struct call *c);
/* What descriptor `to` has of `from`, beside the host's file. Returns to. */
int64_t desc_carry(struct call *c, int from, int64_t to);
int64_t desc_lseek(struct call *c);

/* event.c */
int64_t event_epoll_create1(struct call *c);
int64_t event_epoll_create(struct call *c);
int64_t event_epoll_ctl(struct call *c);
int64_t event_epoll_wait(struct call *c);
int64_t event_epoll_pwait(struct call *c);
int64_t event_epoll_pwait2(struct call *c);
int64_t event_timerfd_create(struct call *c);
int64_t event_inotify_init1(struct call *c);
int64_t event_inotify_init(struct call *c);
int64_t event_inotify_add_watch(struct call *c);

/* signalfd.c */
int64_t signalfd_signalfd(struct call *c);
int64_t signalfd_signalfd4(struct call *c);

/* stat.c */
int64_t stat_fstat(struct call *c);
int64_t stat_stat(struct call *c);
int64_t stat_lstat(struct call *c);
int64_t stat_newfstatat(struct call *c);
int64_t stat_statx(struct call *c);
int64_t stat_access(struct call *c);
int64_t stat_faccessat(struct call *c);
int64_t stat_faccessat2(struct call *c);
int64_t stat_readlink(struct call *c);
int64_t stat_readlinkat(struct call *c);
int64_t stat_statfs(struct call *c);

/* io.c */
int64_t io_read(struct call *c);
int64_t io_write(struct call *c);
int64_t io_pread64(struct call *c);
int64_t io_pwrite64(struct call *c);
int64_t io_readv(struct call *c);
int64_t io_writev(struct call *c);
int64_t io_preadv(struct call *c);
int64_t io_pwritev(struct call *c);
int64_t io_preadv2(struct call *c);
int64_t io_pwritev2(struct call *c);
int64_t io_getdents(struct call *c);
int64_t io_getrandom(struct call *c);
int64_t io_copy(struct call *c);
int64_t io_splice(struct call *c);
int64_t io_ftruncate(struct call *c);
int64_t io_fallocate(struct call *c);

/* futex.c */
int64_t futex_futex(struct call *c);
int64_t futex_waitv(struct call *c);
int64_t futex_wake2(struct call *c);
int64_t futex_wait2(struct call *c);
int64_t futex_requeue2(struct call *c);

/* system.c */
int64_t system_sysfs(struct call *c);
int64_t system_statmount(struct call *c);
int64_t system_listmount(struct call *c);
int64_t system_name_to_handle(struct call *c);
int64_t system_lsm_list(struct call *c);
int64_t system_modify_ldt(struct call *c);
int64_t system_ioperm(struct call *c);
int64_t system_iopl(struct call *c);

/* ioctl.c */
int64_t ioctl_ioctl(struct call *c);

/* extents.c: ioctls, of a descriptor that is open and no path alone */
int64_t extents_map(struct call *c);
int64_t extents_clone(struct call *c);
int64_t extents_dedupe(struct call *c);

/* open.c */
int64_t open_open(struct call *c);
int64_t open_openat(struct call *c);
int64_t open_creat(struct call *c);
int64_t open_openat2(struct call *c);

/* owner.c: of fcntl */
int64_t owner_fcntl(struct call *c, int host);
int64_t lease_fcntl(struct call *c, int host);

/* pidfd.c */
int64_t pidfd_open(struct call *c);
int64_t pidfd_getfd(struct call *c);
int64_t pidfd_mrelease(struct call *c);

/* policy.c */
int64_t policy_set(struct call *c);
int64_t policy_get(struct call *c);
int64_t policy_bind(struct call *c);

/* poll.c */
int64_t poll_poll(struct call *c);
int64_t poll_ppoll(struct call *c);
int64_t poll_select(struct call *c);
int64_t poll_pselect6(struct call *c);

/* ids.c */
int64_t ids_getpid(struct call *c);
int64_t ids_setpgid(struct call *c);

/* Others that exist are another's, -EPERM; the host says which do: -ESRCH. */
int64_t ids_gettid(struct call *c);
int64_t ids_getppid(struct call *c);
int64_t ids_getpgrp(struct call *c);
int64_t ids_getpgid(struct call *c);
int64_t ids_getsid(struct call *c);
int64_t ids_setsid(struct call *c);
/* By the number of any of its threads; 0: the own. NULL: none of the guest's.
 */
struct process *ids_process(const struct call *c, int pid);
/* The host's thread that is meant, 0: this one; -1: none of the guest's. */
int ids_host(const struct call *c, uint64_t pid);
int64_t sched_ask(struct call *c);
int64_t ids_other(uint64_t pid);

/* usage.c */
int64_t usage_sysinfo(struct call *c);
int64_t usage_getrusage(struct call *c);
int64_t usage_times(struct call *c);
struct rusage;
struct task_usage;
void usage_fill(const struct task_usage *u, struct rusage *r);

/* exec.c */
int64_t exec_execve(struct call *c);
int64_t exec_execveat(struct call *c);

/* exit.c */
int64_t exit_exit(struct call *c);
int64_t clone_clone(struct call *c);
int64_t clone_clone3(struct call *c);
int64_t clone_fork(struct call *c);
int64_t clone_vfork(struct call *c);
int64_t exit_group(struct call *c);
int64_t exit_wait4(struct call *c);
int64_t exit_waitid(struct call *c);

/* limits.c */
int64_t limits_prlimit64(struct call *c);
int64_t limits_getrlimit(struct call *c);
int64_t limits_setrlimit(struct call *c);

/* rseq.c */
int64_t rseq_set_tid_address(struct call *c);
int64_t rseq_set_robust_list(struct call *c);
int64_t rseq_get_robust_list(struct call *c);
int64_t rseq_rseq(struct call *c);
/* The process gets a second thread: see rseq.c. */
void rseq_share(struct call *c);
/* The program may run on other processors than before. */
void rseq_moved(struct call *c);

/* sched.c */
int64_t sched_affinity_get(struct call *c);
int64_t sched_priority_set(struct call *c);
int64_t sched_ioprio_set(struct call *c);
int64_t sched_class_set(struct call *c);
int64_t sched_param_set(struct call *c);
int64_t sched_attr_set(struct call *c);
int64_t sched_attr_get(struct call *c);
int64_t sched_affinity_set(struct call *c);

/* share.c */
int64_t share_unshare(struct call *c);
int64_t share_kcmp(struct call *c);
int64_t share_setns(struct call *c);

/* prctl.c */
int64_t prctl_arch(struct call *c);
int64_t prctl_prctl(struct call *c);
int64_t prctl_personality(struct call *c);

/* sigcalls.c */
int64_t sig_action(struct call *c);
int64_t sig_procmask(struct call *c);
int64_t sig_pending(struct call *c);
int64_t sig_return(struct call *c);
int64_t sig_altstack(struct call *c);
int64_t sig_kill(struct call *c);
int64_t sig_queueinfo(struct call *c);
int64_t sig_tgqueueinfo(struct call *c);
int64_t sig_tkill(struct call *c);
int64_t sig_tgkill(struct call *c);
int64_t sig_pidfd(struct call *c);
int64_t sig_pause(struct call *c);
int64_t sig_suspend(struct call *c);
int64_t sig_timedwait(struct call *c);
/*
 * The mask, if va is not null, for as long as a call waits (Linux
 * set_user_sigmask): 0 or -errno. In its end: has a signal broken it off?
 */
int sig_mask_begin(struct call *c, uint64_t va, uint64_t size);
void sig_mask_end(struct call *c, bool broken_off);

/* locks.c */
int64_t locks_flock(struct call *c);
int64_t locks_fcntl(struct call *c, int host, int cmd);

/* seals.c */
int64_t seals_add(struct call *c, int host); /* of fcntl */
/* No new shared mapping may write. */
bool files_is_sealed(int host);

/* setmm.c */
int64_t setmm_prctl(struct call *c); /* PR_SET_MM */

/* socket.c */
int64_t socket_new(struct call *c);
int64_t socket_pair(struct call *c);
int64_t socket_send(struct call *c);
int64_t socket_receive(struct call *c);
int64_t socket_sendmsg(struct call *c);
int64_t socket_recvmsg(struct call *c);
int64_t socket_getsockopt(struct call *c);
int64_t socket_setsockopt(struct call *c);
int64_t socket_name(struct call *c);

/* cpuclock.c */
int64_t cpuclock_gettime(struct call *c);
int64_t cpuclock_getres(struct call *c);

/* timers.c */
int64_t timers_alarm(struct call *c);
int64_t timers_getitimer(struct call *c);
int64_t timers_setitimer(struct call *c);
int64_t timers_create(struct call *c);
int64_t timers_settime(struct call *c);
int64_t timers_gettime(struct call *c);
int64_t timers_getoverrun(struct call *c);
int64_t timers_delete(struct call *c);

/* time.c */
int64_t time_nanosleep(struct call *c);
int64_t time_clock_nanosleep(struct call *c);
int64_t time_clock_settime(struct call *c);
int64_t time_settimeofday(struct call *c);
int64_t time_adjtimex(struct call *c);
/* For those who wait for a time elsewhere. */
bool time_is_valid(const struct timespec *t);
struct timespec time_sum(const struct timespec *a, const struct timespec *b);
/* The point of time that is `time` from now on; it saturates. 0 or -errno. */
int64_t time_deadline(clockid_t clock, const struct timespec *time,
		      struct timespec *until);
/* What is left until then; 0 if nothing is. */
struct timespec time_left(clockid_t clock, const struct timespec *until);
/* 0, or -EINTR: something is due (wait.h); or -errno. */
int64_t time_sleep_until(struct call *c, clockid_t clock,
			 const struct timespec *until);

/* xattr.c */
int64_t xattr_get(struct call *c);
int64_t xattr_lget(struct call *c);
int64_t xattr_fget(struct call *c);
int64_t xattr_list(struct call *c);
int64_t xattr_llist(struct call *c);
int64_t xattr_flist(struct call *c);
int64_t xattr_set(struct call *c);
int64_t xattr_lset(struct call *c);
int64_t xattr_fset(struct call *c);
int64_t xattr_remove(struct call *c);
int64_t xattr_lremove(struct call *c);
int64_t xattr_fremove(struct call *c);

#endif
