/*
 * level.c: a kernel at CPL 3, behind the gate. No privileged instruction here.
 */
#include "level.h"

#include <stddef.h>

#include "arch.h"
#include "cpu.h"
#include "hv_boot.h"
#include "hv_call.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "lock.h"

#define KERNEL_SLOT 511 /* PML4 slot of the gate in a user root */

static struct {
	uint64_t gate; /* entry KERNEL_SLOT of a user root */
	hv_gpa_t kernel_root;
	uint64_t flushed_pages, flushed_all;
} level;

void level_gate_call(uint32_t nr);
const char *level_leave(void);

/* gate.S: what INT3 does, by rax. */
extern const char leave_plain[], leave_store[], leave_store_log[],
	leave_forward[];
void level_resume(void);

void level_init(const struct hv_boot *boot)
{
	level.gate = boot->gate;
	level.kernel_root = boot->root;
	cpu_this()->in_kernel = true;
}

/* The flag is native; asking CR3 at CPL 0 would not be. */
bool level_trap_in_kernel(const struct hv_regs *regs)
{
	struct cpu *cpu = cpu_this();
	bool nested = cpu->in_kernel || !(regs->cs & 3);

	cpu->in_kernel = true;
	return nested;
}

uint64_t level_fault_address(void)
{
	return cpu_this()->fault_address;
}

static void log_if_due(struct cpu *cpu)
{
	if (!cpu->log_due)
		return;
	cpu->log_due = false;
	level_gate_call(HV_CALL_FAULT_LOG);
}

void level_hypercall(enum hv_call_nr nr)
{
	struct cpu *cpu = cpu_this();

	level_store_pending(cpu);
	log_if_due(cpu);
	level_gate_call(nr);
}

/* The way out may take it along: one trap, not two. */
void level_fault_log(void)
{
	cpu_this()->log_due = true;
}

void level_log_now(void)
{
	log_if_due(cpu_this());
}

/* Done on the way out, so that the way back is not through the kernel. */
bool level_forward_syscall(void)
{
	cpu_this()->forward_due = true;
	return false;
}

/* Back in the kernel, by the host's will: before task_resume. */
void level_resume(void)
{
	struct hv_vcpu_area *area = cpu_area();

	cpu_this()->in_kernel = true;
	area->gate.user_root = area->call.user_root.v;
}

/* See level_leave. */
void level_end(void)
{
}

/*
 * The gate must not store or log what others may look at: the lock is free
 * then. A call that is forwarded goes to the host with the lock.
 */
static void give_lock(struct cpu *cpu)
{
	level_store_pending(cpu);
	log_if_due(cpu);
	if (!cpu->forward_due)
		lock_give_many();
}

/* Called by entry.S when all is done: which way out. */
const char *level_leave(void)
{
	struct cpu *cpu = cpu_this();
	const char *way = leave_plain;

	if (lock_is_needed())
		give_lock(cpu);

	cpu->leave_entry = NULL;
	if (cpu->forward_due) {
		level_store_pending(cpu);
		cpu->forward_due = false;
		way = leave_forward;
	}
	if (cpu->pending_entry) {
		way = cpu->log_due ? leave_store_log : leave_store;
		cpu->leave_entry = cpu->pending_entry;
		cpu->leave_value = cpu->pending_value;
		cpu->pending_entry = NULL;
		cpu->log_due = false;
	}
	log_if_due(cpu);
	cpu->in_kernel = false;
	return way;
}

void arch_page_zero(hv_gpa_t page)
{
	void *dst = arch_phys_to_virt(page);
	uint64_t n = HV_PAGE_SIZE / 8;

	__asm__ volatile("rep stosq" : "+D"(dst), "+c"(n) : "a"(0) : "memory");
}

void arch_page_copy(hv_gpa_t to, hv_gpa_t from)
{
	void *dst = arch_phys_to_virt(to);
	const void *src = arch_phys_to_virt(from);
	uint64_t n = HV_PAGE_SIZE / 8;

	__asm__ volatile("rep movsq"
			 : "+D"(dst), "+S"(src), "+c"(n)
			 :
			 : "memory");
}

void arch_root_init(pte_t *root)
{
	root[KERNEL_SLOT].v = level.gate;
}

pte_t arch_pte_take(pte_t *p)
{
	level_store_pending(cpu_this());
	return (pte_t){__atomic_exchange_n(&p->v, 0, __ATOMIC_SEQ_CST)};
}

bool arch_root_is_used(hv_gpa_t root)
{
	return cpu_area()->call.user_root.v == root.v;
}

void arch_root_use(hv_gpa_t root)
{
	cpu_area()->gate.user_root = root.v ? root.v : level.kernel_root.v;
}

/*
 * The way out loads CR3, which flushes all: nothing to do but to see that the
 * changed entry is in memory before its table or frame is used again.
 */
void tlb_flush_page(uint64_t va)
{
	(void)va;
	level.flushed_pages++;
	level_store_pending(cpu_this());
}

void tlb_flush_range(uint64_t start, uint64_t end)
{
	level.flushed_pages += (end - start) / HV_PAGE_SIZE;
	level_store_pending(cpu_this());
}

void tlb_flush_all(void)
{
	level.flushed_all++;
	level_store_pending(cpu_this());
}

void tlb_flush_counts(uint64_t *page, uint64_t *all)
{
	*page = level.flushed_pages;
	*all = level.flushed_all;
}
