/*
 * registers.c: see registers.h.
 */
#include "registers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "hv_map.h"
#include "message.h"
#include "vcpu_internal.h"
#include "walk.h"

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

void registers_dump(struct vcpu *v)
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
