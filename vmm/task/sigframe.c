/*
 * sigframe.c: struct rt_sigframe on the user's stack: x64_setup_rt_frame and
 * rt_sigreturn of Linux arch/x86/kernel/signal_64.c, and the FPU part of
 * arch/x86/kernel/fpu/signal.c.
 *
 *	high	altstack top, or rsp - 128 (red zone)
 *		XSAVE area, aligned to 64; then FP_XSTATE_MAGIC2
 *		siginfo
 *		ucontext
 *	rsp ->	return address (the restorer); rsp + 8 is a multiple of 16
 *
 * Uses the kernel's own structures; those of the C library differ.
 */
#include <linux/signal.h> /* first: the next ones need it */

#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/ucontext.h>
#include <errno.h>
#include <string.h>

#include "hv_boot.h"
#include "hv_const.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "signals.h"
#include "usermem.h"
#include "vcpu.h"
#include "xstate.h"

#define RED_ZONE     128
#define XSAVE_MAX    16384 /* AMX's 8 KiB of tiles and all else fit */
#define XSAVE_BV     512   /* offset of XSTATE_BV, Intel SDM vol. 1, 13.4.2 */
#define XSAVE_HEADER 576   /* the least that has an XSAVE header */
#define AUTODISARM   (1u << 31)
#define USER_LIMIT   HV_VA_USER_END

/* What sigreturn may set: FIX_EFLAGS of arch/x86/kernel/signal.c. */
#define FLAGS_FIX   0x50dd5ull /* AC RF OF DF TF SF ZF AF PF CF */
#define FLAGS_CLEAR 0x10500ull /* at a handler's start: RF DF TF */

struct rt_sigframe {
	uint64_t pretcode;
	struct ucontext uc;
	siginfo_t info;
};
_Static_assert(sizeof(struct rt_sigframe) == 440, "kernel ABI");

struct place {
	uint64_t frame, fpstate;
};

/* get_sigframe: where the parts go; -EFAULT if the altstack is too small. */
static int find_place(const struct signals *g, uint64_t rsp, uint64_t flags,
		      size_t fpsize, struct place *out)
{
	bool nested = signal_stack_flags(g, rsp) == SS_ONSTACK;
	bool entering = false;
	uint64_t sp = rsp - RED_ZONE;

	if ((flags & SA_ONSTACK) && signal_stack_flags(g, rsp) == 0) {
		sp = g->stack.sp + g->stack.size;
		entering = true;
	}
	out->fpstate = 0;
	if (fpsize) {
		sp = (sp - fpsize) & ~63ull;
		out->fpstate = sp;
	}
	sp = ((sp - sizeof(struct rt_sigframe)) & ~15ull) - 8;
	out->frame = sp;
	if ((nested || entering) &&
	    (sp <= g->stack.sp || sp - g->stack.sp > g->stack.size))
		return -EFAULT;
	return 0;
}

static void fill_context(struct sigcontext *sc, const struct signals *g,
			 const struct hv_regs *r)
{
	sc->r8 = r->r8;
	sc->r9 = r->r9;
	sc->r10 = r->r10;
	sc->r11 = r->r11;
	sc->r12 = r->r12;
	sc->r13 = r->r13;
	sc->r14 = r->r14;
	sc->r15 = r->r15;
	sc->rdi = r->rdi;
	sc->rsi = r->rsi;
	sc->rbp = r->rbp;
	sc->rbx = r->rbx;
	sc->rdx = r->rdx;
	sc->rax = r->rax;
	sc->rcx = r->rcx;
	sc->rsp = r->rsp;
	sc->rip = r->rip;
	sc->eflags = r->rflags;
	sc->cs = HV_SEL_USER_CS;
	sc->ss = HV_SEL_USER_DS;
	sc->err = g->err;
	sc->trapno = g->trapno;
	sc->oldmask = g->has_saved ? g->saved_mask : g->mask;
	sc->cr2 = g->cr2;
}

