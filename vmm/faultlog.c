/*
 * faultlog.c: see faultlog.h.
 */
#include "faultlog.h"

#include <stdarg.h>
#include <stdio.h>

#include "hv_fault.h"
#include "machine.h"
#include "message.h"
#include "owner.h"
#include "trace.h"
#include "vcpu.h"
#include "vcpu_internal.h"
#include "vdso_clock.h"

/* One bad record ends the guest: the log must not be trusted then. */
void faultlog_take(struct vcpu *v, const struct hv_fault *record)
{
	struct trace *trace = machine_of(v)->trace;

	if (!trace || !trace_fault(trace, record))
		return;
	error("fault records were lost before number %lu: a bug of vmm",
	      record->seq);
	vcpu_abort(v);
}

/* What came into the ring since the last time. */
static void log_ring(struct vcpu *v)
{
	struct vm *vm = v->vm;
	uint64_t room = vm->ring_size / sizeof(struct hv_fault) - 1;
	uint32_t count = __atomic_load_n(&vm->ring->count, __ATOMIC_ACQUIRE);

	if (count > room) {
		error("guest kernel: %u records in a ring for %lu", count,
		      room);
		vcpu_abort(v);
		return;
	}
	while (vm->ring_logged < count) {
		struct hv_fault record = vm->ring->records[vm->ring_logged++];

		faultlog_take(v, &record);
	}
}

void faultlog_drain(struct vcpu *v)
{
	if (!v->vm->ring)
		return;
	log_ring(v);
	v->vm->ring->count = 0;
	v->vm->ring_logged = 0;
}

void faultlog_write(struct vcpu *v)
{
	if (v->vm->ring)
		log_ring(v);
	if (machine_of(v)->trace)
		trace_flush(machine_of(v)->trace);
}

void faultlog_event(struct vcpu *v, const char *format, ...)
{
	struct trace *trace = machine_of(v)->trace;
	const struct thread *t = v->thread;
	char text[256];
	va_list args;

	if (!trace)
		return;
	if (v->vm->ring)
		log_ring(v);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	trace_event(trace, vdso_clock_tsc(), t->process->pid, t->tid, text);
}
