/*
 * mdwe.c: prctl(PR_SET_MDWE): what is executable cannot be written, and nothing
 * becomes executable. `mdwe start COMMAND ARGS...` runs a command that inherits
 * this and PR_SET_THP_DISABLE, `mdwe child` is one.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "page_size.h"
#include "show.h"

#define SET_MDWE 65
#define GET_MDWE 66
#define REFUSE	 1ul
#define KEEP_OFF 2ul /* PR_MDWE_NO_INHERIT */
#define ANON	 (MAP_PRIVATE | MAP_ANONYMOUS)
#define R	 PROT_READ
#define W	 PROT_WRITE
#define X	 PROT_EXEC

static long set(unsigned long bits, unsigned long more)
{
	return prctl(SET_MDWE, bits, more, 0ul, 0ul);
}

static void show_state(void)
{
	SHOW(prctl(GET_MDWE, 0ul, 0ul, 0ul, 0ul));
}

static void bad_calls(void)
{
	SHOW(prctl(GET_MDWE, 1ul, 0ul, 0ul, 0ul));
	SHOW(prctl(GET_MDWE, 0ul, 0ul, 0ul, 1ul));
	SHOW(set(4, 0));
	SHOW(set(REFUSE, 1));
	SHOW(set(KEEP_OFF, 0));
	SHOW(set(1ul << 32 | REFUSE, 0));
	SHOW(set(0, 0));
	show_state();
}

static void *map(int prot, int flags)
{
	return mmap(NULL, 2 * PAGE, prot, ANON | flags, -1, 0);
}

static void new_memory(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	SHOW_OK(map(R | W, 0));
	SHOW_OK(map(R | X, 0));
	SHOW_OK(map(X, 0));
	SHOW(map(W | X, 0) == MAP_FAILED);
	SHOW_OK(map(R | W | X, 0));
	SHOW_OK(map(R | W | X, MAP_LOCKED));
	SHOW_OK(mmap(NULL, PAGE, R | W | X, MAP_PRIVATE, fd, 0));
	SHOW_OK(mmap(NULL, PAGE, R | X, MAP_PRIVATE, fd, 0));
	SHOW_OK(mmap((void *)1, PAGE, R | W | X, ANON | MAP_FIXED, -1, 0));
	close(fd);
}

/* Of pages that are plain, executable, and, before PR_SET_MDWE, all three. */
static void old_memory(char *plain, char *code, char *all)
{
	SHOW(mprotect(plain, PAGE, R | X));
	SHOW(mprotect(plain, PAGE, X));
	SHOW(mprotect(plain, PAGE, R | W | X));
	SHOW(mprotect(plain, PAGE, R));
	SHOW(mprotect(code, PAGE, R | W | X));
	SHOW(mprotect(code, PAGE, X));
	SHOW(mprotect(code, PAGE, R | X));
	SHOW(mprotect(code, PAGE, R | W));
	SHOW(mprotect(code, PAGE, R | X));
	SHOW(mprotect(all, PAGE, R | W | X));
	SHOW(mprotect(all, PAGE, R | X));
	SHOW(mprotect(all, 2 * PAGE, R | X));
	SHOW(syscall(SYS_pkey_mprotect, plain, PAGE, R | X, -1));
	/* Up to the page that may not. */
	SHOW(mprotect(all, 4 * PAGE, R | X));
	/* A refused mmap leaves what was there. */
	SHOW_OK(mmap(plain, PAGE, R | W | X, ANON | MAP_FIXED, -1, 0));
	SHOW(plain[0]);
}

static void implied(void)
{
	char *p = map(R | W, 0);

	SHOW(personality(READ_IMPLIES_EXEC) == -1);
	SHOW_OK(map(R | W, 0));
	SHOW_OK(map(R, 0));
	SHOW_OK(map(W, 0));
	SHOW(mprotect(p, PAGE, R));
	SHOW(mprotect(p, PAGE, W));
	SHOW(personality(0) == -1);
}

static int start(char **command)
{
	if (set(REFUSE, 0) || prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		perror("prctl");
	execvp(command[0], command);
	perror(command[0]);
	return 1;
}

static int child(void)
{
	show_state();
	SHOW_OK(map(R | W | X, 0));
	SHOW(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	return 0;
}

int main(int argc, char **argv)
{
	char *plain = map(R | W, 0), *code = map(R | X, 0), *all;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1)
		return argc > 2 ? start(argv + 2) : child();
	show_state();
	/* Between two that do not merge with it, whatever their rights are. */
	all = mmap(NULL, 6 * PAGE, PROT_NONE, ANON, -1, 0);
	all = mmap(all + PAGE, 4 * PAGE, R | W | X, ANON | MAP_FIXED, -1, 0);
	mprotect(all + 3 * PAGE, PAGE, R | W);
	plain[0] = 7;
	bad_calls();
	SHOW(set(REFUSE, 0));
	SHOW(set(REFUSE, 0));
	SHOW(set(0, 0));
	SHOW(set(REFUSE | KEEP_OFF, 0));
	show_state();
	new_memory();
	old_memory(plain, code, all);
	implied();
	return 0;
}