static void fill_info(siginfo_t *si, const struct signal_info *info)
{
	si->si_signo = info->sig;
	si->si_code = info->code;
	if (info->fault) {
		si->si_addr = (void *)info->addr;
		if (info->sig == SIGSEGV && info->code == SEGV_PKUERR)
			si->si_pkey = info->pkey;
		return;
	}
	si->si_pid = info->pid;
	si->si_uid = info->uid;
	if (info->child) {
		si->si_status = info->status;
		si->_sifields._sigchld._utime = (long)info->user_ticks;
		si->_sifields._sigchld._stime = (long)info->system_ticks;
		return;
	}
	si->_sifields._rt._sigval.sival_ptr = (void *)info->value;
}

void sigframe_info(const struct signal_info *info, uint8_t out[128])
{
	siginfo_t si;

	memset(&si, 0, sizeof(si));
	fill_info(&si, info);
	memcpy(out, &si, sizeof(si));
}

/* XSTATE_BV: bits 0 and 1 are x87 and SSE, bit 9 is PKRU. */
#define LEGACY	 3ull
#define PKRU	 9u
#define PKRU_BIT (1ull << PKRU)

static uint64_t features_of(const uint8_t *xsave)
{
	uint64_t bv;

	memcpy(&bv, xsave + XSAVE_BV, sizeof(bv));
	return bv;
}

static void add_features(uint8_t *xsave, uint64_t features)
{
	features |= features_of(xsave);
	memcpy(xsave + XSAVE_BV, &features, sizeof(features));
}

/* Linux copy_fpregs_to_sigframe, update_pkru_in_sigframe. */
static uint64_t always_there(const struct vcpu *v)
{
	return LEGACY | (vcpu_has_pkeys(v) ? PKRU_BIT : 0);
}

/* KVM leaves alone what is not said to be there, so PKRU always is. */
static void set_pkru(const struct vcpu *v, uint8_t *xsave, uint32_t pkru)
{
	if (!vcpu_has_pkeys(v))
		return;
	memcpy(xsave + xstate_offset(PKRU), &pkru, sizeof(pkru));
	add_features(xsave, PKRU_BIT);
}

/* The words that tell a debugger and sigreturn that more than FXSAVE is there.
 */
static void mark_xsave(const struct vcpu *v, uint8_t *xsave, size_t size)
{
	struct _fpx_sw_bytes *sw = (void *)(xsave + 464);

	memset(sw, 0, sizeof(*sw));
	if (size < XSAVE_HEADER)
		return;
	add_features(xsave, always_there(v));
	sw->magic1 = FP_XSTATE_MAGIC1;
	sw->extended_size = (uint32_t)(size + FP_XSTATE_MAGIC2_SIZE);
	sw->xfeatures = xstate_features(vcpu_xfeatures(v), size) | LEGACY;
	sw->xstate_size = (uint32_t)size;
}

static int write_fpu(struct vcpu *v, uint64_t va, uint8_t *xsave, size_t size)
{
	const uint32_t magic2 = FP_XSTATE_MAGIC2;
	int r;

	if (!size)
		return 0;
	mark_xsave(v, xsave, size);
	r = usermem_write_anykey(v, va, xsave, size);
	if (r < 0 || size < XSAVE_HEADER)
		return r;
	return usermem_write_anykey(v, va + size, &magic2, sizeof(magic2));
}

static void start_handler(struct hv_regs *regs, uint64_t frame,
			  uint64_t handler, int sig)
{
	regs->rdi = (uint64_t)sig;
	regs->rsi = frame + offsetof(struct rt_sigframe, info);
	regs->rdx = frame + offsetof(struct rt_sigframe, uc);
	regs->rax = 0;
	regs->rip = handler;
	regs->rsp = frame;
	regs->cs = HV_SEL_USER_CS;
	regs->ss = HV_SEL_USER_DS;
	regs->rflags &= ~FLAGS_CLEAR;
}

