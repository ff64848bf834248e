/*
 * vcpu.c: create and run one vCPU.
 */
#include "vcpu.h"

#include <asm/kvm_para.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "areas.h"
#include "biglock.h"
#include "boot.h"
#include "hv_const.h"
#include "hv_map.h"
#include "message.h"
#include "processor.h"
#include "stop.h"
#include "tick.h"
#include "vcpu_internal.h"

#define MSR_STAR	   0xc0000081
#define MSR_LSTAR	   0xc0000082
#define MSR_FMASK	   0xc0000084
#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

/* Cleared by SYSCALL: Linux arch/x86/kernel/cpu/common.c, syscall_init(). */
#define FMASK_BITS 0x257fd5ull

/* Room for struct kvm_msrs, which ends in an array, with entries. */
#define MSRS_MAX 4
union msrs {
	struct kvm_msrs head;
	uint8_t room[sizeof(struct kvm_msrs) +
		     MSRS_MAX * sizeof(struct kvm_msr_entry)];
};

static int vcpu_set_msrs(struct vcpu *v, const struct kvm_msr_entry *entries,
			 unsigned n)
{
	union msrs msrs = {.head.nmsrs = n};
	int ret;

	memcpy(msrs.head.entries, entries, n * sizeof(*entries));
	ret = ioctl(v->fd, KVM_SET_MSRS, &msrs);
	if (ret < 0)
		return -errno;
	return ret == (int)n ? 0 : -EIO;
}

int vcpu_set_syscall_msrs(struct vcpu *v, uint64_t entry, uint64_t kernel_gs)
{
	uint64_t star = (uint64_t)(HV_SEL_USER_CS - 16) << 48 |
			(uint64_t)HV_SEL_KERNEL_CS << 32;
	const struct kvm_msr_entry entries[] = {
		{.index = MSR_STAR, .data = star},
		{.index = MSR_LSTAR, .data = entry},
		{.index = MSR_FMASK, .data = FMASK_BITS},
		{.index = MSR_KERNEL_GS_BASE, .data = kernel_gs},
	};

	return vcpu_set_msrs(v, entries, 4);
}

static int set_base(struct vcpu *v, uint32_t msr, uint64_t base)
{
	const struct kvm_msr_entry entry = {.index = msr, .data = base};

	return vcpu_set_msrs(v, &entry, 1);
}

static int get_base(struct vcpu *v, uint32_t msr, uint64_t *base)
{
	union msrs msrs = {.head.nmsrs = 1};

	msrs.head.entries[0].index = msr;
	if (ioctl(v->fd, KVM_GET_MSRS, &msrs) != 1)
		return -EIO;
	*base = msrs.head.entries[0].data;
	return 0;
}

int vcpu_set_fs_base(struct vcpu *v, uint64_t base)
{
	return set_base(v, MSR_FS_BASE, base);
}

int vcpu_set_gs_base(struct vcpu *v, uint64_t base)
{
	return set_base(v, MSR_GS_BASE, base);
}

int vcpu_get_fs_base(struct vcpu *v, uint64_t *base)
{
	return get_base(v, MSR_FS_BASE, base);
}

int vcpu_get_gs_base(struct vcpu *v, uint64_t *base)
{
	return get_base(v, MSR_GS_BASE, base);
}

/* Room for what KVM gives and takes, zeroed; *size: bytes. */
static struct kvm_xsave *xsave_alloc(const struct vcpu *v, size_t *size)
{
	int need = ioctl(v->vm->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);

	*size = sizeof(struct kvm_xsave);
	if (need > (int)*size)
		*size = (size_t)need;
	return calloc(1, *size);
}

int64_t vcpu_get_xsave(struct vcpu *v, void *buf, size_t size)
{
	size_t have;
	struct kvm_xsave *state = xsave_alloc(v, &have);
	int ret;

	if (!state)
		return -ENOMEM;
	ret = ioctl(v->fd,
		    have > sizeof(*state) ? KVM_GET_XSAVE2 : KVM_GET_XSAVE,
		    state);
	ret = ret < 0 ? -errno : 0;
	size = size < have ? size : have;
	if (!ret)
		memcpy(buf, state, size);
	free(state);
	return ret ? ret : (int64_t)size;
}

int vcpu_set_xsave(struct vcpu *v, const void *buf, size_t size)
{
	size_t room;
	struct kvm_xsave *state = xsave_alloc(v, &room);
	int ret;

	if (!state)
		return -ENOMEM;
	memcpy(state, buf, size < room ? size : room);
	ret = ioctl(v->fd, KVM_SET_XSAVE, state) < 0 ? -errno : 0;
	free(state);
	return ret;
}

static int set_xcr0(struct vcpu *v)
{
	struct kvm_xcrs xcrs = {.nr_xcrs = 1};

	v->xfeatures = processor_xfeatures(v->vm->cpuid, v->vm->xcr0);
	xcrs.xcrs[0].value = v->xfeatures;
	if (!v->xfeatures)
		return 0;
	return ioctl(v->fd, KVM_SET_XCRS, &xcrs) < 0 ? -errno : 0;
}

