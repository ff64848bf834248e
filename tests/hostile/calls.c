/*
 * calls.c: system calls of the hostile kernel's program. See hostile.h.
 *
 * Only calls that do no harm where the sandbox of run.sh is all that there is:
 * none that wait for ever, change other processes or flush the host's disks.
 */
#include <asm/unistd.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hostile.h"
#include "hv_const.h"
#include "hv_map.h"
#include "hv_vcpu.h"

#define DATA	  0x10000000ull /* the program's memory, 2 MiB */
#define DATA_SIZE 0x200000ull

/*
 * What an argument is: f descriptor, b memory, l length, n small number, x any,
 * o offset, p path, m memory with numbers in it, v vector, h message, t short
 * time, s PAGEMAP_SCAN or PROCMAP_QUERY; digits and capitals are constants.
 */
static const struct {
	uint16_t nr;
	const char *args;
} table[] = {
	{__NR_read, "fbl"},
	{__NR_pread64, "fblo"},
	{__NR_ioctl, "AQs"},
	{__NR_ioctl, "GCs"},
	{__NR_fcntl, "FSn"},
	{__NR_read, "Fbl"},
	{__NR_write, "Fbl"},
	{__NR_fsync, "F"},
	{__NR_write, "fbl"},
	{__NR_pwrite64, "fblo"},
	{__NR_readv, "fvn"},
	{__NR_writev, "fvn"},
	{__NR_preadv, "fvno"},
	{__NR_pwritev2, "fvnonn"},
	{__NR_open, "pOx"},
	{__NR_open, "pOx"},
	{__NR_openat, "npOx"},
	{__NR_openat2, "npml"},
	{__NR_close, "f"},
	{__NR_close_range, "nnn"},
	{__NR_dup, "f"},
	{__NR_dup2, "fn"},
	{__NR_dup3, "fnn"},
	{__NR_pipe2, "bN"},
	{__NR_eventfd2, "nN"},
	{__NR_memfd_create, "pn"},
	{__NR_memfd_create, "p3"},
	{__NR_ftruncate, "fl"},
	{__NR_fallocate, "fnon"},
	{__NR_fcntl, "fnx"},
	{__NR_fcntl, "fnm"},
	{__NR_ioctl, "fxm"},
	{__NR_lseek, "fon"},
	{__NR_fsync, "f"},
	{__NR_sendfile, "ffml"},
	{__NR_copy_file_range, "fmfmln"},
	{__NR_splice, "fmfml2"},
	{__NR_getdents64, "fbl"},
	{__NR_getrandom, "bln"},
	{__NR_poll, "mn0"},
	{__NR_ppoll, "mnttl"},
	{__NR_select, "nmmmt"},
	{__NR_pselect6, "nmmmtm"},
	{__NR_epoll_create1, "n"},
	{__NR_epoll_ctl, "fnfm"},
	{__NR_epoll_wait, "fbn0"},
	{__NR_epoll_pwait2, "fbntml"},
	{__NR_timerfd_create, "nN"},
	{__NR_timerfd_settime, "fnmm"},
	{__NR_inotify_init1, "N"},
	{__NR_inotify_add_watch, "fpx"},
	{__NR_socketpair, "1Unb"},
	{__NR_socketpair, "1Vnb"},
	{__NR_sendto, "fblDnn"},
	{__NR_recvfrom, "fblDmm"},
	{__NR_sendmsg, "fhD"},
	{__NR_recvmsg, "fhD"},
	{__NR_getsockopt, "fnnbm"},
	{__NR_setsockopt, "fnnmn"},
	{__NR_getsockname, "fbm"},
	{__NR_shutdown, "fn"},
	{__NR_stat, "pb"},
	{__NR_newfstatat, "npbn"},
	{__NR_statx, "npnxb"},
	{__NR_fstat, "fb"},
	{__NR_access, "pn"},
	{__NR_readlink, "pbl"},
	{__NR_statfs, "pb"},
	{__NR_getcwd, "bl"},
	{__NR_chdir, "p"},
	{__NR_fchdir, "f"},
	{__NR_getxattr, "ppbl"},
	{__NR_setxattr, "ppbln"},
	{__NR_listxattr, "pbl"},
	{__NR_mkdir, "pn"},
	{__NR_unlink, "p"},
	{__NR_rename, "pp"},
	{__NR_symlink, "pp"},
	{__NR_link, "pp"},
	{__NR_truncate, "pl"},
	{__NR_utimensat, "npmn"},
	{__NR_clock_gettime, "nb"},
	{__NR_clock_nanosleep, "nntt"},
	{__NR_nanosleep, "tb"},
	{__NR_futex, "mnntmx"},
	{__NR_futex_waitv, "mnntn"},
	{__NR_getpid, ""},
	{__NR_getgroups, "nb"},
	{__NR_capget, "mb"},
	{__NR_prctl, "nxxxx"},
	{__NR_prctl, "Mnxnn"},
	{__NR_prctl, "M7mln"},
	{__NR_arch_prctl, "xx"},
	{__NR_set_tid_address, "m"},
	{__NR_set_robust_list, "ml"},
	{__NR_get_robust_list, "nbb"},
	{__NR_rseq, "mlnx"},
	{__NR_sched_getattr, "nbln"},
	{__NR_sched_getaffinity, "nlb"},
	{__NR_prlimit64, "0nmb"},
	{__NR_getrusage, "nb"},
	{__NR_sysinfo, "b"},
	{__NR_uname, "b"},
	{__NR_times, "b"},
	{__NR_name_to_handle_at, "npmbn"},
	{__NR_modify_ldt, "nbl"},
	{__NR_rt_sigaction, "nmb8"},
	{__NR_rt_sigaction, "nIb8"},
	{__NR_rt_sigaction, "nIb8"},
	{__NR_rt_sigprocmask, "nmb8"},
	{__NR_rt_sigpending, "b8"},
	{__NR_rt_sigreturn, ""},
	{__NR_sigaltstack, "mb"},
	{__NR_tgkill, "PPn"},
	{__NR_rt_sigtimedwait, "mbt8"},
	{__NR_umask, "n"},
};