/* What the vCPU gave may be longer than what is in use (KVM: 4 KiB). */
static size_t frame_xsave_size(const struct vcpu *v, int64_t got)
{
	size_t size = got > 0 ? (size_t)got : 0;

	if (size < XSAVE_HEADER)
		return size;
	return xstate_size(xstate_features(vcpu_xfeatures(v), size));
}

/*
 * The initial state. x87 and SSE are said to be there, for else KVM may take
 * no notice of the two words that are not 0.
 */
static int reset_fpu(struct vcpu *v, size_t size)
{
	uint8_t buf[XSAVE_MAX] __attribute__((aligned(64))) = {0};
	const uint16_t fcw = 0x37f;
	const uint32_t mxcsr = 0x1f80;

	if (size >= XSAVE_HEADER)
		add_features(buf, LEGACY);
	set_pkru(v, buf, HV_PKRU_INIT);
	memcpy(buf, &fcw, sizeof(fcw));
	memcpy(buf + 24, &mxcsr, sizeof(mxcsr));
	return vcpu_set_xsave(v, buf, size);
}

int sigframe_reset_fpu(struct vcpu *v)
{
	uint8_t xsave[XSAVE_MAX] __attribute__((aligned(64)));
	int64_t size = vcpu_get_xsave(v, xsave, sizeof(xsave));

	return size > 0 ? reset_fpu(v, (size_t)size) : (int)size;
}

int sigframe_push(struct signals *g, struct vcpu *v, struct hv_regs *regs,
		  const struct signal_action *act,
		  const struct signal_info *info)
{
	uint8_t xsave[XSAVE_MAX] __attribute__((aligned(64))) = {0};
	int64_t got = vcpu_get_xsave(v, xsave, sizeof(xsave));
	size_t size = frame_xsave_size(v, got);
	struct rt_sigframe f = {.pretcode = act->restorer};
	struct place at;
	int r;

	if (!(act->flags & SA_RESTORER) || act->handler >= USER_LIMIT)
		return -EFAULT;
	r = find_place(g, regs->rsp, act->flags,
		       size ? size + FP_XSTATE_MAGIC2_SIZE : 0, &at);
	if (r < 0)
		return r;
	f.uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	if (size >= XSAVE_HEADER)
		f.uc.uc_flags |= UC_FP_XSTATE;
	f.uc.uc_stack.ss_sp = (void *)g->stack.sp;
	f.uc.uc_stack.ss_flags = g->stack.flags;
	f.uc.uc_stack.ss_size = g->stack.size;
	f.uc.uc_sigmask = g->has_saved ? g->saved_mask : g->mask;
	fill_context(&f.uc.uc_mcontext, g, regs);
	f.uc.uc_mcontext.fpstate = (void *)at.fpstate;
	fill_info(&f.info, info);
	r = write_fpu(v, at.fpstate, xsave, size);
	if (r == 0)
		r = usermem_write_anykey(v, at.frame, &f, sizeof(f));
	if (r == 0 && size) /* handlers begin with a clean one, as on Linux */
		r = reset_fpu(v, (size_t)got);
	if (r < 0)
		return r;
	if ((unsigned)g->stack.flags & AUTODISARM)
		g->stack = (struct signal_stack){.flags = SS_DISABLE};
	start_handler(regs, at.frame, act->handler, info->sig);
	return 0;
}

/* Bytes of the XSAVE area at va, or 512 if the frame has no more than FXSAVE.
 */
static size_t fpu_size(struct vcpu *v, uint64_t va, const uint8_t *fxsave)
{
	struct _fpx_sw_bytes sw;
	uint32_t magic2 = 0;

	memcpy(&sw, fxsave + 464, sizeof(sw));
	if (sw.magic1 != FP_XSTATE_MAGIC1 || sw.xstate_size < XSAVE_HEADER ||
	    sw.xstate_size > XSAVE_MAX ||
	    sw.extended_size < sw.xstate_size + FP_XSTATE_MAGIC2_SIZE)
		return 512;
	if (usermem_read(v, va + sw.xstate_size, &magic2, sizeof(magic2)) < 0 ||
	    magic2 != FP_XSTATE_MAGIC2)
		return 512;
	return sw.xstate_size;
}

