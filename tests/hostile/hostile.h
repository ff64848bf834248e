/*
 * hostile.h: between kvm.c, which is /dev/kvm for the VMM, and guest.c, which
 * is the hostile kernel that runs in it.
 *
 * The VMM is the real one, main and all, under ASan and UBSan; what is missing
 * is the processor: each KVM_RUN is one step of guest.c.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include "hv_describe.h"
#include "hv_vcpu.h"

#define RAM_SIZE (64u << 20)

/* What a kernel has: its RAM, and the page that KVM tells an exit in. */
struct machine {
	uint8_t *ram; /* RAM_SIZE bytes; NULL until the VMM has given it */
	struct kvm_run *run;
};
extern struct machine machine;

/* The VMM enters its guest for the first time. */
void life_begins(void);

/* ---- guest.c ------------------------------------------------------------ */

/* States of the contract: the columns of the table in docs/abi.md. */
enum state {
	BOOTING,
	RUNNING,
	FAULT_IN,
	DESCRIBE,
	FILE_OP,
	MM,
	ENDING,
	STATES
};

/* A random life: of so many steps. */
void guest_start_random(uint64_t seed, unsigned steps);
/*
 * An honest life, until `state` is reached; then hypercall nr (0: the probe).
 */
void guest_start_probing(enum state state, uint32_t nr);
/* Up to the next exit, which is in machine.run then. */
void guest_step(void);
/* How many so far; and whether the VMM let a probing life go on. */
unsigned guest_steps(void);
bool guest_survived(void);

/* Random numbers, repeatable. */
uint64_t chance(void);
static inline uint64_t below(uint64_t n)
{
	return chance() % n;
}
static inline bool one_in(unsigned n)
{
	return !below(n);
}

/* ---- memory.c: the guest's page tables, and what is in them -------------- */

struct hv_vcpu_area *vcpu_area(void);
/* The user root, with nothing mapped. */
void memory_init(void);
uint64_t memory_root(void);
/* Map the page at va; false: what is in the tables does not allow it. */
bool memory_map(uint64_t va);
/* Copy to the program's memory, mapping it. */
void memory_put(uint64_t va, const void *src, size_t len);
/* Change a page table, a frame or what the host has left in RAM. */
void memory_scribble(void);
/* A frame, mostly one that is in RAM. */
uint64_t memory_any_frame(void);

/* ---- calls.c: system calls of the program -------------------------------- */

/* Put a call with its arguments into the registers. */
void calls_random(struct hv_regs *regs);
/* The i-th call of those that open files; false: that was all. */
bool calls_prologue(struct hv_regs *regs, unsigned i);
/* An address of the program: mostly in mapped memory. */
uint64_t calls_any_address(void);
/* A number as likely to break something as any. */
uint64_t calls_any_number(void);

/* ---- answers.c ---------------------------------------------------------- */

/* Fill the answer to DESCRIBE in; honest: as the contract says. */
void answer_describe(struct hv_call_describe *d, bool honest);

#endif
