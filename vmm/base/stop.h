/*
 * stop.h: signals by which somebody ends vmm: all that end a process which does
 * nothing about them. Those that stop or continue one, or do nothing, are left
 * to the host's kernel, and so is what vmm was started with ignored or blocked.
 *
 * The guest is stopped at the next safe point, so that the log is written in
 * full and closed; then vmm ends by that signal. A call of the program that
 * blocks in the host returns -EINTR to its handler, which must give up if
 * stop_signal() says so.
 */
#ifndef STOP_H
#define STOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * By which host threads break off each other's calls: task/wait.h. The C
 * library's SIGRTMIN + 1, which is no constant.
 */
#define STOP_KICK 35

/*
 * Catch them, but SIGPIPE and SIGXFSZ, which our own calls raise, too: whoever
 * catches these calls stop_by. immediate_exit: kvm_run's.
 */
void stop_init(volatile uint8_t *immediate_exit);
/*
 * The guest has ended, and kvm_run may go: signals wait from now on, so that
 * what is still to be removed is removed.
 */
void stop_fini(void);

/*
 * Some are the program's: those of which `taker` says so, with what the kernel
 * said of it and the context, in the signal handler. They wait for stop_take.
 * But of SIGINT and SIGQUIT the second within a second is for vmm.
 */
typedef bool stop_taker(int sig, const siginfo_t *info, void *context);
void stop_hand_over(stop_taker *taker); /* before stop_init */
bool stop_arrived(void);
/* Those that a terminal sends to a process group. */
bool stop_is_terminals(int sig);
/* The lowest of them, with its info; 0: none. */
int stop_take(siginfo_t *info);

/* The signal that came, or 0. */
int stop_signal(void);
/* In a signal handler: somebody else has sent it. */
void stop_by(int sig);

/* Stop this process until somebody continues it. */
void stop_self(void);

/* End this process by a signal. Returns if that one ends nobody. */
void stop_end_by(int sig);

#endif
