/*
 * rlimits.c: see rlimits.h.
 */
#include "rlimits.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "size.h"

#define STACK_SIZE (1ul << 20) /* far more than any call chain of ours has */

static const struct {
	const char *name;
	__rlimit_resource_t resource;
} names[] = {
	{"as", RLIMIT_AS},
	{"core", RLIMIT_CORE},
	{"cpu", RLIMIT_CPU},
	{"data", RLIMIT_DATA},
	{"fsize", RLIMIT_FSIZE},
	{"locks", RLIMIT_LOCKS},
	{"memlock", RLIMIT_MEMLOCK},
	{"msgqueue", RLIMIT_MSGQUEUE},
	{"nice", RLIMIT_NICE},
	{"nofile", RLIMIT_NOFILE},
	{"nproc", RLIMIT_NPROC},
	{"rss", RLIMIT_RSS},
	{"rtprio", RLIMIT_RTPRIO},
	{"rttime", RLIMIT_RTTIME},
	{"sigpending", RLIMIT_SIGPENDING},
	{"stack", RLIMIT_STACK},
};

void rlimits_read(struct rlimits *l)
{
	for (int i = 0; i < RLIM_NLIMITS; i++)
		getrlimit((__rlimit_resource_t)i, &l->of[i]);
}

static struct rlimit *find(struct rlimits *l, const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i].name) == len &&
		    !strncmp(names[i].name, name, len))
			return &l->of[names[i].resource];
	return NULL;
}

static bool parse_value(const char *text, size_t len, rlim_t *out)
{
	char copy[32];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strcmp(copy, "unlimited"))
		return size_parse(copy, out);
	*out = RLIM_INFINITY;
	return true;
}

const char *rlimits_parse(struct rlimits *l, const char *text)
{
	size_t name_len = strcspn(text, ":"), soft_len;
	struct rlimit *limit = find(l, text, name_len), next;
	const char *soft = text + name_len + 1, *hard;

	if (!limit)
		return "no such limit; the names are those of prlimit(1): "
		       "nofile, stack, as, data, memlock, fsize, ...";
	if (!text[name_len])
		return "needs a value: NAME:VALUE or NAME:SOFT:HARD";
	soft_len = strcspn(soft, ":");
	hard = soft[soft_len] ? soft + soft_len + 1 : soft;
	if (!parse_value(soft, soft_len, &next.rlim_cur) ||
	    !parse_value(hard, strlen(hard), &next.rlim_max))
		return "not a value; a number, with K, M, G or T if need be, "
		       "or unlimited";
	if (next.rlim_cur > next.rlim_max)
		return "the soft limit is above the hard one";
	*limit = next;
	return NULL;
}

/* Above it even root may have no descriptors. */
static rlim_t nr_open(void)
{
	FILE *f = fopen("/proc/sys/fs/nr_open", "re");
	unsigned long n = 0;

	if (f && fscanf(f, "%lu", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static void raise_one(__rlimit_resource_t resource, rlim_t top)
{
	const struct rlimit all = {top, top};
	struct rlimit own;

	if (getrlimit(resource, &own))
		return;
	own.rlim_cur = own.rlim_max;
	if (own.rlim_max >= top || setrlimit(resource, &all))
		setrlimit(resource, &own);
}

void rlimits_raise(void)
{
	raise_one(RLIMIT_DATA, RLIM_INFINITY); /* fopen is in need of it */
	raise_one(RLIMIT_AS, RLIM_INFINITY);
	raise_one(RLIMIT_STACK, RLIM_INFINITY);
	raise_one(RLIMIT_FSIZE, RLIM_INFINITY);
	raise_one(RLIMIT_SIGPENDING, RLIM_INFINITY);
	raise_one(RLIMIT_NOFILE, nr_open());
}

int rlimits_keep_cpu(const struct rlimits *l)
{
	return setrlimit(RLIMIT_CPU, &l->of[RLIMIT_CPU]) ? -errno : 0;
}

/* makecontext passes integers only, and returns nothing. */
static struct {
	int (*fn)(int argc, char **argv, char **envp);
	int argc, result;
	char **argv, **envp;
} entry;

static void enter(void)
{
	entry.result = entry.fn(entry.argc, entry.argv, entry.envp);
}

int rlimits_with_stack(int (*fn)(int argc, char **argv, char **envp), int argc,
		       char **argv, char **envp)
{
	ucontext_t here, there;
	struct rlimit own;
	void *stack;

	if (getrlimit(RLIMIT_STACK, &own) || own.rlim_cur >= STACK_SIZE)
		return fn(argc, argv, envp);
	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stack == MAP_FAILED || getcontext(&there))
		return fn(argc, argv, envp);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = STACK_SIZE;
	there.uc_link = &here;
	entry.fn = fn;
	entry.argc = argc;
	entry.argv = argv;
	entry.envp = envp;
	makecontext(&there, enter, 0);
	if (swapcontext(&here, &there))
		return fn(argc, argv, envp);
	munmap(stack, STACK_SIZE);
	return entry.result;
}