/*
 * The buffer is handed over with the size that the vCPU has; what the frame
 * does not hold is in its initial state (XSTATE_BV bit 0).
 */
static int read_fpu(struct vcpu *v, uint64_t va)
{
	uint8_t own[XSAVE_MAX] __attribute__((aligned(64))) = {0};
	uint8_t buf[XSAVE_MAX] __attribute__((aligned(64))) = {0};
	int64_t have = vcpu_get_xsave(v, own, sizeof(own));
	size_t size;
	int r;

	if (have < 512)
		return 0;
	if (!va) /* no state in the frame */
		return reset_fpu(v, (size_t)have);
	r = usermem_read(v, va, buf, 512);
	if (r < 0)
		return r;
	size = fpu_size(v, va, buf);
	if (size > (size_t)have)
		return -EINVAL;
	if (size > 512)
		r = usermem_read(v, va + 512, buf + 512, size - 512);
	else if (have >= XSAVE_HEADER)
		add_features(buf, LEGACY);
	if (r < 0)
		return r;
	if (!(features_of(buf) & PKRU_BIT)) /* as by XRSTOR */
		set_pkru(v, buf, 0);
	memset(buf + 464, 0, 48);
	return vcpu_set_xsave(v, buf, (size_t)have);
}

static void take_context(struct hv_regs *r, const struct sigcontext *sc)
{
	r->r8 = sc->r8;
	r->r9 = sc->r9;
	r->r10 = sc->r10;
	r->r11 = sc->r11;
	r->r12 = sc->r12;
	r->r13 = sc->r13;
	r->r14 = sc->r14;
	r->r15 = sc->r15;
	r->rdi = sc->rdi;
	r->rsi = sc->rsi;
	r->rbp = sc->rbp;
	r->rbx = sc->rbx;
	r->rdx = sc->rdx;
	r->rax = sc->rax;
	r->rcx = sc->rcx;
	r->rsp = sc->rsp;
	r->rip = sc->rip;
	r->rflags = (r->rflags & ~FLAGS_FIX) | (sc->eflags & FLAGS_FIX);
	r->cs = HV_SEL_USER_CS;
	r->ss = HV_SEL_USER_DS;
}

/* restore_altstack: errors are passed over, as Linux does. */
static void take_stack(struct signals *g, const struct ucontext *uc)
{
	unsigned flags = (unsigned)uc->uc_stack.ss_flags;

	if (flags & ~(AUTODISARM | SS_ONSTACK | SS_DISABLE))
		return;
	if (flags & SS_DISABLE) {
		g->stack = (struct signal_stack){.flags = SS_DISABLE};
		return;
	}
	if (uc->uc_stack.ss_size < MINSIGSTKSZ)
		return;
	g->stack = (struct signal_stack){
		.sp = (uint64_t)uc->uc_stack.ss_sp,
		.flags = (int32_t)(flags & AUTODISARM),
		.size = uc->uc_stack.ss_size,
	};
}

int sigframe_pop(struct signals *g, struct vcpu *v, struct hv_regs *regs)
{
	uint64_t va = regs->rsp - sizeof(uint64_t);
	struct rt_sigframe f;
	int r = usermem_read(v, va, &f, offsetof(struct rt_sigframe, info));

	if (r < 0)
		return r;
	g->mask = signal_mask_allowed(f.uc.uc_sigmask);
	/* Whatever rip is: the guest kernel looks before it returns there. */
	take_context(regs, &f.uc.uc_mcontext);
	r = read_fpu(v, (uint64_t)f.uc.uc_mcontext.fpstate);
	if (r == 0)
		take_stack(g, &f.uc);
	return r;
}
