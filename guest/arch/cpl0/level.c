/*
 * level.c: a kernel at CPL 0. All privileged instructions of this level are
 * here and in entry.S.
 */
#include "level.h"

#include "arch.h"
#include "cpu.h"
#include "hv_boot.h"
#include "hv_call.h"
#include "hv_const.h"
#include "hv_map.h"
#include "hv_vcpu.h"
#include "lock.h"

static struct {
	bool zero_by_host, pkeys;
	hv_gpa_t kernel_root;
	uint64_t flushed_pages, flushed_all;
} level;

/* PML4 slots of the kernel half: direct map, vmalloc, vmemmap, kernel. */
#define SLOT(va) (((va) >> 39) & 511)
static const uint16_t kernel_slots[] = {SLOT(HV_VA_DIRECT), SLOT(HV_VA_VMALLOC),
					SLOT(HV_VA_VMEMMAP),
					SLOT(HV_VA_KERNEL)};

void level_init(const struct hv_boot *boot)
{
	level.zero_by_host = boot->flags & HV_BOOT_ZERO_BY_HOST;
	level.pkeys = boot->flags & HV_BOOT_PKEYS;
	level.kernel_root = boot->root;
}

bool level_trap_in_kernel(const struct hv_regs *regs)
{
	return !(regs->cs & 3);
}

uint64_t level_fault_address(void)
{
	uint64_t va;

	__asm__ volatile("mov %%cr2, %0" : "=r"(va));
	return va;
}

void level_end(void)
{
	lock_give();
}

void level_hypercall(enum hv_call_nr nr)
{
	if (level.pkeys)
		cpu_area()->call.pkru = arch_pkru_read();
	__asm__ volatile("out %0, %1"
			 :
			 : "a"((uint32_t)nr), "N"(HV_PORT)
			 : "memory");
}

bool level_forward_syscall(void)
{
	level_hypercall(HV_CALL_SYSCALL);
	return true;
}

void level_fault_log(void)
{
	level_hypercall(HV_CALL_FAULT_LOG);
}

/* Each is logged at once. */
void level_log_now(void)
{
}

/* `nr` is PAGE_ZERO, or PAGE_COPY. */
static void page_by_host(enum hv_call_nr nr, hv_gpa_t dst, hv_gpa_t src)
{
	struct hv_call_page *call = &cpu_area()->call.page;

	call->dst = dst;
	call->src = src;
	level_hypercall(nr);
}

void arch_page_zero(hv_gpa_t page)
{
	void *dst = arch_phys_to_virt(page);
	uint64_t n = HV_PAGE_SIZE / 8;

	if (level.zero_by_host) {
		page_by_host(HV_CALL_PAGE_ZERO, page, page);
		return;
	}
	__asm__ volatile("rep stosq" : "+D"(dst), "+c"(n) : "a"(0) : "memory");
}

void arch_page_copy(hv_gpa_t to, hv_gpa_t from)
{
	void *dst = arch_phys_to_virt(to);
	const void *src = arch_phys_to_virt(from);
	uint64_t n = HV_PAGE_SIZE / 8;

	if (level.zero_by_host) {
		page_by_host(HV_CALL_PAGE_COPY, to, from);
		return;
	}
	__asm__ volatile("rep movsq"
			 : "+D"(dst), "+S"(src), "+c"(n)
			 :
			 : "memory");
}

/*
 * The slots that the kernel root has, and that no address space changes:
 * 4 entries, not a copy of 256.
 */
void arch_root_init(pte_t *root)
{
	const pte_t *kernel = arch_phys_to_virt(level.kernel_root);

	for (unsigned i = 0; i < sizeof(kernel_slots) / 2; i++)
		root[kernel_slots[i]] = kernel[kernel_slots[i]];
}

pte_t arch_pte_take(pte_t *p)
{
	return (pte_t){__atomic_exchange_n(&p->v, 0, __ATOMIC_SEQ_CST)};
}

bool arch_root_is_used(hv_gpa_t root)
{
	return cpu_area()->call.user_root.v == root.v;
}

void arch_root_use(hv_gpa_t root)
{
	if (!root.v)
		root = level.kernel_root;
	__asm__ volatile("mov %0, %%cr3" : : "r"(root.v) : "memory");
}

void tlb_flush_page(uint64_t va)
{
	level.flushed_pages++;
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

void tlb_flush_all(void)
{
	uint64_t cr3;

	level.flushed_all++;
	__asm__ volatile("mov %%cr3, %0\n\tmov %0, %%cr3"
			 : "=r"(cr3)
			 :
			 : "memory");
}

/* Above this, one reload of CR3 is cheaper (Linux tlb_single_page_flush_ceiling
 * is 33; here each INVLPG may be interpreted). */
#define FLUSH_PAGES_MAX 8

void tlb_flush_range(uint64_t start, uint64_t end)
{
	if (end - start > FLUSH_PAGES_MAX * HV_PAGE_SIZE) {
		tlb_flush_all();
		return;
	}
	for (uint64_t va = start; va < end; va += HV_PAGE_SIZE)
		tlb_flush_page(va);
}

void tlb_flush_counts(uint64_t *page, uint64_t *all)
{
	*page = level.flushed_pages;
	*all = level.flushed_all;
}
