/*
 * hypercall.c: what the guest kernel asks of the host. The guest is not
 * trusted: arguments are copied out of the call page before they are checked.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "boot.h"
#include "exec.h"
#include "message.h"
#include "sys.h"
#include "trace.h"
#include "vcpu_internal.h"

static struct hv_call_page_s *call_page(struct vcpu *v)
{
	return &v->area->call;
}

/* The answer to a call that may have ended the program. */
static void answer(struct vcpu *v)
{
	v->state = v->stopping ? VCPU_ENDING : VCPU_RUNNING;
	call_page(v)->status = v->stopping ? HV_STATUS_EXIT : HV_STATUS_DONE;
}

static void copy_text(struct vcpu *v, char *dst)
{
	struct hv_call_text text = call_page(v)->text;
	size_t len = text.len;

	len = len < sizeof(text.text) ? len : sizeof(text.text);
	memcpy(dst, text.text, len);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)dst[i] < ' ')
			dst[i] = ' ';
	dst[len] = '\0';
}

static void call_panic(struct vcpu *v)
{
	char text[sizeof(struct hv_call_text)];

	copy_text(v, text);
	error("guest kernel panic: %s", text);
	exit_dump(v);
	vcpu_abort(v);
}

static void call_print(struct vcpu *v)
{
	char text[sizeof(struct hv_call_text)];

	copy_text(v, text);
	detail("guest kernel: %s", text);
}

static void call_bank_online(struct vcpu *v)
{
	uint32_t bank = call_page(v)->bank.bank;
	int result = -EINVAL;

	if (bank < v->vm->nr_banks)
		result = vm_bank_online(v->vm, bank);
	if (result)
		error("bank %u of guest RAM: %s", bank, strerror(-result));
	call_page(v)->bank.result = result ? -ENOMEM : 0;
}

/* A frame of guest RAM, or NULL. */
static void *frame_at(struct vcpu *v, hv_gpa_t gpa)
{
	return gpa.v % HV_PAGE_SIZE
		       ? NULL
		       : guestmem_at(&v->vm->mem, gpa, HV_PAGE_SIZE);
}

static int file_read(struct vcpu *v, struct hv_call_file_read *call)
{
	struct iovec iov[HV_FILE_READ_MAX];

	call->holes = call->has_orders = 0;
	if (call->n > HV_FILE_READ_MAX || call->offset % HV_PAGE_SIZE)
		return -EINVAL;
	if (call->file != HV_FILE_VDSO &&
	    sys_file_holes(v->vm->sys, call->file, call->offset, call->n,
			   call->want, &call->holes))
		return -EIO;
	if (call->want == HV_FILE_READ_NONE)
		return 0;
	for (uint32_t i = 0; i < call->n; i++) {
		iov[i].iov_base = frame_at(v, call->frames[i]);
		iov[i].iov_len = HV_PAGE_SIZE;
		if (!iov[i].iov_base)
			return -EIO;
	}
	if (call->file == HV_FILE_VDSO)
		return vdso_file_read(&v->vm->exec->vdso, call->offset, iov,
				      (int)call->n);
	if (sys_file_readv(v->vm->sys, call->file, call->offset, iov,
			   (int)call->n, call->want == HV_FILE_READ_AGAIN))
		return -EIO;
	call->has_orders = sys_file_orders(v->vm->sys, call->file, call->offset,
					   call->n, call->order);
	return 0;
}

static void call_file_read(struct vcpu *v)
{
	struct hv_call_file_read call = call_page(v)->file_read;

	call_page(v)->file_read.result = file_read(v, &call);
	call_page(v)->file_read.holes = call.holes;
	call_page(v)->file_read.has_orders = call.has_orders;
	if (call.has_orders)
		memcpy(call_page(v)->file_read.order, call.order,
		       sizeof(call.order));
}

/* What fails is remembered there; it is no reason to lose the others too. */
static int file_write(struct vcpu *v, const struct hv_call_file_read *call)
{
	int r = 0;

	if (call->n > HV_FILE_READ_MAX)
		return -EIO;
	for (uint32_t i = 0; i < call->n; i++) {
		const void *frame = frame_at(v, call->frames[i]);

		if (!frame || sys_file_write(v->vm->sys, call->file,
					     call->offset + i * HV_PAGE_SIZE,
					     frame, HV_PAGE_SIZE))
			r = -EIO;
	}
	return r;
}

static void call_file_write(struct vcpu *v)
{
	struct hv_call_file_read call = call_page(v)->file_read;

	call_page(v)->file_read.result = file_write(v, &call);
}

static void call_file_op(struct vcpu *v)
{
	struct hv_call_file_op call = call_page(v)->file_op;

	call_page(v)->file_op.result =
		call.op == HV_FILE_OP_SYNC
			? sys_file_sync(v->vm->sys, call.file, call.opened)
			: sys_file_op(v->vm->sys, call.file, call.op,
				      call.start, call.end);
}

