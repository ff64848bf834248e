/*
 * test_elfload_oracle.h: what Linux does with a program, to compare with.
 *
 * The program is started under ptrace and looked at when execve has returned
 * and no instruction of it has run: /proc/PID/maps, /proc/PID/stat, the
 * registers, the stack. Then it is killed.
 */
#ifndef TEST_ELFLOAD_ORACLE_H
#define TEST_ELFLOAD_ORACLE_H

#include "../../elfload/elfload.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define ORACLE_MAPS 80

struct oracle_map {
	uint64_t start, end, offset;
	uint32_t prot;
	enum elfload_map_kind kind;
};

enum oracle_fate {
	ORACLE_LOADED,	/* the rest is valid */
	ORACLE_REFUSED, /* execve failed with err */
	ORACLE_KILLED,	/* execve failed after the point of no return */
	ORACLE_NO_PTRACE
};

struct oracle {
	enum oracle_fate fate;
	int err;
	uint64_t rip, rsp;
	uint32_t nr_maps; /* vsyscall left out; sorted */
	struct oracle_map maps[ORACLE_MAPS];
	uint64_t vvar_size, vclock_size, vdso_size;
	uint64_t start_code, end_code, start_stack, start_data, end_data;
	uint64_t start_brk, arg_start, arg_end, env_start, env_end;
	uint64_t hiwater_vm; /* VmPeak, bytes */
	uint8_t *stack;	     /* [rsp, end of the stack) */
	size_t stack_len;
	char exe[256]; /* what /proc/PID/maps calls the program */
};

/* Before anything of it has run, all other files are the interpreter. */
static inline int oracle_is_program(const struct oracle *o, const char *name)
{
	return strcmp(name, o->exe) == 0;
}

struct oracle_run {
	const char *path;
	char *const *argv, *const *envp;
	uint64_t rlim_stack;
	int aslr;
};

static inline void oracle_child(const struct oracle_run *run)
{
	struct rlimit lim;

	getrlimit(RLIMIT_STACK, &lim);
	lim.rlim_cur = run->rlim_stack;
	if (setrlimit(RLIMIT_STACK, &lim) != 0 ||
	    personality(run->aslr ? 0 : ADDR_NO_RANDOMIZE) == -1 ||
	    ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
		_exit(255);
	execve(run->path, run->argv, run->envp);
	_exit(errno);
}

static inline enum elfload_map_kind
oracle_kind(struct oracle *o, const struct oracle_map *m, const char *name)
{
	uint64_t size = m->end - m->start;

	if (strcmp(name, "[stack]") == 0)
		return ELFLOAD_MAP_STACK;
	if (strcmp(name, "[vdso]") == 0) {
		o->vdso_size = size;
		return ELFLOAD_MAP_VDSO;
	}
	if (strcmp(name, "[vvar_vclock]") == 0) {
		o->vclock_size = size;
		return ELFLOAD_MAP_VCLOCK;
	}
	if (strcmp(name, "[vvar]") == 0) {
		o->vvar_size = size;
		return ELFLOAD_MAP_VVAR;
	}
	if (name[0] == '/')
		return oracle_is_program(o, name) ? ELFLOAD_MAP_FILE
						  : ELFLOAD_MAP_INTERP;
	return ELFLOAD_MAP_ANON;
}

static inline void oracle_map_line(struct oracle *o, const char *line)
{
	struct oracle_map *m = &o->maps[o->nr_maps];
	char p[5], name[256] = "";

	if (o->nr_maps == ORACLE_MAPS ||
	    sscanf(line,
		   "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %255s",
		   &m->start, &m->end, p, &m->offset, name) < 4)
		return;
	m->prot = (p[0] == 'r' ? 1 : 0) | (p[1] == 'w' ? 2 : 0) |
		  (p[2] == 'x' ? 4 : 0);
	m->kind = oracle_kind(o, m, name);
	if (strcmp(name, "[vsyscall]") != 0)
		o->nr_maps++;
}

static inline FILE *oracle_proc(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fopen(path, "r");
}

static inline void oracle_maps(struct oracle *o, pid_t pid)
{
	FILE *f = oracle_proc(pid, "maps");
	char line[512], exe[64];
	ssize_t n;

	snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)pid);
	n = readlink(exe, o->exe, sizeof(o->exe) - 1);
	o->exe[n > 0 ? n : 0] = '\0';

	while (f && fgets(line, sizeof(line), f))
		oracle_map_line(o, line);
	if (f)
		fclose(f);
}