/* The first of these are open from the start, from descriptor 3 on. */
static const char *const paths[] = {
	"/proc/self/maps",
	"/proc/self/smaps",
	"/proc/self/pagemap",
	"/proc/self/mem",
	"/proc/self/status",
	"/proc/self/cmdline",
	"/proc/self/environ",
	"/proc/self/auxv",
	"/proc/self/stat",
	"/proc/self/numa_maps",
	"/proc/self/fd",
	"/proc/self/fdinfo/1",
	"/proc/self/map_files",
	"/proc/self/smaps_rollup",
	"/proc/self/exe",
	"/proc/self/clear_refs",
	"/proc/meminfo",
	"/proc/slabinfo",
	"/proc/kpageflags",
	"/proc/kpagecount",
	"/proc/zoneinfo",
	"/proc/vmstat",
	"/proc/self/fd/3",
	"/proc/self/task",
	"/proc/self/syscall",
	"/proc/self/comm",
	"/proc/self/limits",
	"/dev/zero",
	"/dev/null",
	"/tmp/a",
	"/tmp/b",
	"/tmp/a/c",
	"/tmp",
	".",
	"user.name",
	"",
	"/proc/self/map_files/10000000-10010000",
};

#define FAVOURITES 8 /* rows of the table that begin it */
#define FD_MAPS	   3
#define FD_PAGEMAP 5
#define OPEN_PATHS 28
#define FD_FILES   (FD_MAPS + OPEN_PATHS) /* memfds */
#define FILES	   6
#define FDS	   (FD_FILES + FILES + 6)

