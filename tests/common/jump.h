/*
 * jump.h: out of an access that faults. jump_catch each signal first; then
 * jump_load and jump_store, or for any other access
 *
 *	if (!JUMP_HERE())
 *		access;
 *
 * JUMP_HERE() is 0; once more, when a signal came, its number. A signal that
 * comes outside goes back to the last one: nothing may fault there.
 */
#ifndef JUMP_H
#define JUMP_H

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf jump_back;
static siginfo_t jump_info; /* of the last that came */

/* The handler leaves no signal blocked, so there is no mask to restore. */
#define JUMP_HERE() sigsetjmp(jump_back, 0)

static inline void jump_caught(int sig, siginfo_t *info, void *context)
{
	(void)context;
	jump_info = *info;
	siglongjmp(jump_back, sig);
}

static inline void jump_handle(int sig, void (*fn)(int, siginfo_t *, void *))
{
	const struct sigaction action = {
		.sa_sigaction = fn,
		.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK,
	};

	sigaction(sig, &action, (struct sigaction *)0);
}

static inline void jump_catch(int sig)
{
	jump_handle(sig, jump_caught);
}

/* The byte, or less the signal. */
static inline int jump_load(const volatile void *p)
{
	int sig = JUMP_HERE();

	return sig ? -sig : *(const volatile unsigned char *)p;
}

/* 0, or the signal. */
static inline int jump_store(volatile void *p, unsigned char value)
{
	int sig = JUMP_HERE();

	if (!sig)
		*(volatile unsigned char *)p = value;
	return sig;
}

#endif
