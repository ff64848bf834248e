/*
 * vcpu_kick.c: vCPUs that are interrupted while the program runs: to forget
 * cached translations, or because a signal is to be delivered.
 *
 * What KVM does when registers are written is in docs/kvm-kinds.md: a pending
 * exception is forgotten. So they are written only where none can be: in the
 * program, by its own root, with an interrupt window.
 */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "biglock.h"
#include "boot.h"
#include "boot_internal.h"
#include "hv_const.h"
#include "message.h"
#include "stop.h"
#include "vcpu.h"
#include "vcpu_internal.h"

#define CR4_PGE 0x80ull

/* ---- Cached translations ------------------------------------------------ */

/* Another CR4.PGE makes every kind of KVM and processor forget all. */
static void flush_own(struct vcpu *v)
{
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s) < 0)
		return;
	s.cr4 ^= CR4_PGE;
	ioctl(v->fd, KVM_SET_SREGS, &s);
}

int vcpu_enter(struct vcpu *v)
{
	int ret, err;

	__atomic_store_n(&v->in_guest, 1, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&v->flush_due, 0, __ATOMIC_SEQ_CST))
		flush_own(v);
	ret = ioctl(v->fd, KVM_RUN, 0);
	err = errno;
	__atomic_store_n(&v->in_guest, 0, __ATOMIC_SEQ_CST);
	errno = err;
	return ret;
}

void vcpu_flush_remote(struct vcpu *v, int host_tid)
{
	__atomic_store_n(&v->flush_due, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&v->in_guest, __ATOMIC_SEQ_CST))
		return;
	vcpu_interrupt(v);
	syscall(SYS_tgkill, getpid(), host_tid, STOP_KICK);
	while (__atomic_load_n(&v->in_guest, __ATOMIC_SEQ_CST) &&
	       __atomic_load_n(&v->flush_due, __ATOMIC_SEQ_CST))
		sched_yield();
}

/* ---- Registers ---------------------------------------------------------- */

static bool in_program(const struct vcpu *v, const struct kvm_sregs *s)
{
	return v->state == VCPU_RUNNING && (s->cs.selector & 3) == 3 &&
	       (!v->vm->kernel_cpl || s->cr3 == v->area->call.user_root.v) &&
	       v->run->ready_for_interrupt_injection;
}

bool vcpu_capture(struct vcpu *v)
{
	struct kvm_regs r;
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s) < 0 || !in_program(v, &s) ||
	    ioctl(v->fd, KVM_GET_REGS, &r) < 0)
		return false;
	vcpu_lock(v);
	v->area->regs = (struct hv_regs){
		r.r15, r.r14,	      r.r13,	     r.r12,
		r.rbp, r.rbx,	      r.r11,	     r.r10,
		r.r9,  r.r8,	      r.rax,	     r.rcx,
		r.rdx, r.rsi,	      r.rdi,	     HV_VECTOR_SYSCALL,
		~0ull, r.rip,	      s.cs.selector, r.rflags,
		r.rsp, s.ss.selector,
	};
	v->captured = true;
	v->regs_changed = false;
	v->state = VCPU_SERVING;
	return true;
}

static int set_regs(struct vcpu *v)
{
	const struct hv_regs *in = &v->area->regs;
	struct kvm_regs r = {
		.rax = in->rax,
		.rbx = in->rbx,
		.rcx = in->rcx,
		.rdx = in->rdx,
		.rsi = in->rsi,
		.rdi = in->rdi,
		.rsp = in->rsp,
		.rbp = in->rbp,
		.r8 = in->r8,
		.r9 = in->r9,
		.r10 = in->r10,
		.r11 = in->r11,
		.r12 = in->r12,
		.r13 = in->r13,
		.r14 = in->r14,
		.r15 = in->r15,
		.rip = in->rip,
		.rflags = in->rflags | 2,
	};

	return ioctl(v->fd, KVM_SET_REGS, &r) < 0 ? -errno : 0;
}

