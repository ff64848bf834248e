/*
 * faultlog.h: from the guest's fault records, by hypercall or in the ring, to
 * the log (trace.h). None is ever dropped.
 */
#ifndef FAULTLOG_H
#define FAULTLOG_H

struct hv_fault;
struct vcpu;

/* Log one record. A bad one ends the guest: the log must not be trusted then.
 */
void faultlog_take(struct vcpu *v, const struct hv_fault *record);
/* Log what the ring holds, and empty it: while the guest waits for us. */
void faultlog_drain(struct vcpu *v);
/* At any moment: write out the log as far as it has come. */
void faultlog_write(struct vcpu *v);

/* A line of the log, behind all faults so far (trace_event). */
__attribute__((format(printf, 2, 3))) void
faultlog_event(struct vcpu *v, const char *format, ...);

#endif
