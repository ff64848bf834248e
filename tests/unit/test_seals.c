/*
 * test_seals.c: a memfd is sealed while the fake guest has it mapped: who is
 * refused, and does write-back still work where write(2) does not?
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filepages.h"
#include "hv_call.h"
#include "hv_describe.h"
#include "mapfile.h"
#include "page_size.h"
#include "sys_fixture.h"

static int fd;
static uint32_t number;
static uint64_t vm_flags; /* of the guest's mapping; 0: it has none */

static int describe(struct vcpu *v, uint32_t what, uint64_t cursor,
		    uint32_t want, struct hv_call_describe *out)
{
	struct hv_desc_vma vma = {.start = 0x10000,
				  .end = 0x14000,
				  .vm_flags = vm_flags,
				  .file = number};

	(void)v;
	(void)cursor;
	(void)want;
	cr_assert_eq(what, HV_DESCRIBE_MAPS);
	if (vm_flags) {
		memcpy(out->data, &vma, sizeof(vma));
		out->count = 1;
	}
	return 0;
}

static int64_t seal(int seals)
{
	return call(SYS_fcntl, (uint64_t)fd, F_ADD_SEALS, (uint64_t)seals);
}

static void begin(void)
{
	uint64_t size;

	sys_setup();
	cpu.describe = describe;
	fd = (int)call(SYS_memfd_create, fake_str(&cpu, VA0, "x"),
		       MFD_ALLOW_SEALING);
	cr_assert_eq(call(SYS_ftruncate, (uint64_t)fd, 3 * PAGE), 0);
	number = (uint32_t)mapfile_get(&process, fd, PROT_READ | PROT_WRITE,
				       MAP_SHARED, &size);
	cr_assert(mapfile_flags(&process, number, fd, MAP_SHARED) &
		  HV_FILE_WRITABLE);
	vm_flags = HV_VM_READ | HV_VM_SHARED;
	cpu.nr_file_upcalls = 0;
}

static void end(void)
{
	files_put(&machine.files, number);
	sys_teardown();
}

TestSuite(seals, .init = begin, .fini = end);

static void content_is(uint64_t offset, const char *text)
{
	size_t len = strlen(text);

	cr_assert_eq(call(SYS_pread64, (uint64_t)fd, VA0, len, offset),
		     (int64_t)len);
	cr_assert(!memcmp(fake_at(&cpu, VA0), text, len));
}

Test(seals, what_was_stored_is_in_the_file_first)
{
	seal(F_SEAL_GROW);
	cr_assert_eq(cpu.nr_file_upcalls, 1);
	cr_assert_eq(cpu.file_upcalls[0].op, HV_FILE_UPCALL_SYNC);
	cr_assert_eq(cpu.file_upcalls[0].file, number);
}

Test(seals, a_mapping_that_may_write_forbids_the_write_seal)
{
	cr_assert_eq(seal(F_SEAL_WRITE), -EBUSY);
	vm_flags = HV_VM_READ | HV_VM_MAYSHARE;
	cr_assert_eq(seal(F_SEAL_WRITE), 0);
	cr_assert_eq(filepages_write(&process, number, 0, "abc", 3), -EPERM);
}

Test(seals, without_a_mapping_any_seal_will_do)
{
	vm_flags = 0;
	cr_assert_eq(seal(F_SEAL_WRITE), 0);
}

Test(seals, what_is_mapped_can_be_written_back_after_future_write)
{
	cr_assert_eq(seal(F_SEAL_FUTURE_WRITE), 0);
	cr_assert_eq(call(SYS_pwrite64, (uint64_t)fd, VA0, 3, 0), -EPERM);
	cr_assert_eq(filepages_write(&process, number, 1, "abc", 3), 0);
	content_is(1, "abc");
	cr_assert_eq(filepages_write(&process, number, 3 * PAGE - 2, "xyz", 3),
		     0);
	content_is(3 * PAGE - 2, "xy");
	cr_assert_eq(call(SYS_ftruncate, (uint64_t)fd, 900 * PAGE), 0);
	cr_assert_eq(filepages_write(&process, number, 899 * PAGE, "far", 3),
		     0);
	content_is(899 * PAGE, "far");
	/* The guest's mapping goes, and ours with it. */
	vm_flags = HV_VM_READ | HV_VM_MAYSHARE;
	cr_assert_eq(seal(F_SEAL_WRITE), 0);
}

Test(seals, a_guest_that_does_not_answer_is_an_error)
{
	cpu.describe = NULL;
	cr_assert_eq(seal(F_SEAL_WRITE), -EIO);
	cpu.describe = describe;
}

/* An upcall in which the table of files moves, or the file goes. */
static int describe_and_add(struct vcpu *v, uint32_t what, uint64_t cursor,
			    uint32_t want, struct hv_call_describe *out)
{
	char name[24];

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "other %d", i);
		files_add(&machine.files, memfd_create(name, 0), name);
	}
	return describe(v, what, cursor, want, out);
}

static int describe_and_put(struct vcpu *v, uint32_t what, uint64_t cursor,
			    uint32_t want, struct hv_call_describe *out)
{
	files_put(&machine.files, number);
	return describe(v, what, cursor, want, out);
}

Test(seals, other_files_may_be_mapped_meanwhile)
{
	cpu.describe = describe_and_add;
	cr_assert_eq(seal(F_SEAL_WRITE), -EBUSY);
}

Test(seals, the_file_may_be_unmapped_meanwhile)
{
	cpu.describe = describe_and_put;
	cr_assert_eq(seal(F_SEAL_WRITE), 0);
}
