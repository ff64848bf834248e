/*
 * serve.h: system calls that the guest kernel forwards, and signals that the
 * program raises by what it executes. Served by host calls, one table row for
 * each call. Memory calls never come here; the guest serves them.
 */
#ifndef SERVE_H
#define SERVE_H

struct hv_call_signal;
struct thread;

/*
 * Serve the call in the user registers of the thread's vCPU (number rax,
 * arguments rdi rsi rdx r10 r8 r9) and set rax. May upcall, block, change all
 * registers (rt_sigreturn), or end the guest (vcpu_stop).
 */
void serve_syscall(struct thread *t);

/* What came from outside (stop.h) is for the thread's process. */
void serve_arrived(struct thread *t);

/* The thread was interrupted: whatever is due for it. */
void serve_kick(struct thread *t);

/*
 * The program raised a signal by what it executed. Starts its handler if it
 * has one, or ends the guest.
 */
void serve_signal(struct thread *t, const struct hv_call_signal *sig);

#endif
