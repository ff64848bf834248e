/*
 * hypercall.c: what the guest kernel asks of the host. The guest is not
 * trusted: arguments are copied out of the call page before they are checked.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "biglock.h"
#include "boot.h"
#include "check_guest.h"
#include "dump.h"
#include "exec.h"
#include "faultlog.h"
#include "filepages.h"
#include "hv_boot.h"
#include "hv_call.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "hypercall.h"
#include "machine.h"
#include "mapfile.h"
#include "message.h"
#include "opening.h"
#include "owner.h"
#include "pidfd.h"
#include "registers.h"
#include "serve.h"
#include "threads.h"
#include "trace.h"
#include "walk.h"

static struct hv_call_page_s *call_page(struct vcpu *v)
{
	return &v->area->call;
}

/* The answer to a call; hypercall_end gives it if the program has ended. */
static void answer(struct vcpu *v)
{
	if (v->stopping)
		return;
	v->state = VCPU_RUNNING;
	call_page(v)->status = HV_STATUS_DONE;
}

/* The processor and the time that the vDSO tells, as of now. */
static void refresh(struct vcpu *v)
{
	vdso_refresh(&machine_of(v)->exec_host->vdso);
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
	registers_dump(v);
	vcpu_abort(v);
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
	    filepages_holes(machine_of(v), call->file, call->offset, call->n,
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
		return vdso_file_read(&machine_of(v)->exec_host->vdso,
				      call->offset, iov, (int)call->n);
	if (filepages_read(machine_of(v), call->file, call->offset, iov,
			   (int)call->n, call->want == HV_FILE_READ_AGAIN))
		return -EIO;
	call->has_orders = filepages_orders(machine_of(v), call->file,
					    call->offset, call->n, call->order);
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

		if (!frame || filepages_write(process_of(v), call->file,
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

static int file_op(struct vcpu *v, const struct hv_call_file_op *call)
{
	switch (call->op) {
	case HV_FILE_OP_SYNC:
		return filepages_sync(process_of(v), call->file, call->opened);
	case HV_FILE_OP_PIDFD:
		return pidfd_check_own(process_of(v), (int)call->file);
	default:
		return filepages_op(machine_of(v), call->file, call->op,
				    call->start, call->end);
	}
}

static void call_file_op(struct vcpu *v)
{
	struct hv_call_file_op call = call_page(v)->file_op;

	call_page(v)->file_op.result = file_op(v, &call);
}

static void call_file_get(struct vcpu *v)
{
	struct hv_call_file_get call = call_page(v)->file_get;

	call.size = 0;
	call.file = mapfile_get(process_of(v), call.fd, call.prot,
				call.map_flags, &call.size);
	call.flags = call.file > 0
			     ? mapfile_flags(process_of(v), (uint32_t)call.file,
					     call.fd, call.map_flags)
			     : 0;
	call.opened = opening_of(&process_of(v)->fds, call.fd);
	call_page(v)->file_get = call;
}

/* Records still in the ring name the file by its number. */
static void call_file_put(struct vcpu *v)
{
	uint32_t file = call_page(v)->file_put.file;

	faultlog_drain(v);
	if (file == HV_FILE_VDSO)
		vdso_file_put(&machine_of(v)->exec_host->vdso);
	else
		files_put(&machine_of(v)->files, file);
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

static void call_fault_log(struct vcpu *v)
{
	struct hv_fault record = call_page(v)->fault;

	faultlog_take(v, &record);
}

static int finish_exec(struct vcpu *v)
{
	const struct exec *e = process_of(v)->exec;
	int result;

	if (!exec_is_promised(e, &boot_info(v->vm)->commit)) {
		error("%s: its data or bss is more than this machine may "
		      "promise, so Linux ends it, too; --overcommit=1 allows "
		      "it",
		      e->program.path);
		vcpu_stop(v, SIGSEGV);
		return -ENOMEM;
	}
	result = exec_finish(process_of(v)->exec, v);
	if (result && !v->done) {
		error("the program's stack and bss cannot be written: %s",
		      strerror(-result));
		vcpu_stop(v, 126 << 8);
	}
	/* Of what prctl(2) has set, execve keeps some. */
	process_pass_limits(process_of(v), v);
	return result;
}

static void call_exec(struct vcpu *v)
{
	uint64_t tsc = call_page(v)->exec.tsc;

	v->state = VCPU_SERVING;
	vdso_check_tsc(&machine_of(v)->exec_host->vdso, tsc);
	if (machine_of(v)->trace)
		trace_start(machine_of(v)->trace, tsc);
	call_page(v)->exec.result = finish_exec(v);
	answer(v);
}

static void call_syscall(struct vcpu *v)
{
	v->state = VCPU_SERVING;
	v->leaving = v->vm->kernel_cpl == 3;
	v->regs_changed = false;
	faultlog_write(v); /* the call may block */
	serve_syscall(v->thread);
	vcpu_check_stop(v);
	if (threads_end(v))
		return;
	refresh(v);
	answer(v);
	if (v->stopping || v->regs_changed)
		vcpu_return_to_kernel(v);
	if (!v->leaving)
		return;
	v->leaving = false;
	/* `err` is the word that the gate pops into rax. */
	v->area->gate.err = v->area->regs.rax;
	vcpu_unlock(v);
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
	serve_signal(v->thread, &signal);
	if (!threads_end(v))
		answer(v);
}

/* What the user wants to see, before the guest tears down. */
static void show(struct vcpu *v, const struct machine *m)
{
	const struct dump *d = m->dump;

	if (m->trace) /* its lines come first */
		trace_flush(m->trace);
	dump_print(d, v->thread, stderr);
	if (d->layout)
		walk_layout(v, stderr);
	for (unsigned n = 0; n < d->nr_walks; n++)
		walk_print(v, m, d->walk[n], stderr);
}

void hypercall_end(struct vcpu *v)
{
	const struct machine *m = machine_of(v);

	show(v, m);
	/* Nobody wants to see the guest tear down, but to check, or to have
	 * what was written to files. */
	if (!m->check && !m->files.nr_writable)
		v->done = true;
	if (m->check && check_guest_tables(v))
		vcpu_abort(v);
	v->state = VCPU_ENDING;
	call_page(v)->status = HV_STATUS_EXIT;
}

static void call_exit(struct vcpu *v)
{
	machine_of(v)->counters = call_page(v)->exit.counters;
	machine_of(v)->have_counters = true;
	v->done = true;
}

static void call_lock(struct vcpu *v)
{
	vcpu_lock(v);
}

static void call_lock_free(struct vcpu *v)
{
	vcpu_unlock(v);
}

static void call_flush(struct vcpu *v)
{
	threads_flush(v, call_page(v)->flush.root);
}

/* ---- What is legal when ------------------------------------------------- */

#define IN(state) (1u << VCPU_##state)
#define IN_ANY	  (~0u)
#define IN_UPCALL (IN(FAULT_IN) | IN(DESCRIBE) | IN(FILE) | IN(MM))
/* Where the kernel handles a fault, and logs it. */
#define IN_FAULT (IN(RUNNING) | IN(FAULT_IN) | IN(MM))
/* Where it may have file pages to write, and the file stays what it is. */
#define IN_WRITING (IN(RUNNING) | IN(FAULT_IN) | IN(FILE) | IN(MM) | IN(ENDING))

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
	[HV_CALL_BANK_ONLINE] = {"BANK_ONLINE", call_bank_online, IN_ANY},
	[HV_CALL_FILE_READ] = {"FILE_READ", call_file_read,
			       IN(BOOTING) | IN_FAULT | IN(FILE)},
	[HV_CALL_FILE_GET] = {"FILE_GET", call_file_get, IN(RUNNING)},
	[HV_CALL_FILE_PUT] = {"FILE_PUT", call_file_put,
			      IN(RUNNING) | IN(MM) | IN(ENDING)},
	[HV_CALL_PAGE_ZERO] = {"PAGE_ZERO", call_page_zero, IN_ANY},
	[HV_CALL_PAGE_COPY] = {"PAGE_COPY", call_page_copy, IN_ANY},
	[HV_CALL_FAULT_LOG] = {"FAULT_LOG", call_fault_log, IN_FAULT},
	[HV_CALL_EXEC] = {"EXEC", call_exec, IN(BOOTING)},
	[HV_CALL_SYSCALL] = {"SYSCALL", call_syscall, IN(RUNNING)},
	[HV_CALL_UPCALL_DONE] = {"UPCALL_DONE", call_upcall_done, IN_UPCALL},
	[HV_CALL_SIGNAL] = {"SIGNAL", call_signal, IN(RUNNING)},
	[HV_CALL_EXIT] = {"EXIT", call_exit, IN(ENDING)},
	[HV_CALL_RING_FULL] = {"RING_FULL", faultlog_drain, IN_FAULT},
	[HV_CALL_FILE_WRITE] = {"FILE_WRITE", call_file_write, IN_WRITING},
	[HV_CALL_FILE_OP] = {"FILE_OP", call_file_op, IN_WRITING},
	[HV_CALL_LOCK] = {"LOCK", call_lock, IN(RUNNING)},
	[HV_CALL_LOCK_FREE] = {"LOCK_FREE", call_lock_free, IN(RUNNING)},
	[HV_CALL_FLUSH] = {"FLUSH", call_flush, IN_ANY},
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
		[VCPU_MM] = "inside the upcall MM",
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
		if (nr < HV_CALL_LOCK && nr != HV_CALL_SYSCALL && !v->idle)
			refresh(v);
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
