/*
 * vm.c: /dev/kvm, what must be there of it, and guest RAM as memory slots.
 */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "message.h"
#include "processor.h"

/* In the hole below 4 GiB; only old Intel processors use them. */
#define TSS_GPA	     0xfffbd000ul
#define IDENTITY_GPA 0xfffbc000ull

static const struct {
	int cap;
	const char *name, *why;
} needed_caps[] = {
	{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", "guest RAM"},
	{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID", "the processor's features"},
	{KVM_CAP_NR_MEMSLOTS, "KVM_CAP_NR_MEMSLOTS", "RAM on demand"},
	{KVM_CAP_XSAVE, "KVM_CAP_XSAVE", "vector registers"},
};

static int open_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		error("/dev/kvm does not exist: load kvm_intel or kvm_amd "
		      "(modprobe), or enable virtualisation in the firmware or "
		      "for this virtual machine");
	else if (errno == EACCES || errno == EPERM)
		error("no permission for /dev/kvm: join group kvm (sudo "
		      "usermod -aG kvm $USER, then log in again)");
	else
		error("/dev/kvm: %s", strerror(errno));
	return -errno;
}

static int check_kvm(int fd)
{
	int version = ioctl(fd, KVM_GET_API_VERSION, 0);

	if (version != KVM_API_VERSION) {
		error("/dev/kvm has API version %d, this program needs %d",
		      version, KVM_API_VERSION);
		return -ENOSYS;
	}
	for (size_t i = 0; i < sizeof(needed_caps) / sizeof(*needed_caps); i++)
		if (ioctl(fd, KVM_CHECK_EXTENSION, needed_caps[i].cap) <= 0) {
			error("this host's KVM lacks %s (%s): a newer kernel "
			      "is needed",
			      needed_caps[i].name, needed_caps[i].why);
			return -ENOSYS;
		}
	return 0;
}

static void free_cpuid(struct vm *vm)
{
	free(vm->cpuid_kvm);
	free(vm->cpuid_host);
	free(vm->cpuid);
}

static int get_cpuid(struct vm *vm)
{
	vm->cpuid_kvm = processor_new();
	vm->cpuid_host = processor_new();
	vm->cpuid = processor_new();
	if (!vm->cpuid_kvm || !vm->cpuid_host || !vm->cpuid)
		return -ENOMEM;
	vm->cpuid_kvm->nent = PROCESSOR_ENTRIES;
	if (ioctl(vm->kvm_fd, KVM_GET_SUPPORTED_CPUID, vm->cpuid_kvm) < 0)
		return -errno;
	processor_read_host(vm->cpuid_kvm, vm->cpuid_host);
	vm->xcr0 = processor_host_xcr0(vm->cpuid_host);
	processor_merge(vm->cpuid_kvm, vm->cpuid_host, vm->xcr0, 0, vm->cpuid);
	return 0;
}

/* KVM's documentation asks for both on Intel; elsewhere they do nothing. */
static int set_intel_pages(int vm_fd)
{
	uint64_t identity = IDENTITY_GPA;

	if (ioctl(vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_TSS_ADDR) > 0 &&
	    ioctl(vm_fd, KVM_SET_TSS_ADDR, TSS_GPA) < 0)
		return -errno;
	if (ioctl(vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_IDENTITY_MAP_ADDR) >
		    0 &&
	    ioctl(vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity) < 0)
		return -errno;
	return 0;
}

int vm_create(struct vm *vm)
{
	int ret;

	vm->vm_fd = -1;
	vm->kvm_fd = open_kvm();
	if (vm->kvm_fd < 0)
		return vm->kvm_fd;
	ret = check_kvm(vm->kvm_fd);
	if (ret)
		goto err_kvm;
	do
		vm->vm_fd = ioctl(vm->kvm_fd, KVM_CREATE_VM, 0);
	while (vm->vm_fd < 0 && errno == EINTR);
	if (vm->vm_fd < 0) {
		ret = -errno;
		error("cannot create a virtual machine: %s", strerror(errno));
		goto err_kvm;
	}
	ret = set_intel_pages(vm->vm_fd);
	if (ret) {
		error("cannot set up the virtual machine: %s", strerror(-ret));
		goto err_vm;
	}
	ret = get_cpuid(vm);
	if (ret) {
		error("cannot ask KVM for the processor's features: %s",
		      strerror(-ret));
		goto err_cpuid;
	}
	return 0;
err_cpuid:
	free_cpuid(vm);
err_vm:
	close(vm->vm_fd);
err_kvm:
	close(vm->kvm_fd);
	return ret;
}

void vm_destroy(struct vm *vm)
{
	free_cpuid(vm);
	close(vm->vm_fd);
	close(vm->kvm_fd);
	guestmem_fini(&vm->mem);
}

static int add_slot(struct vm *vm, uint32_t slot, uint64_t gpa, uint64_t size,
		    const uint8_t *at)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uint64_t)at,
	};

	return ioctl(vm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0
		       ? -errno
		       : 0;
}

int vm_bank_online(struct vm *vm, unsigned i)
{
	const struct hv_bank *bank = &vm->banks[i];
	int ret;

	if (vm->online[i])
		return 0;
	ret = add_slot(vm, i, bank->start, bank->end - bank->start,
		       vm->mem.base + bank->start);
	vm->online[i] = !ret;
	return ret;
}

int vm_areas_online(struct vm *vm)
{
	return add_slot(vm, HV_BANKS_MAX, HV_AREAS_GPA, vm->mem.areas_size,
			vm->mem.areas);
}
