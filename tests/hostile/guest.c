/*
 * guest.c: a kernel that does what a kernel may and must not do. See hostile.h.
 *
 * It keeps to the contract as far as it must to get somewhere: a random life
 * begins with the probe and EXEC, makes calls, answers upcalls, and now and
 * then forges, scribbles, or makes a hypercall that is out of place.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "hostile.h"
#include "hv_boot.h"
#include "hv_call.h"
#include "hv_const.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "hv_vcpu.h"

#define BOOT_GPA 0x10000
#define NOBODY	 (~0u)

struct machine machine;

static uint64_t random_state;
static unsigned steps, steps_max;
static uint64_t fault_seq;
static bool booted;	/* the probe was made, the tables are there */
static bool exec_done;	/* EXEC was made */
static bool has_called; /* a call was made that `status` answers */

static bool opened; /* files, by so many calls */
static unsigned nr_opened;

/* A probing life. */
static bool probing, probed, survived;
static enum state target;
static uint32_t probe_nr;
static unsigned setup; /* calls made to get to FILE */

/* splitmix64 */
uint64_t chance(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

void guest_start_random(uint64_t seed, unsigned max)
{
	random_state = seed;
	steps_max = max;
}

void guest_start_probing(enum state state, uint32_t nr)
{
	random_state = 1;
	probing = true;
	target = state;
	probe_nr = nr;
	steps_max = NOBODY;
}

unsigned guest_steps(void)
{
	return steps;
}

bool guest_survived(void)
{
	return survived;
}

static struct hv_call_page_s *call_page(void)
{
	return &vcpu_area()->call;
}

/* ---- Exits -------------------------------------------------------------- */

static void out(uint16_t port, uint32_t value)
{
	machine.run->exit_reason = KVM_EXIT_IO;
	machine.run->io.direction = KVM_EXIT_IO_OUT;
	machine.run->io.size = 4;
	machine.run->io.count = 1;
	machine.run->io.port = port;
	machine.run->io.data_offset = HV_PAGE_SIZE;
	memcpy((uint8_t *)machine.run + HV_PAGE_SIZE, &value, sizeof(value));
}

static void hypercall(uint32_t nr)
{
	if (nr == HV_CALL_EXEC)
		exec_done = true;
	has_called = nr == HV_CALL_EXEC || nr == HV_CALL_SYSCALL ||
		     nr == HV_CALL_SIGNAL || nr == HV_CALL_UPCALL_DONE;
	out(HV_PORT, nr);
}

static void end(void)
{
	machine.run->exit_reason = KVM_EXIT_SHUTDOWN;
}

static void odd_exit(void)
{
	static const uint32_t reasons[] = {KVM_EXIT_MMIO, KVM_EXIT_HLT,
					   KVM_EXIT_DEBUG, KVM_EXIT_INTR,
					   KVM_EXIT_INTERNAL_ERROR};

	if (one_in(2)) {
		out((uint16_t)chance(), (uint32_t)chance());
		machine.run->io.size = (uint8_t)below(5);
		return;
	}
	machine.run->exit_reason = reasons[below(5)];
}

/* ---- Arguments ---------------------------------------------------------- */

static void fill_file_read(struct hv_call_file_read *call)
{
	call->offset = below(6) * HV_PAGE_SIZE;
	call->file = (uint32_t)below(6);
	call->n = 1 + (uint32_t)below(8);
	call->want = one_in(3) ? HV_FILE_READ_AGAIN : (uint32_t)below(8);
	for (unsigned i = 0; i < HV_FILE_READ_MAX; i++)
		call->frames[i].v = below(RAM_SIZE / 2) & -HV_PAGE_SIZE;
	if (one_in(6))
		call->file = HV_FILE_VDSO;
	if (one_in(4))
		call->n = (uint32_t)calls_any_number();
	if (one_in(8))
		call->want = HV_FILE_READ_NONE;
	if (one_in(4))
		call->offset = calls_any_number();
	if (one_in(4))
		call->frames[below(4)].v = memory_any_frame();
}

static void fill_fault(struct hv_fault *f)
{
	for (unsigned i = 0; i < sizeof(*f) / 8; i++)
		((uint64_t *)f)[i] = calls_any_number();
	f->seq = one_in(2000) ? chance() : ++fault_seq;
	f->file = (uint32_t)below(5);
	f->map_kind = (uint32_t)below(HV_MAP_KINDS + 1);
	f->outcome = (uint16_t)below(HV_FAULT_OUTCOMES + 2);
}

static void fill_ring(void)
{
	uint64_t at = ((struct hv_boot *)(machine.ram + BOOT_GPA))->ring.v;
	struct hv_ring *ring;

	if (!at || at > RAM_SIZE - HV_PAGE_SIZE)
		return;
	ring = (void *)(machine.ram + (at & -8ull));
	for (ring->count = 0; ring->count < 8; ring->count++)
		fill_fault(&ring->records[ring->count]);
	if (one_in(500))
		ring->count = (uint32_t)chance();
}

static void fill_file_get(struct hv_call_file_get *call)
{
	call->fd = one_in(12) ? (int32_t)chance() : (int32_t)below(44);
	call->prot = (uint32_t)below(8);
	call->map_flags = one_in(3) ? MAP_PRIVATE : MAP_SHARED;
	if (one_in(8))
		call->map_flags = (uint32_t)chance();
}

static void fill_file_op(struct hv_call_file_op *call)
{
	call->file = (uint32_t)below(8);
	call->op = (uint32_t)below(6);
	call->start = one_in(3) ? calls_any_number() : 0;
	call->end = one_in(3) ? calls_any_number() : 8192;
}

static void fill_signal(struct hv_call_signal *call)
{
	call->sig = one_in(4) ? (int32_t)chance() : (int32_t)below(66);
	call->code = (int32_t)calls_any_number();
	call->addr = calls_any_address();
}

/* Arguments and number of a hypercall. */
static void make_call(uint32_t nr)
{
	struct hv_call_page_s *page = call_page();

	switch (nr) {
	case HV_CALL_SYSCALL:
		if (!opened && calls_prologue(&vcpu_area()->regs, nr_opened++))
			break;
		opened = true;
		calls_random(&vcpu_area()->regs);
		break;
	case HV_CALL_FILE_READ:
	case HV_CALL_FILE_WRITE:
		fill_file_read(&page->file_read);
		break;
	case HV_CALL_FILE_GET:
		fill_file_get(&page->file_get);
		break;
	case HV_CALL_FILE_PUT:
		page->file_put.file =
			one_in(8) ? HV_FILE_VDSO : (uint32_t)below(6);
		break;
	case HV_CALL_FILE_OP:
		fill_file_op(&page->file_op);
		break;
	case HV_CALL_FAULT_LOG:
		fill_fault(&page->fault);
		break;
	case HV_CALL_RING_FULL:
		fill_ring();
		break;
	case HV_CALL_SIGNAL:
		fill_signal(&page->signal);
		break;
	case HV_CALL_BANK_ONLINE:
		page->bank.bank = (uint32_t)calls_any_number();
		break;
	case HV_CALL_PAGE_ZERO:
	case HV_CALL_PAGE_COPY:
		page->page.dst.v = below(RAM_SIZE) & -HV_PAGE_SIZE;
		page->page.src.v = one_in(50) ? memory_any_frame() : 0;
		break;
	default: /* whatever is there: PRINT, PANIC, EXIT */
		break;
	}
	hypercall(nr);
}

/* One of those; each as often as it is named. */
static void call_one_of(const uint8_t *nrs, size_t n)
{
	make_call(nrs[below(n)]);
}

static void call_in_state(enum state state)
{
	static const uint8_t running[] = {
		HV_CALL_FILE_GET,  HV_CALL_FILE_GET,  HV_CALL_FILE_GET,
		HV_CALL_FILE_READ, HV_CALL_FILE_READ, HV_CALL_FILE_WRITE,
		HV_CALL_FILE_PUT,  HV_CALL_FILE_OP,   HV_CALL_FAULT_LOG,
		HV_CALL_RING_FULL, HV_CALL_PAGE_ZERO, HV_CALL_BANK_ONLINE};
	static const uint8_t asked[] = {HV_CALL_FILE_READ, HV_CALL_FILE_WRITE,
					HV_CALL_FILE_OP, HV_CALL_PAGE_COPY};
	static const uint8_t ending[] = {HV_CALL_FILE_WRITE, HV_CALL_FILE_PUT,
					 HV_CALL_FILE_OP, HV_CALL_EXIT};

	if (state == RUNNING && one_in(200))
		make_call(HV_CALL_SIGNAL);
	else if (state == RUNNING)
		call_one_of(running, sizeof(running));
	else if (state == ENDING)
		call_one_of(ending, sizeof(ending));
	else if (state == DESCRIBE)
		make_call(HV_CALL_PAGE_ZERO);
	else
		call_one_of(asked, sizeof(asked));
}

/* ---- Answers ------------------------------------------------------------ */

static void answer(enum state state, bool honest)
{
	struct hv_call_page_s *page = call_page();
	bool done = false;

	if (state == DESCRIBE) {
		answer_describe(&page->describe, honest);
	} else if (state == FAULT_IN) {
		done = (honest || one_in(2)) && memory_map(page->upcall_va);
		page->upcall_done.result = done || one_in(3) ? 0 : -14;
	} else {
		page->upcall_done.result = honest ? 0 : (int32_t)chance();
	}
	hypercall(HV_CALL_UPCALL_DONE);
}

static enum state state_now(void)
{
	static const enum state states[] = {
		[HV_STATUS_DONE] = RUNNING, [HV_STATUS_FAULT_IN] = FAULT_IN,
		[HV_STATUS_EXIT] = ENDING,  [HV_STATUS_DESCRIBE] = DESCRIBE,
		[HV_STATUS_FILE] = FILE_OP, [HV_STATUS_MM] = MM,
	};
	static enum state state;
	uint32_t status = call_page()->status;

	if (!exec_done)
		return BOOTING;
	if (has_called) /* else it may have been scribbled over */
		state = status <= HV_STATUS_MM ? states[status] : RUNNING;
	return state;
}

/* ---- Random lives ------------------------------------------------------- */

static void random_step(enum state state)
{
	static bool running; /* EXEC has been answered */

	running |= state == RUNNING;
	if (one_in(16))
		memory_scribble();
	else if (one_in(60))
		memory_init(); /* or soon nothing of the program is left */
	if (one_in(40))
		call_page()->user_root.v = memory_root();
	else if (one_in(400))
		call_page()->user_root.v = memory_any_frame();
	if (one_in(3000))
		odd_exit();
	else if (one_in(2000))
		make_call((uint32_t)below(HV_CALL_NR + 2));
	else if (state == BOOTING && !one_in(4))
		hypercall(HV_CALL_EXEC);
	else if (state == BOOTING)
		make_call(HV_CALL_FILE_READ);
	else if (state == RUNNING && !one_in(3))
		make_call(HV_CALL_SYSCALL);
	else if (state == RUNNING || state == ENDING || one_in(6))
		call_in_state(state);
	else
		answer(state, !one_in(running ? 5 : 200));
}

/* ---- Probing lives ------------------------------------------------------ */

static void syscall_of(uint64_t nr, uint64_t a, uint64_t b, uint64_t c)
{
	struct hv_regs *regs = &vcpu_area()->regs;

	regs->rax = nr;
	regs->rdi = a;
	regs->rsi = b;
	regs->rdx = c;
	hypercall(HV_CALL_SYSCALL);
}

/* A memfd that is mapped shared: the next fsync asks for its pages. */
static void towards_file(void)
{
	struct hv_call_file_get *get = &call_page()->file_get;
	static uint64_t fd;

	switch (setup++) {
	case 0:
		memory_put(0x10000000, "x", 2);
		syscall_of(SYS_memfd_create, 0x10000000, 0, 0);
		break;
	case 1:
		fd = vcpu_area()->regs.rax;
		syscall_of(SYS_ftruncate, fd, 8192, 0);
		break;
	case 2:
		*get = (struct hv_call_file_get){
			.fd = (int32_t)fd,
			.prot = PROT_READ | PROT_WRITE,
			.map_flags = MAP_SHARED,
		};
		hypercall(HV_CALL_FILE_GET);
		break;
	default:
		syscall_of(SYS_fsync, fd, 0, 0);
	}
}

/* An exec of itself, which needs a new address space. */
static void towards_mm(void)
{
	static const char path[] = "/proc/self/exe";

	memory_put(0x10000000, path, sizeof(path));
	syscall_of(SYS_execve, 0x10000000, 0, 0);
}

static void towards(enum state state)
{
	memory_map(0x10000000);
	if (state == FAULT_IN)
		syscall_of(SYS_uname, 0x20000000, 0, 0);
	else if (state == DESCRIBE)
		syscall_of(SYS_getrusage, 0, 0x10000000, 0);
	else if (state == FILE_OP)
		towards_file();
	else if (state == MM)
		towards_mm();
	else
		syscall_of(SYS_exit_group, 0, 0, 0);
}

/* Zeros will do; but pages of the host's own file, to where no frame begins. */
static void fill_probe(void)
{
	memset(&call_page()->text, 0, 400);
	if (probe_nr == HV_CALL_FILE_READ)
		call_page()->file_read = (struct hv_call_file_read){
			.file = HV_FILE_VDSO,
			.n = 1,
			.frames = {{RAM_SIZE / 2 + 1}},
		};
}

static void probing_step(enum state state)
{
	if (probed) {
		survived = true;
		end();
	} else if (state == target) {
		probed = true;
		fill_probe();
		if (probe_nr)
			hypercall(probe_nr);
		else
			out(HV_PORT_PROBE, 1);
	} else if (state == BOOTING) {
		hypercall(HV_CALL_EXEC);
	} else if (state == RUNNING) {
		towards(target);
	} else {
		answer(state, true);
	}
}

void guest_step(void)
{
	if (++steps > steps_max) {
		end();
	} else if (!booted) {
		booted = true;
		memory_init();
		call_page()->user_root.v = memory_root();
		out(HV_PORT_PROBE, 1);
	} else if (probing) {
		probing_step(state_now());
	} else {
		random_step(state_now());
	}
}
