/*
 * kvm.c: what the VMM takes for /dev/kvm. See hostile.h. Linked with
 * --wrap=open,--wrap=ioctl.
 */
#include <asm/kvm_para.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hostile.h"
#include "hv_map.h"

#define RUN_SIZE (3 * HV_PAGE_SIZE)

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	if (!strcmp(path, "/dev/kvm"))
		return memfd_create("kvm", MFD_CLOEXEC);
	return __real_open(path, flags, mode);
}

static int create_vcpu(void)
{
	int fd = memfd_create("vcpu", MFD_CLOEXEC);
	void *run;

	if (fd < 0 || ftruncate(fd, RUN_SIZE))
		return -1;
	run = mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	machine.run = run == MAP_FAILED ? NULL : run;
	return machine.run ? fd : -1;
}

static int set_memory(const struct kvm_userspace_memory_region *slot)
{
	if (slot->memory_size != RAM_SIZE)
		return -1;
	machine.ram = (uint8_t *)slot->userspace_addr;
	return 0;
}

static int run(void)
{
	if (machine.run->immediate_exit) {
		errno = EINTR;
		return -1;
	}
	if (!guest_steps())
		life_begins();
	guest_step();
	return 0;
}

/* As an emulated register of the guest's would be: anything. */
static int fill(void *dst, size_t size)
{
	uint64_t *words = dst;

	for (size_t i = 0; i < size / 8; i++)
		words[i] = one_in(4) ? chance() : 0;
	return 0;
}

/* A processor with pages of 1 GiB, and not much else. */
static int fill_cpuid(struct kvm_cpuid2 *c)
{
	c->nent = 1;
	c->entries[0] = (struct kvm_cpuid_entry2){
		.function = 0x80000001,
		.edx = 1u << 26,
	};
	return 0;
}

static int kvm(unsigned long request, void *arg)
{
	switch (request) {
	case KVM_GET_API_VERSION:
		return KVM_API_VERSION;
	case KVM_CHECK_EXTENSION:
		return (uintptr_t)arg == KVM_CAP_XSAVE2 ? 4096 : 1;
	case KVM_GET_VCPU_MMAP_SIZE:
		return RUN_SIZE;
	case KVM_GET_TSC_KHZ:
		return 1000000;
	case KVM_CREATE_VM:
		return memfd_create("vm", MFD_CLOEXEC);
	case KVM_CREATE_VCPU:
		return arg ? -1 : create_vcpu(); /* there is one */
	case KVM_GET_SUPPORTED_CPUID:
		return fill_cpuid(arg);
	case KVM_SET_USER_MEMORY_REGION:
		return set_memory(arg);
	case KVM_RUN:
		return run();
	case KVM_GET_REGS:
		return fill(arg, sizeof(struct kvm_regs));
	case KVM_GET_SREGS:
		return fill(arg, sizeof(struct kvm_sregs));
	case KVM_GET_XSAVE:
	case KVM_GET_XSAVE2:
		return fill(arg, sizeof(struct kvm_xsave));
	case KVM_GET_MSRS:
	case KVM_SET_MSRS:
		return (int)((struct kvm_msrs *)arg)->nmsrs;
	default: /* SET_*: it is as if it had been done */
		return 0;
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (_IOC_TYPE(request) != KVMIO)
		return __real_ioctl(fd, request, arg);
	return kvm(request, arg);
}