/* proc(5): fields 26 to 28 and 45 to 51, counted from 1. */
static inline void oracle_stat(struct oracle *o, pid_t pid)
{
	uint64_t v[52] = {0};
	char text[2048] = "";
	FILE *f = oracle_proc(pid, "stat");
	char *s;

	if (!f)
		return;
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	s = strrchr(text, ')');
	strtok(s, " ");
	for (int i = 2; i < 52 && (s = strtok(NULL, " ")); i++)
		v[i] = strtoull(s, NULL, 10);
	o->start_code = v[25];
	o->end_code = v[26];
	o->start_stack = v[27];
	o->start_data = v[44];
	o->end_data = v[45];
	o->start_brk = v[46];
	o->arg_start = v[47];
	o->arg_end = v[48];
	o->env_start = v[49];
	o->env_end = v[50];
}

static inline void oracle_peak(struct oracle *o, pid_t pid)
{
	FILE *f = oracle_proc(pid, "status");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmPeak: %" SCNu64, &o->hiwater_vm) == 1)
			o->hiwater_vm *= 1024;
	if (f)
		fclose(f);
}

static inline void oracle_stack(struct oracle *o, pid_t pid)
{
	char path[64];
	int fd;

	for (uint32_t i = 0; i < o->nr_maps; i++)
		if (o->maps[i].kind == ELFLOAD_MAP_STACK)
			o->stack_len = o->maps[i].end - o->rsp;
	o->stack = calloc(1, o->stack_len + 1);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pread(fd, o->stack, o->stack_len, (off_t)o->rsp) !=
	    (ssize_t)o->stack_len)
		o->stack_len = 0;
	close(fd);
}

static inline void oracle_look(struct oracle *o, pid_t pid)
{
	struct user_regs_struct regs;

	o->fate = ORACLE_LOADED;
	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) != 0) {
		o->fate = ORACLE_NO_PTRACE;
		return;
	}
	o->rip = regs.rip;
	o->rsp = regs.rsp;
	oracle_maps(o, pid);
	oracle_stat(o, pid);
	oracle_peak(o, pid);
	oracle_stack(o, pid);
}

static inline void oracle_ask(struct oracle *o, const struct oracle_run *run)
{
	int status;
	pid_t pid;

	memset(o, 0, sizeof(*o));
	o->fate = ORACLE_NO_PTRACE;
	pid = fork();
	if (pid == 0)
		oracle_child(run);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return;
	if (WIFSTOPPED(status)) {
		/* SIGTRAP: execve returned. SIGSEGV: it failed too late. */
		o->fate = ORACLE_KILLED;
		if (WSTOPSIG(status) == SIGTRAP)
			oracle_look(o, pid);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	} else if (WIFSIGNALED(status)) {
		o->fate = ORACLE_KILLED;
	} else if (WEXITSTATUS(status) != 255) {
		o->fate = ORACLE_REFUSED;
		o->err = WEXITSTATUS(status);
	}
}

static inline void oracle_free(struct oracle *o)
{
	free(o->stack);
	o->stack = NULL;
}

/* ---- The parameters that make elfload's answer comparable --------------- */

static inline uint64_t oracle_word(const struct oracle *o, uint64_t addr)
{
	uint64_t v;

	memcpy(&v, o->stack + (addr - o->rsp), sizeof(v));
	return v;
}

static inline void oracle_aux(const struct oracle *o, uint64_t type,
			      uint64_t val, struct elfload_params *p)
{
	switch (type) {
	case AT_HWCAP:
		p->hwcap = val;
		break;
	case AT_HWCAP2:
		p->hwcap2 = val;
		break;
	case AT_CLKTCK:
		p->clktck = val;
		break;
	case AT_MINSIGSTKSZ:
		p->minsigstksz = val;
		break;
	case 27:
		p->rseq_feature_size = val;
		break;
	case 28:
		p->rseq_align = val;
		break;
	case AT_RANDOM:
		memcpy(p->random, o->stack + (val - o->rsp), 16);
		break;
	}
}

/* What the machine and not the program decides is taken from the oracle. */
static inline void oracle_params(const struct oracle *o,
				 const struct oracle_run *run,
				 struct elfload_params *p)
{
	uint64_t at = o->rsp;

	memset(p, 0, sizeof(*p));
	p->argv = (const char *const *)run->argv;
	p->envp = (const char *const *)run->envp;
	p->execfn = run->path;
	p->platform = "x86_64";
	p->uid = getuid();
	p->euid = geteuid();
	p->gid = getgid();
	p->egid = getegid();
	p->rlim_stack = run->rlim_stack;
	p->rlim_as = p->rlim_data = UINT64_MAX;
	p->vvar_size = o->vvar_size;
	p->vclock_size = o->vclock_size;
	p->vdso_size = o->vdso_size;
	if (o->fate != ORACLE_LOADED || o->stack_len == 0)
		return;
	at += 8 * (1 + oracle_word(o, at) + 1); /* argc, argv, NULL */
	while (oracle_word(o, at))
		at += 8;
	for (at += 8; oracle_word(o, at) != AT_NULL; at += 16)
		oracle_aux(o, oracle_word(o, at), oracle_word(o, at + 8), p);
}

#endif
