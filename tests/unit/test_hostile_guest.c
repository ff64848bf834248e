/*
 * test_hostile_guest.c: does what the guest answers, or does in an upcall, do
 * harm? And can a call that takes long be ended from outside?
 */
#include <signal.h>
#include <sys/ioctl.h>

#include "hv_describe.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "procfs_fixture.h"
#include "stop.h"

TestSuite(hostile_guest, .init = procfs_setup, .fini = sys_teardown,
	  .timeout = 20);

/* ---- Mappings that there cannot be -------------------------------------- */

static void make_mapping(uint64_t start, uint64_t end)
{
	guest_vmas = 0;
	add_vma(0x100000, 0x102000, PROT_READ);
	add_vma(start, end, PROT_READ);
	add_vma(0x200000, 0x201000, PROT_READ);
}

static int64_t read_proc(const char *path)
{
	int64_t fd = open_abs(path, O_RDONLY);
	int64_t r = call(SYS_read, (uint64_t)fd, BIG, 65536);

	cr_assert_eq(call(SYS_close, (uint64_t)fd), 0);
	return r;
}

/* PAGEMAP_SCAN of [0x103000, 0x180000). */
static int64_t scan(void)
{
	const uint64_t arg[12] = {96, 0, 0x103000, 0x180000, 0, VA1,
				  10, 0, 0,	   0,	     8, 8};
	int64_t fd = open_abs("/proc/self/pagemap", O_RDONLY);
	int64_t r = call(SYS_ioctl, (uint64_t)fd, 0xc0606610,
			 fake_put(&cpu, VA0, arg, sizeof(arg)));

	cr_assert_eq(call(SYS_close, (uint64_t)fd), 0);
	return r;
}

Test(hostile_guest, a_mapping_that_there_cannot_be_is_an_io_error)
{
	static const uint64_t bad[][2] = {
		{0x103000, 0x103800},  {0x103001, 0x104000},
		{0x105000, 0x103000},  {0x104000, 0x104000},
		{0x103000, ~0xfffull}, {0x103000, HV_VA_USER_END + 0x1000},
	};

	make_mapping(0x103000, 0x104000);
	cr_assert_gt(read_proc("/proc/self/maps"), 0);
	cr_assert_eq(scan(), 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_mapping(bad[i][0], bad[i][1]);
		cr_assert_eq(read_proc("/proc/self/maps"), -EIO, "%zu", i);
		cr_assert_eq(read_proc("/proc/self/smaps"), -EIO, "%zu", i);
		cr_assert_eq(read_proc("/proc/self/smaps_rollup"), -EIO, "%zu",
			     i);
		cr_assert_leq(scan(), 0, "%zu", i);
	}
}

/* ---- Tables that change in an upcall ------------------------------------ */

static int64_t victim;

static int answer_and_grow(struct vcpu *v, uint32_t what, uint64_t cursor,
			   uint32_t want, struct hv_call_describe *out)
{
	struct hv_regs regs = v->regs;
	static uint64_t to = 300;

	call(SYS_dup2, (uint64_t)victim, to);
	to = 1000;
	v->regs = regs;
	return answer(v, what, cursor, want, out);
}

Test(hostile_guest, descriptors_may_be_made_while_a_file_is_read)
{
	make_mapping(0x103000, 0x104000);
	victim = open_abs("/proc/self/maps", O_RDONLY);
	cpu.describe = answer_and_grow;
	cr_assert_gt(call(SYS_read, (uint64_t)victim, BIG, 65536), 0);
	cr_assert_eq(call(SYS_lseek, (uint64_t)victim, 80, SEEK_SET), 80);
}

/* ---- Ending a long call ------------------------------------------------- */

#define LONG (900u << 10)

static void end_from_outside(void)
{
	static volatile uint8_t flag;

	stop_init(&flag);
	raise(SIGUSR1);
	cr_assert_eq(stop_signal(), SIGUSR1);
}

Test(hostile_guest, a_signal_ends_getrandom)
{
	cr_assert_eq(call(SYS_getrandom, BIG, LONG, 0), LONG);
	end_from_outside();
	cr_assert_lt(call(SYS_getrandom, BIG, LONG, 0), LONG);
}

Test(hostile_guest, a_signal_ends_a_read_or_write_of_a_file)
{
	int64_t zero = open_abs("/dev/zero", O_RDONLY);
	int64_t file = guest_open("rw/big", O_CREAT | O_RDWR);

	cr_assert_eq(call(SYS_read, (uint64_t)zero, BIG, LONG), LONG);
	cr_assert_eq(call(SYS_write, (uint64_t)file, BIG, LONG), LONG);
	end_from_outside();
	cr_assert_lt(call(SYS_read, (uint64_t)zero, BIG, LONG), LONG);
	cr_assert_lt(call(SYS_write, (uint64_t)file, BIG, LONG), LONG);
}