/* Be what the list says, and learn from the vCPU what it has become. */
static int take_features(struct vcpu *v)
{
	struct vm *vm = v->vm;
	int ret;

	if (ioctl(v->fd, KVM_SET_CPUID2, vm->cpuid) < 0)
		return -errno;
	vm->cpuid->nent = PROCESSOR_ENTRIES;
	if (ioctl(v->fd, KVM_GET_CPUID2, vm->cpuid) < 0)
		return -errno;
	/* CR4.OSXSAVE must be set before XCR0. */
	ret = boot_set_registers(vm, v);
	return ret ? ret : set_xcr0(v);
}

/*
 * As much of the host's processor as this KVM takes: what XSAVE saves decides,
 * for KVM_SET_XCRS may refuse it. Nothing of it: as KVM lists itself.
 */
static int set_features(struct vcpu *v)
{
	static const uint64_t without[] = {
		0,
		XFEATURE_PKRU,
		XFEATURE_PKRU | XFEATURE_AVX512,
		XFEATURE_PKRU | XFEATURE_AVX512 | XFEATURE_AVX,
	};
	struct vm *vm = v->vm;
	uint64_t xcr0 = vm->xcr0;

	for (size_t i = 0; i < sizeof(without) / sizeof(*without); i++) {
		processor_merge(vm->cpuid_kvm, vm->cpuid_host, xcr0, without[i],
				vm->cpuid);
		vm->xcr0 = xcr0 & ~without[i];
		if (!take_features(v))
			return 0;
	}
	memcpy(vm->cpuid, vm->cpuid_kvm,
	       sizeof(*vm->cpuid) +
		       vm->cpuid_kvm->nent * sizeof(struct kvm_cpuid_entry2));
	return take_features(v);
}

uint64_t vcpu_xfeatures(const struct vcpu *v)
{
	return v->xfeatures;
}

bool vcpu_has_pkeys(const struct vcpu *v)
{
	return v->pkeys;
}

static int map_run_page(struct vcpu *v)
{
	int size = ioctl(v->vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	void *run;

	if (size < 0)
		return -errno;
	run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   v->fd, 0);
	if (run == MAP_FAILED)
		return -errno;
	v->run = run;
	v->run_size = (size_t)size;
	return 0;
}

/* The descriptor and what KVM shares of it. */
static int make_vcpu(struct vcpu *v)
{
	v->fd = ioctl(v->vm->vm_fd, KVM_CREATE_VCPU, v->number);
	return v->fd < 0 ? -errno : map_run_page(v);
}

int vcpu_create_more(struct vcpu *v, struct vm *vm, unsigned n)
{
	int ret = areas_make(vm);

	*v = (struct vcpu){
		.vm = vm,
		.number = n,
		.fd = -1,
		.area_gpa = areas_gpa(n),
		.lock = &boot_info(vm)->lock,
	};
	if (ret)
		return ret;
	v->area = guestmem_at(&vm->mem, v->area_gpa, sizeof(*v->area));
	boot_build_area(vm, n, v->area);
	ret = make_vcpu(v);
	if (!ret && ioctl(v->fd, KVM_SET_CPUID2, vm->cpuid) < 0)
		ret = -errno;
	ret = ret ? ret : boot_set_registers(vm, v);
	ret = ret ? ret : set_xcr0(v);
	if (ret)
		vcpu_destroy(v);
	return ret;
}

int vcpu_create(struct vcpu *v, struct vm *vm, hv_gpa_t area)
{
	int ret, khz;

	*v = (struct vcpu){
		.vm = vm,
		.area_gpa = area,
		.lock = &boot_info(vm)->lock,
	};
	v->area = guestmem_at(&vm->mem, area, sizeof(*v->area));
	ret = make_vcpu(v);
	khz = v->fd < 0 ? 0 : ioctl(v->fd, KVM_GET_TSC_KHZ, 0);
	vm->tsc_khz = khz > 0 ? (uint64_t)khz : 0;
	ret = ret ? ret : set_features(v);
	if (ret) {
		error("cannot set up the virtual processor: %s",
		      strerror(-ret));
		vcpu_destroy(v);
	}
	return ret;
}

void vcpu_destroy(struct vcpu *v)
{
	if (v->run)
		munmap(v->run, v->run_size);
	if (v->fd >= 0)
		close(v->fd);
}

void vcpu_get_regs(const struct vcpu *v, struct hv_regs *out)
{
	*out = v->area->regs;
}

void vcpu_set_regs(struct vcpu *v, const struct hv_regs *in)
{
	struct hv_regs now = v->area->regs;

	now.rax = in->rax;
	if (memcmp(&now, in, sizeof(now)))
		v->regs_changed = true;
	v->area->regs = *in;
}

void vcpu_set_limits(struct vcpu *v, const struct hv_limits *limits)
{
	struct hv_limits *out = &v->area->call.limits;
	uint64_t changes = out->changes + 1;

	*out = *limits;
	out->changes = changes;
}

