/*
 * restart.h: what a call answers when it was broken off for a signal: Linux
 * include/linux/errno.h. The program never sees these: signals_deliver makes
 * EINTR of them, or has the call made again.
 */
#ifndef RESTART_H
#define RESTART_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define ERESTARTSYS	      512 /* again, if the handler has SA_RESTART */
#define ERESTARTNOINTR	      513 /* again, always */
#define ERESTARTNOHAND	      514 /* again, if there is no handler */
#define ERESTART_RESTARTBLOCK 516 /* likewise, by restart_syscall(2) */

struct call;

/*
 * What restart_syscall(2) goes on with: a call that has waited for a part of
 * its time already.
 */
struct restart {
	int64_t (*fn)(struct call *c); /* NULL: there is nothing, EINTR */
	uint64_t arg[6];	       /* of the call */
	clockid_t clock;
	struct timespec until;
	bool forever; /* `until` means nothing */
};

#endif
