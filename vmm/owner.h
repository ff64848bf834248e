/*
 * owner.h: from a vCPU to what it belongs to.
 */
#ifndef OWNER_H
#define OWNER_H

#include "process.h"
#include "thread.h"
#include "vcpu.h"
#include "vcpu_internal.h"

static inline struct process *process_of(const struct vcpu *v)
{
	return v->thread->process;
}

static inline struct machine *machine_of(const struct vcpu *v)
{
	return v->thread->process->machine;
}

#endif