void vcpu_lock(struct vcpu *v)
{
	biglock_take(v->lock);
}

void vcpu_unlock(struct vcpu *v)
{
	biglock_give(v->lock);
}

void vcpu_share_lock(struct vcpu *v)
{
	biglock_begin(v->lock);
}

void vcpu_interrupt(struct vcpu *v)
{
	__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

void vcpu_stop(struct vcpu *v, int wait_status)
{
	if (v->stopping || v->done)
		return;
	v->stopping = true;
	v->wait_status = wait_status;
}

/* Somebody ends us: no teardown, no waiting for the guest. */
void vcpu_check_stop(struct vcpu *v)
{
	if (v->vm->over)
		v->done = true;
	if (!stop_signal() || v->done)
		return;
	v->done = true;
	v->wait_status = stop_signal();
}

void vcpu_abort(struct vcpu *v)
{
	v->done = true;
	v->wait_status = 125 << 8;
}

static void interrupted(struct vcpu *v)
{
	v->run->immediate_exit = 0;
	vcpu_check_stop(v);
	if (v->done)
		return;
	if (tick_came() && biglock_try(v->lock)) {
		v->vm->handlers->flush(v);
		biglock_give(v->lock);
	}
	v->vm->handlers->kicked(v);
}

static void vcpu_step(struct vcpu *v)
{
	int ret = vcpu_enter(v);

	if (ret < 0) {
		if (errno == EINTR || errno == EAGAIN) {
			interrupted(v);
			return;
		}
		error("KVM_RUN: %s", strerror(errno));
		v->vm->handlers->dump(v);
		vcpu_abort(v);
		return;
	}
	v->vm->handlers->exit(v);
}

int vcpu_run(struct vcpu *v)
{
	while (!v->done && !v->idle) {
		vcpu_step(v);
		if (v->stopping && v->state == VCPU_SERVING)
			v->vm->handlers->ended(v);
	}
	return v->wait_status;
}

/* The gate is about to return to the program: not now. */
void vcpu_return_to_kernel(struct vcpu *v)
{
	struct hv_gate_page *gate = &v->area->gate;

	if (v->captured)
		vcpu_enter_kernel(v);
	if (!v->leaving)
		return;
	v->leaving = false;
	gate->saved = gate->resume;
	gate->user_root = gate->kernel_root;
}

/* Run the guest until it has answered by UPCALL_DONE. */
static int upcall(struct vcpu *v, enum hv_status status, enum vcpu_state state)
{
	v->area->call.status = status;
	vcpu_return_to_kernel(v);
	v->state = state;
	while (v->state == state && !v->done)
		vcpu_step(v);
	v->state = VCPU_SERVING;
	v->vm->handlers->flush(v); /* what it is for may block now */
	return v->done ? -EFAULT : v->upcall_result;
}

/*
 * The guest runs its fault handler inside our hypercall; then the copy that
 * needed the page goes on.
 */
int vcpu_upcall(struct vcpu *v, uint64_t va, uint32_t access)
{
	struct hv_call_page_s *page = &v->area->call;

	if (v->done || v->state != VCPU_SERVING)
		return -EFAULT;
	page->upcall_va = va;
	page->upcall_access = access;
	return upcall(v, HV_STATUS_FAULT_IN, VCPU_FAULT_IN);
}

int vcpu_file_upcall(struct vcpu *v, const struct hv_call_file_upcall *call)
{
	if (v->done || v->state != VCPU_SERVING)
		return -EIO;
	v->area->call.file_upcall = *call;
	return upcall(v, HV_STATUS_FILE, VCPU_FILE);
}

int vcpu_mm_upcall(struct vcpu *v, enum hv_mm_upcall op, const struct vcpu *of,
		   uint32_t pid, uint32_t tid)
{
	if (v->done || v->state != VCPU_SERVING)
		return -EIO;
	v->area->call.mm_upcall = (struct hv_call_mm_upcall){
		.area = boot_area_va(of->number),
		.op = op,
		.pid = pid,
		.tid = tid,
	};
	return upcall(v, HV_STATUS_MM, VCPU_MM) ? -ENOMEM : 0;
}

void vcpu_look_at(struct vcpu *v, const struct vcpu *other)
{
	v->look_at = other == v ? NULL : other;
}

int vcpu_describe(struct vcpu *v, uint32_t what, uint64_t cursor, uint32_t want,
		  struct hv_call_describe *out)
{
	struct hv_call_describe *d = &v->area->call.describe;

	if (v->done || v->state != VCPU_SERVING)
		return -EIO;
	d->area = v->look_at ? boot_area_va(v->look_at->number) : 0;
	d->what = what;
	d->cursor = cursor;
	d->want = want;
	upcall(v, HV_STATUS_DESCRIBE, VCPU_DESCRIBE);
	if (v->done)
		return -EIO;
	*out = *d;
	if (out->result > 0 || out->count > sizeof(out->data))
		return -EIO;
	return out->result;
}