static void call_file_get(struct vcpu *v)
{
	struct hv_call_file_get call = call_page(v)->file_get;

	call.size = 0;
	call.file = sys_file_get(v->vm->sys, call.fd, call.prot, call.map_flags,
				 &call.size);
	call.flags = call.file > 0
			     ? sys_file_flags(v->vm->sys, (uint32_t)call.file,
					      call.fd, call.map_flags)
			     : 0;
	call.opened = sys_file_opening(v->vm->sys, call.fd);
	call_page(v)->file_get = call;
}

/* Records still in the ring name the file by its number. */
static void call_file_put(struct vcpu *v)
{
	uint32_t file = call_page(v)->file_put.file;

	hypercall_drain_ring(v);
	if (file == HV_FILE_VDSO)
		vdso_file_put(&v->vm->exec->vdso);
	else
		sys_file_put(v->vm->sys, file);
}

static void bad_frame(struct vcpu *v, hv_gpa_t gpa)
{
	error("guest kernel: %#lx is no frame of RAM", gpa.v);
	vcpu_abort(v);
}

static void call_page_zero(struct vcpu *v)
{
	hv_gpa_t dst = call_page(v)->page.dst;
	void *page = frame_at(v, dst);

	if (page)
		memset(page, 0, HV_PAGE_SIZE);
	else
		bad_frame(v, dst);
}

static void call_page_copy(struct vcpu *v)
{
	struct hv_call_page call = call_page(v)->page;
	void *dst = frame_at(v, call.dst);
	void *src = frame_at(v, call.src);

	if (dst && src)
		memmove(dst, src, HV_PAGE_SIZE);
	else
		bad_frame(v, dst ? call.src : call.dst);
}

/* One bad record ends the guest: the log must not be trusted then. */
static void log_fault(struct vcpu *v, const struct hv_fault *record)
{
	if (!v->vm->trace || !trace_fault(v->vm->trace, record))
		return;
	error("fault records were lost before number %lu: a bug of vmm",
	      record->seq);
	vcpu_abort(v);
}

static void call_fault_log(struct vcpu *v)
{
	struct hv_fault record = call_page(v)->fault;

	log_fault(v, &record);
}

/* What came into the ring since the last time. */
static void log_ring(struct vcpu *v)
{
	struct vm *vm = v->vm;
	uint64_t room = vm->ring_size / sizeof(struct hv_fault) - 1;
	uint32_t count = __atomic_load_n(&vm->ring->count, __ATOMIC_ACQUIRE);

	if (count > room) {
		error("guest kernel: %u records in a ring for %lu", count,
		      room);
		vcpu_abort(v);
		return;
	}
	while (vm->ring_logged < count) {
		struct hv_fault record = vm->ring->records[vm->ring_logged++];

		log_fault(v, &record);
	}
}

void hypercall_drain_ring(struct vcpu *v)
{
	if (!v->vm->ring)
		return;
	log_ring(v);
	v->vm->ring->count = 0;
	v->vm->ring_logged = 0;
}

void hypercall_write_log(struct vcpu *v)
{
	if (v->vm->ring)
		log_ring(v);
	if (v->vm->trace)
		trace_flush(v->vm->trace);
}

static int finish_exec(struct vcpu *v)
{
	const struct exec *e = v->vm->exec;
	int result;

	if (!exec_is_promised(e, &boot_info(v->vm)->commit)) {
		error("%s: its data or bss is more than this machine may "
		      "promise, so Linux ends it, too; --overcommit=1 allows "
		      "it",
		      e->program.path);
		vcpu_stop(v, SIGSEGV);
		return -ENOMEM;
	}
	result = exec_finish(v->vm->exec, v);
	if (result && !v->done) {
		error("the program's stack and bss cannot be written: %s",
		      strerror(-result));
		vcpu_stop(v, 126 << 8);
	}
	/* Of what prctl(2) has set, execve keeps some. */
	sys_pass_limits(v->vm->sys, v);
	return result;
}

static void call_exec(struct vcpu *v)
{
	uint64_t tsc = call_page(v)->exec.tsc;

	v->state = VCPU_SERVING;
	vdso_check_tsc(&v->vm->exec->vdso, tsc);
	if (v->vm->trace)
		trace_start(v->vm->trace, tsc);
	call_page(v)->exec.result = finish_exec(v);
	answer(v);
}

static void call_syscall(struct vcpu *v)
{
	v->state = VCPU_SERVING;
	v->leaving = v->vm->kernel_cpl == 3;
	v->regs_changed = false;
	hypercall_write_log(v); /* the call may block */
	sys_serve(v->vm->sys, v);
	vcpu_check_stop(v);
	answer(v);
	if (v->stopping || v->regs_changed)
		vcpu_return_to_kernel(v);
	if (v->leaving) /* `err` is the word that the gate pops into rax */
		v->area->gate.err = v->area->regs.rax;
	v->leaving = false;
}

