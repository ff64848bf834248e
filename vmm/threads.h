/*
 * threads.h: the host threads and vCPUs of the guest's threads: how one is
 * started, interrupted and ended, and how the machine ends.
 */
#ifndef THREADS_H
#define THREADS_H

#include <stdbool.h>

#include "hv_map.h"

struct machine;
struct start_args;
struct thread;
struct vcpu;

/* The first thread runs on v, by this host thread. */
void threads_init(struct machine *m, struct vcpu *v);
/*
 * Run it, and all that come of it, until the machine has ended: the first
 * process has. Returns the wait status of that, or of a failure.
 */
int threads_run(struct vcpu *v);
void threads_fini(void);

/* KVM_RUN of v was interrupted: vcpu_handlers.kicked. */
void threads_kicked(struct vcpu *v);
/*
 * The thread of v is to end (thread.h): end it, in the middle of its call.
 * False: it goes on.
 */
bool threads_end(struct vcpu *v);

/* HV_CALL_FLUSH: all others that have this root loaded. */
void threads_flush(struct vcpu *v, hv_gpa_t root);

#endif
