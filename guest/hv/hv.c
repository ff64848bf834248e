/*
 * hv.c: hypercalls. Arguments go to the vCPU's call page, then one trap.
 */
#include "hv.h"

#include "arch.h"
#include "cpu.h"
#include "hv_vcpu.h"
#include "level.h"

static struct hv_call_page_s *call_page(void)
{
	return &cpu_area()->call;
}

int hv_bank_online(unsigned i)
{
	struct hv_call_bank *call = &call_page()->bank;

	call->bank = i;
	level_hypercall(HV_CALL_BANK_ONLINE);
	return call->result;
}

/* Both ways between a file and n frames have the same arguments. */
static int file_frames(enum hv_call_nr nr, uint32_t file, uint64_t offset,
		       unsigned n, const hv_gpa_t *frames)
{
	struct hv_call_file_read *call = &call_page()->file_read;

	call->file = file;
	call->offset = offset;
	call->n = n;
	for (unsigned i = 0; i < n; i++)
		call->frames[i] = frames[i];
	level_hypercall(nr);
	return call->result;
}

int hv_file_read(uint32_t file, uint64_t offset, unsigned n, unsigned want,
		 const hv_gpa_t *frames, uint64_t *holes)
{
	struct hv_call_file_read *call = &call_page()->file_read;
	int result;

	call->want = want;
	result = file_frames(HV_CALL_FILE_READ, file, offset, n, frames);
	*holes = call->holes;
	return result;
}

const uint8_t *hv_file_orders(void)
{
	const struct hv_call_file_read *call = &call_page()->file_read;

	return call->has_orders ? call->order : NULL;
}

uint64_t hv_file_holes(uint32_t file, uint64_t offset, unsigned n)
{
	struct hv_call_file_read *call = &call_page()->file_read;

	call->file = file;
	call->offset = offset;
	call->n = n;
	call->want = HV_FILE_READ_NONE;
	level_hypercall(HV_CALL_FILE_READ);
	return call->holes;
}

void hv_file_write(uint32_t file, uint64_t offset, unsigned n,
		   const hv_gpa_t *frames)
{
	file_frames(HV_CALL_FILE_WRITE, file, offset, n, frames);
}

int hv_file_op(uint32_t file, uint32_t op, uint64_t start, uint64_t end)
{
	struct hv_call_file_op *call = &call_page()->file_op;

	call->file = file;
	call->op = op;
	call->start = start;
	call->end = end;
	level_hypercall(HV_CALL_FILE_OP);
	return call->result;
}

int hv_file_get(int fd, uint32_t prot, uint32_t map_flags,
		struct hv_call_file_get *out)
{
	struct hv_call_file_get *call = &call_page()->file_get;

	call->fd = fd;
	call->prot = prot;
	call->map_flags = map_flags;
	level_hypercall(HV_CALL_FILE_GET);
	*out = *call;
	return call->file;
}

int hv_file_sync(uint32_t file, uint32_t opened)
{
	call_page()->file_op.opened = opened;
	return hv_file_op(file, HV_FILE_OP_SYNC, 0, 0);
}

void hv_file_put(uint32_t file)
{
	call_page()->file_put.file = file;
	level_hypercall(HV_CALL_FILE_PUT);
}

void hv_flush(hv_gpa_t root)
{
	call_page()->flush.root = root;
	level_hypercall(HV_CALL_FLUSH);
}

void hv_fault_log(void)
{
	level_fault_log();
}

void hv_panic(const char *text)
{
	struct hv_call_text *call = &call_page()->text;
	uint32_t len = 0;

	while (len < sizeof(call->text) && text[len]) {
		call->text[len] = text[len];
		len++;
	}
	call->len = len;
	for (;;)
		level_hypercall(HV_CALL_PANIC);
}

/* The host may interrupt its work any number of times to ask for a page. */
bool hv_answer_upcalls(const struct hv_upcalls *up)
{
	struct hv_call_page_s *page = call_page();

	for (;; level_hypercall(HV_CALL_UPCALL_DONE)) {
		if (page->status == HV_STATUS_FAULT_IN) {
			int result = up->fault_in(page->upcall_va,
						  page->upcall_access);

			page->upcall_done.result = result;
		} else if (page->status == HV_STATUS_DESCRIBE) {
			up->describe(&page->describe);
		} else if (page->status == HV_STATUS_FILE) {
			int result = up->file(&page->file_upcall);

			page->upcall_done.result = result;
		} else if (page->status == HV_STATUS_MM) {
			int result = up->mm(&page->mm_upcall);

			page->upcall_done.result = result;
		} else {
			break;
		}
	}
	return page->status == HV_STATUS_DONE;
}

static bool call_with_upcalls(enum hv_call_nr nr, const struct hv_upcalls *up)
{
	level_hypercall(nr);
	return hv_answer_upcalls(up);
}

bool hv_exec(const struct hv_upcalls *up, int *result)
{
	bool alive;

	call_page()->exec.tsc = arch_tsc();
	alive = call_with_upcalls(HV_CALL_EXEC, up);

	*result = call_page()->exec.result;
	return alive;
}

bool hv_signal(const struct hv_call_signal *signal, const struct hv_upcalls *up)
{
	call_page()->signal = *signal;
	return call_with_upcalls(HV_CALL_SIGNAL, up);
}

void hv_exit(const struct hv_counters *counters)
{
	call_page()->exit.counters = *counters;
	for (;;)
		level_hypercall(HV_CALL_EXIT);
}