static void call_upcall_done(struct vcpu *v)
{
	v->upcall_result = call_page(v)->upcall_done.result ? -EFAULT : 0;
	v->state = VCPU_SERVING;
}

static void call_signal(struct vcpu *v)
{
	struct hv_call_signal signal = call_page(v)->signal;

	v->state = VCPU_SERVING;
	sys_signal(v->vm->sys, v, &signal);
	answer(v);
}

static void call_exit(struct vcpu *v)
{
	v->vm->counters = call_page(v)->exit.counters;
	v->vm->have_counters = true;
	v->done = true;
}

/* ---- What is legal when ------------------------------------------------- */

#define IN(state) (1u << VCPU_##state)
#define IN_ANY	  (~0u)
#define IN_UPCALL (IN(FAULT_IN) | IN(DESCRIBE) | IN(FILE))
/* Where the kernel handles a fault, and logs it. */
#define IN_FAULT (IN(RUNNING) | IN(FAULT_IN))
/* Where it may have file pages to write, and the file stays what it is. */
#define IN_WRITING (IN(RUNNING) | IN(FAULT_IN) | IN(FILE) | IN(ENDING))

/*
 * Inside an upcall the host is in the middle of a call: nothing is legal there
 * that changes the tables of files and descriptors, or starts another call.
 * docs/abi.md has the same table.
 */
static const struct {
	const char *name;
	void (*fn)(struct vcpu *v);
	unsigned legal; /* set of enum vcpu_state */
} call_table[HV_CALL_NR] = {
	[HV_CALL_PANIC] = {"PANIC", call_panic, IN_ANY},
	[HV_CALL_PRINT] = {"PRINT", call_print, IN_ANY},
	[HV_CALL_BANK_ONLINE] = {"BANK_ONLINE", call_bank_online, IN_ANY},
	[HV_CALL_FILE_READ] = {"FILE_READ", call_file_read,
			       IN(BOOTING) | IN_FAULT | IN(FILE)},
	[HV_CALL_FILE_GET] = {"FILE_GET", call_file_get, IN(RUNNING)},
	[HV_CALL_FILE_PUT] = {"FILE_PUT", call_file_put,
			      IN(RUNNING) | IN(ENDING)},
	[HV_CALL_PAGE_ZERO] = {"PAGE_ZERO", call_page_zero, IN_ANY},
	[HV_CALL_PAGE_COPY] = {"PAGE_COPY", call_page_copy, IN_ANY},
	[HV_CALL_FAULT_LOG] = {"FAULT_LOG", call_fault_log, IN_FAULT},
	[HV_CALL_EXEC] = {"EXEC", call_exec, IN(BOOTING)},
	[HV_CALL_SYSCALL] = {"SYSCALL", call_syscall, IN(RUNNING)},
	[HV_CALL_UPCALL_DONE] = {"UPCALL_DONE", call_upcall_done, IN_UPCALL},
	[HV_CALL_SIGNAL] = {"SIGNAL", call_signal, IN(RUNNING)},
	[HV_CALL_EXIT] = {"EXIT", call_exit, IN(ENDING)},
	[HV_CALL_RING_FULL] = {"RING_FULL", hypercall_drain_ring, IN_FAULT},
	[HV_CALL_FILE_WRITE] = {"FILE_WRITE", call_file_write, IN_WRITING},
	[HV_CALL_FILE_OP] = {"FILE_OP", call_file_op, IN_WRITING},
};

static void illegal(struct vcpu *v, const char *what)
{
	static const char *const states[] = {
		[VCPU_BOOTING] = "while it boots",
		[VCPU_RUNNING] = "while the program runs",
		[VCPU_SERVING] = "while it waits for the host",
		[VCPU_FAULT_IN] = "inside the upcall FAULT_IN",
		[VCPU_DESCRIBE] = "inside the upcall DESCRIBE",
		[VCPU_FILE] = "inside the upcall FILE",
		[VCPU_ENDING] = "after the program's end",
	};

	error("guest kernel: %s %s: the contract forbids it", what,
	      states[v->state]);
	vcpu_abort(v);
}

void hypercall_dispatch(struct vcpu *v, uint32_t nr)
{
	char what[40];

	if (nr < HV_CALL_NR && call_table[nr].legal >> v->state & 1) {
		call_table[nr].fn(v);
		vdso_refresh(&v->vm->exec->vdso);
		return;
	}
	snprintf(what, sizeof(what), "hypercall %u (%s)", nr,
		 nr < HV_CALL_NR && call_table[nr].fn ? call_table[nr].name
						      : "unknown");
	illegal(v, what);
}

void hypercall_probe(struct vcpu *v, uint32_t ticks)
{
	if (v->state != VCPU_BOOTING)
		illegal(v, "the probe");
	else if (boot_set_kind(v->vm, v, ticks))
		vcpu_abort(v);
}
