/*
 * exits.c: why KVM_RUN came back. One row for each reason that we understand;
 * any other stops the guest with a dump that makes a bug report.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cpl0_count.h"
#include "exits.h"
#include "hv_const.h"
#include "hypercall.h"
#include "message.h"
#include "registers.h"
#include "vcpu.h"
#include "vcpu_internal.h"

static const struct {
	uint32_t reason;
	const char *name;
} exit_names[] = {
	{KVM_EXIT_UNKNOWN, "UNKNOWN"},
	{KVM_EXIT_EXCEPTION, "EXCEPTION"},
	{KVM_EXIT_IO, "IO"},
	{KVM_EXIT_DEBUG, "DEBUG"},
	{KVM_EXIT_HLT, "HLT"},
	{KVM_EXIT_MMIO, "MMIO (an address that is not RAM)"},
	{KVM_EXIT_SHUTDOWN, "SHUTDOWN (triple fault)"},
	{KVM_EXIT_FAIL_ENTRY, "FAIL_ENTRY"},
	{KVM_EXIT_INTR, "INTR"},
	{KVM_EXIT_INTERNAL_ERROR, "INTERNAL_ERROR"},
};

static const char *exit_name(uint32_t reason)
{
	for (size_t i = 0; i < sizeof(exit_names) / sizeof(*exit_names); i++)
		if (exit_names[i].reason == reason)
			return exit_names[i].name;
	return "of unknown number";
}

static void exit_io(struct vcpu *v)
{
	const struct kvm_run *run = v->run;
	uint32_t value;

	memcpy(&value, (const uint8_t *)run + run->io.data_offset, 4);
	if (run->io.direction == KVM_EXIT_IO_OUT && run->io.size == 4 &&
	    run->io.count == 1) {
		if (run->io.port == HV_PORT) {
			hypercall_dispatch(v, value);
			return;
		}
		if (run->io.port == HV_PORT_PROBE) {
			hypercall_probe(v, value);
			return;
		}
	}
	error("the guest kernel used port %#x", run->io.port);
	registers_dump(v);
	vcpu_abort(v);
}

static void exit_mmio(struct vcpu *v)
{
	error("the guest kernel accessed gpa %#llx, which is not RAM",
	      v->run->mmio.phys_addr);
	registers_dump(v);
	vcpu_abort(v);
}

static void exit_intr(struct vcpu *v)
{
	(void)v; /* a signal to this thread: enter again */
}

static void exit_unknown(struct vcpu *v)
{
	const struct kvm_run *run = v->run;

	error("exit %u (%s) was not expected; this is a bug in vmm or in KVM",
	      run->exit_reason, exit_name(run->exit_reason));
	if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		error("internal error %u", run->internal.suberror);
	if (run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		error("hardware reason %#llx",
		      run->fail_entry.hardware_entry_failure_reason);
	registers_dump(v);
	vcpu_abort(v);
}

typedef void (*exit_fn)(struct vcpu *v);

static const exit_fn exit_table[] = {
	[KVM_EXIT_IO] = exit_io,
	[KVM_EXIT_DEBUG] = cpl0_count_step,
	[KVM_EXIT_MMIO] = exit_mmio,
	[KVM_EXIT_INTR] = exit_intr,
};

void exit_dispatch(struct vcpu *v)
{
	uint32_t reason = v->run->exit_reason;

	if (reason < sizeof(exit_table) / sizeof(*exit_table) &&
	    exit_table[reason])
		exit_table[reason](v);
	else
		exit_unknown(v);
}