uint64_t calls_any_number(void)
{
	static const uint64_t odd[] = {
		0,	   1,	       4095,	   4096,	   4097,
		0x1800,	   1ull << 31, 1ull << 32, INT64_MAX,	   ~0ull,
		~0xfffull, DATA,       DATA + 8,   HV_VA_USER_END, 1ull << 47,
	};

	switch (below(4)) {
	case 0:
		return odd[below(sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return chance() >> below(64);
	default:
		return below(64);
	}
}

uint64_t calls_any_address(void)
{
	switch (below(16)) {
	case 0:
		return calls_any_number();
	case 1:
		return chance() % HV_VA_USER_END;
	default:
		return DATA + below(DATA_SIZE);
	}
}

static uint64_t any_length(void)
{
	static const uint32_t limits[] = {16, 300, 5000, 300000};

	return one_in(12) ? calls_any_number() : below(limits[below(4)]);
}

/* Memory at an address that is mapped, mostly. */
static uint64_t place(const void *what, size_t len)
{
	uint64_t va =
		one_in(8) ? calls_any_address() : DATA + below(DATA_SIZE - len);

	memory_put(va, what, len);
	return va;
}

static uint64_t place_numbers(void)
{
	uint64_t words[32];

	for (unsigned i = 0; i < 32; i++)
		words[i] = one_in(3) ? calls_any_address() : calls_any_number();
	return place(words, sizeof(words));
}

static uint64_t place_vector(void)
{
	struct iovec iov[16];

	for (unsigned i = 0; i < 16; i++)
		iov[i] = (struct iovec){(void *)calls_any_address(),
					any_length()};
	return place(iov, sizeof(iov));
}

static uint64_t place_message(void)
{
	uint64_t head[7] = {0};

	head[2] = place_vector();
	head[3] = below(18);
	if (one_in(6))
		head[below(7)] = calls_any_number();
	return place(head, sizeof(head));
}

static uint64_t place_time(void)
{
	const uint64_t time[2] = {one_in(8) ? calls_any_number() | 1ull << 63
					    : 0,
				  one_in(8) ? calls_any_number() : 0};

	return place(time, sizeof(time));
}

static uint64_t place_action(void)
{
	const uint64_t handlers[] = {0, 1, DATA};
	const uint64_t action[4] = {handlers[below(3)],
				    below(2) ? chance() : 0x14000000, DATA, 0};

	return place(action, sizeof(action));
}

/* A structure that both ioctls take: they differ where it does not matter. */
static uint64_t place_query(bool scan)
{
	uint64_t arg[13] = {scan ? 96 : 104, 0, DATA};

	if (scan) {
		arg[3] = DATA + below(512) * HV_PAGE_SIZE;
		arg[5] = calls_any_address();
		arg[6] = below(20);
		arg[11] = 0x1ff;
	} else {
		arg[1] = below(64);
	}
	if (one_in(3))
		arg[below(13)] = calls_any_number();
	return place(arg, sizeof(arg));
}

static uint64_t argument(char kind, const struct hv_regs *regs)
{
	const char *path;

	switch (kind) {
	case '0' ... '9':
		return (uint64_t)(kind - '0');
	case 'f':
		return one_in(16) ? calls_any_number() : below(FDS);
	case 'A':
		return FD_MAPS;
	case 'G':
		return FD_PAGEMAP;
	case 'F':
		return FD_FILES + below(FILES);
	case 'b':
		return calls_any_address();
	case 'l':
		return any_length();
	case 'n':
		return one_in(16) ? calls_any_number() : below(16);
	case 'o':
		return one_in(6) ? calls_any_number()
				 : DATA / HV_PAGE_SIZE * 8 + below(4096);
	case 'p':
		path = paths[below(sizeof(paths) / sizeof(paths[0]))];
		return place(path, strlen(path) + 1);
	case 'm':
		return one_in(8) ? 0 : place_numbers();
	case 'v':
		return place_vector();
	case 'h':
		return place_message();
	case 'I':
		return place_action();
	case 't':
		return place_time();
	case 's':
		return place_query(regs->rsi == 0xc0606610);
	case 'S':
		return 1033; /* F_ADD_SEALS */
	case 'Q':
		return 0xc0686611; /* PROCMAP_QUERY */
	case 'C':
		return 0xc0606610; /* PAGEMAP_SCAN */
	case 'M':
		return 35; /* PR_SET_MM */
	case 'P':
		return (uint64_t)getpid();
	case 'N':
		return O_NONBLOCK;
	case 'O':
		return below(4) | below(16) << 6 | O_NONBLOCK;
	case 'U':
		return SOCK_STREAM | SOCK_NONBLOCK;
	case 'V':
		return SOCK_DGRAM | SOCK_NONBLOCK;
	case 'D':
		return MSG_DONTWAIT;
	default:
		return one_in(2) ? calls_any_address() : calls_any_number();
	}
}

bool calls_prologue(struct hv_regs *regs, unsigned i)
{
	const char *path = i < OPEN_PATHS ? paths[i] : "file";

	memory_put(DATA, path, strlen(path) + 1);
	if (i < OPEN_PATHS) {
		regs->rax = __NR_open;
		regs->rdi = DATA;
		regs->rsi = i == 3 || i == 15 ? O_RDWR : O_RDONLY;
		return true;
	}
	i -= OPEN_PATHS;
	regs->rax = i % 2 ? __NR_ftruncate : __NR_memfd_create;
	regs->rdi = i % 2 ? FD_FILES + i / 2 : DATA;
	regs->rsi = i % 2 ? 5 * HV_PAGE_SIZE : MFD_ALLOW_SEALING;
	return i < 2 * FILES;
}

/* Those that end most programs are rare. */
static unsigned any_call(void)
{
	unsigned i = (unsigned)below(
		one_in(3) ? FAVOURITES : sizeof(table) / sizeof(table[0]));
	uint16_t nr = table[i].nr;

	if ((nr == __NR_tgkill || nr == __NR_rt_sigreturn) && !one_in(10))
		return any_call();
	return i;
}

void calls_random(struct hv_regs *regs)
{
	unsigned i = any_call();
	uint64_t *const arg[] = {&regs->rdi, &regs->rsi, &regs->rdx,
				 &regs->r10, &regs->r8,	 &regs->r9};
	const char *kinds = table[i].args;

	regs->vector = HV_VECTOR_SYSCALL;
	regs->rax = table[i].nr;
	regs->err = regs->rax;
	regs->cs = HV_SEL_USER_CS;
	regs->ss = HV_SEL_USER_DS;
	regs->rip = DATA;
	if (one_in(4))
		regs->rsp = calls_any_address();
	for (unsigned n = 0; n < 6; n++)
		*arg[n] =
			*kinds ? argument(*kinds++, regs) : calls_any_number();
}