void vcpu_release(struct vcpu *v)
{
	v->state = VCPU_RUNNING;
	v->area->call.status = HV_STATUS_DONE;
	if (!v->captured)
		return; /* the kernel has the lock, and gives it back */
	v->captured = false;
	if (v->regs_changed && set_regs(v)) {
		error("cannot set a vCPU's registers: %s", strerror(errno));
		vcpu_abort(v);
	}
	vcpu_unlock(v);
}

static struct kvm_segment segment(uint16_t selector, bool code)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector,
		.type = code ? 11 : 3,
		.present = 1,
		.dpl = selector & 3,
		.s = 1,
		.l = code,
		.db = !code,
		.g = 1,
	};
}

static void set_level(struct kvm_sregs *s, bool user, uint64_t root)
{
	s->cs = segment(user ? HV_SEL_USER_CS : HV_SEL_KERNEL_CS, true);
	s->ss = segment(user ? HV_SEL_USER_DS : HV_SEL_KERNEL_DS, false);
	s->cr3 = root;
}

void vcpu_enter_kernel(struct vcpu *v)
{
	const struct hv_image *image = boot_kernel_image(v->vm);
	bool user = v->vm->kernel_cpl;
	struct kvm_regs r = {
		.rip = image->resume,
		.rsp = boot_area_va(v->number) +
		       offsetof(struct hv_vcpu_area, regs),
		.rflags = user ? 0x202 : 2,
	};
	struct kvm_sregs s;

	v->captured = false;
	if (ioctl(v->fd, KVM_GET_SREGS, &s) < 0)
		goto failed;
	set_level(&s, user,
		  user ? boot_root(v->vm) : v->area->call.user_root.v);
	if (ioctl(v->fd, KVM_SET_SREGS, &s) < 0 ||
	    ioctl(v->fd, KVM_SET_REGS, &r) < 0)
		goto failed;
	return;
failed:
	error("cannot set a vCPU's registers: %s", strerror(errno));
	vcpu_abort(v);
}

/* ---- Starting ----------------------------------------------------------- */

/* An exit that KVM has yet to complete must not touch the new registers. */
static void complete_exit(struct vcpu *v)
{
	v->run->immediate_exit = 1;
	ioctl(v->fd, KVM_RUN, 0);
	v->run->immediate_exit = 0;
}

static int copy_xsave(struct vcpu *v, const struct vcpu *like)
{
	static const size_t size = 16384;
	uint8_t *buf = malloc(size);
	int64_t n =
		buf ? vcpu_get_xsave((struct vcpu *)like, buf, size) : -ENOMEM;

	n = n < 0 ? n : vcpu_set_xsave(v, buf, (size_t)n);
	free(buf);
	return (int)n;
}

int vcpu_start(struct vcpu *v, const struct vcpu *like, uint64_t fs_base)
{
	struct kvm_sregs s, own;
	int ret;

	if (v->idle)
		complete_exit(v);
	if (ioctl(like->fd, KVM_GET_SREGS, &s) < 0 ||
	    ioctl(v->fd, KVM_GET_SREGS, &own) < 0)
		return -errno;
	set_level(&s, true, v->area->call.user_root.v);
	s.tr = own.tr;
	s.fs.base = fs_base;
	if (ioctl(v->fd, KVM_SET_SREGS, &s) < 0)
		return -errno;
	ret = copy_xsave(v, like);
	ret = ret ? ret : set_regs(v);
	v->pkeys = like->pkeys;
	v->idle = v->stopping = v->done = v->leaving = v->captured = false;
	v->state = VCPU_RUNNING;
	return ret;
}

/* FCW and MXCSR of the legacy region, as FNINIT and the processor's reset. */
int vcpu_reset_user(struct vcpu *v)
{
	static const struct kvm_xsave fresh = {
		.region = {[0] = 0x37f, [6] = 0x1f80},
	};
	int ret = vcpu_set_xsave(v, &fresh, sizeof(fresh));

	ret = ret ? ret : vcpu_set_fs_base(v, 0);
	return ret ? ret : vcpu_set_gs_base(v, 0);
}
