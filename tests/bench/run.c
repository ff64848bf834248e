/*
 * run.c: run a command and take its time. No shell between: it would be in the
 * figures.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define WORDS_MAX     48
#define TIME_LIMIT_MS 120000

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double now_wall(void)
{
	return now(CLOCK_MONOTONIC);
}

double now_cpu(void)
{
	return now(CLOCK_PROCESS_CPUTIME_ID);
}

/* Copy with '@' replaced by the number. */
static void substitute(char *to, size_t size, const char *from, unsigned long n)
{
	size_t used = 0;

	for (; *from && used + 24 < size; from++) {
		if (*from == '@')
			used += (size_t)sprintf(to + used, "%lu", n);
		else
			to[used++] = *from;
	}
	to[used] = '\0';
}

static void split(char *text, char **words)
{
	unsigned n = 0;

	for (char *w = strtok(text, " "); w && n < WORDS_MAX - 1;
	     w = strtok(NULL, " "))
		words[n++] = w;
	words[n] = NULL;
}

static void child(char **words, enum capture capture, int pipe_end)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
	dup2(null, 0);
	dup2(capture == CAPTURE_OUT ? pipe_end : null, 1);
	dup2(capture == CAPTURE_ERR ? pipe_end : null, 2);
	for (; *words && strchr(*words, '=') && **words != '/'; words++)
		putenv(*words);
	if (*words)
		execvp(words[0], words);
	_exit(127);
}

/* The end is what matters: a full buffer forgets its first half. */
static void keep(struct outcome *o, size_t *used, const char *data, size_t n)
{
	const size_t half = BENCH_OUTPUT_MAX / 2;

	if (*used + n >= BENCH_OUTPUT_MAX) {
		memmove(o->output, o->output + half, *used - half);
		*used -= half;
	}
	memcpy(o->output + *used, data, n);
	*used += n;
}

/* Until the pipe ends. False: time is up. */
static bool drain(int fd, double start, struct outcome *o)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char data[4096];
	size_t used = 0;
	ssize_t n;

	for (;;) {
		if (poll(&p, 1, TIME_LIMIT_MS) == 0)
			return false;
		n = read(fd, data, sizeof(data));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (o->first_output < 0)
			o->first_output = now_wall() - start;
		keep(o, &used, data, (size_t)n);
	}
	o->output[used] = '\0';
	return true;
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec * 1e-6;
}

static void finish(pid_t pid, double start, struct outcome *o)
{
	struct rusage use;
	int status;

	while (wait4(pid, &status, 0, &use) < 0 && errno == EINTR)
		;
	o->cost.wall = now_wall() - start;
	o->cost.cpu = seconds(&use.ru_utime) + seconds(&use.ru_stime);
	o->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					: WEXITSTATUS(status);
}

void command_run(const char *command, unsigned long operations,
		 enum capture capture, struct outcome *o)
{
	char text[BENCH_COMMAND_MAX * 2], *words[WORDS_MAX];
	double start;
	int ends[2];
	pid_t pid;

	o->status = -1;
	o->first_output = -1;
	o->cost = (struct cost){0, 0};
	o->output[0] = '\0';
	substitute(text, sizeof(text), command, operations);
	split(text, words);
	/* The write end tells, by closing, that the command has ended. */
	if (pipe2(ends, O_CLOEXEC))
		return;
	fcntl(ends[1], F_SETFD, 0);
	start = now_wall();
	pid = fork();
	if (pid == 0)
		child(words, capture, ends[1]);
	close(ends[1]);
	if (pid > 0) {
		if (!drain(ends[0], start, o))
			kill(-pid, SIGKILL);
		finish(pid, start, o);
	}
	close(ends[0]);
}

bool command_exists(const char *name)
{
	char path[4096], file[4200];
	const char *all = getenv("PATH");

	if (!all || strlen(all) >= sizeof(path))
		return false;
	strcpy(path, all);
	for (char *d = strtok(path, ":"); d; d = strtok(NULL, ":")) {
		snprintf(file, sizeof(file), "%s/%s", d, name);
		if (!access(file, X_OK))
			return true;
	}
	return false;
}
