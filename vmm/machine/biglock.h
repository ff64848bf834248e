/*
 * biglock.h: the one lock of the machine. The guest kernel has it while it
 * handles a trap, a host thread while it serves a call; nobody has it while a
 * program runs or a host call blocks. It goes from the kernel to the host with
 * a hypercall, and back with the answer: it is the vCPU's.
 *
 * Where there is one thread, nobody takes it (hv_lock.many).
 */
#ifndef BIGLOCK_H
#define BIGLOCK_H

#include <stdbool.h>

#include "hv_boot.h"

/* Each does nothing but where there are many. */
void biglock_take(struct hv_lock *lock);
bool biglock_try(struct hv_lock *lock);
void biglock_give(struct hv_lock *lock);

/* From now on there are many, and the one who says so has the lock. */
void biglock_begin(struct hv_lock *lock);

/* Nobody who shares it will run again: whoever waits for it may go. */
void biglock_end(struct hv_lock *lock);

#endif
