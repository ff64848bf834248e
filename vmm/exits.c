/*
 * exits.c: why KVM_RUN came back. One row for each reason that we understand;
 * any other stops the guest with a dump that makes a bug report.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "count.h"
#include "exits.h"
#include "hypercall.h"
#include "message.h"
#include "vcpu_internal.h"
#include "walk.h"

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

static void dump_code(struct vcpu *v, uint64_t root, uint64_t rip)
{
	struct walk_page page;
	uint8_t code[15];

	fprintf(stderr, "vmm: walk of rip %#" PRIx64 ":\n", rip);
	if (!walk_tables(&v->vm->mem, root, rip, &page, stderr) ||
	    guestmem_read(&v->vm->mem, (hv_gpa_t){page.gpa}, code,
			  sizeof(code)))
		return;
	fprintf(stderr, "vmm: code:");
	for (size_t i = 0; i < sizeof(code); i++)
		fprintf(stderr, " %02x", code[i]);
	fprintf(stderr, "\n");
}

void exit_dump(struct vcpu *v)
{
	struct walk_page page;
	struct kvm_regs r;
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_REGS, &r) < 0 ||
	    ioctl(v->fd, KVM_GET_SREGS, &s) < 0) {
		error("registers cannot be read: %s", strerror(errno));
		return;
	}
	fprintf(stderr,
		"vmm: rip %016llx rsp %016llx rflags %08llx cpl %u\n"
		"vmm: rax %016llx rbx %016llx rcx %016llx rdx %016llx\n"
		"vmm: rsi %016llx rdi %016llx rbp %016llx r8  %016llx\n"
		"vmm: r9  %016llx r10 %016llx r11 %016llx r12 %016llx\n"
		"vmm: r13 %016llx r14 %016llx r15 %016llx\n"
		"vmm: cr0 %08llx cr2 %016llx cr3 %016llx cr4 %08llx efer "
		"%04llx\n",
		r.rip, r.rsp, r.rflags, s.cs.selector & 3, r.rax, r.rbx, r.rcx,
		r.rdx, r.rsi, r.rdi, r.rbp, r.r8, r.r9, r.r10, r.r11, r.r12,
		r.r13, r.r14, r.r15, s.cr0, s.cr2, s.cr3, s.cr4, s.efer);
	dump_code(v, s.cr3, r.rip);
	fprintf(stderr, "vmm: walk of cr2 %#llx:\n", s.cr2);
	walk_tables(&v->vm->mem, s.cr3, s.cr2, &page, stderr);
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
	exit_dump(v);
	vcpu_abort(v);
}

static void exit_mmio(struct vcpu *v)
{
	error("the guest kernel accessed gpa %#llx, which is not RAM",
	      v->run->mmio.phys_addr);
	exit_dump(v);
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
	exit_dump(v);
	vcpu_abort(v);
}

typedef void (*exit_fn)(struct vcpu *v);

static const exit_fn exit_table[] = {
	[KVM_EXIT_IO] = exit_io,
	[KVM_EXIT_DEBUG] = count_step,
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
