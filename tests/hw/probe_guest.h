/*
 * probe_guest.h: where things lie in the probe's guest, for C and assembler.
 *
 * 4 MiB of RAM, mapped 1:1 by 4 KiB pages. KCODE and the tables are for the
 * supervisor only, UCODE, USTACK and UDATA for CPL 3 too; the pages from TOUCH
 * on are absent, but their entries hold a frame number already: TOUCH_N frames
 * are there, each at two addresses, at TOUCH and again at ALIAS.
 */
#ifndef PROBE_GUEST_H
#define PROBE_GUEST_H

#define RAM_SIZE 0x400000
#define PML4	 0x1000
#define PDPT	 0x2000
#define PDIR	 0x3000
#define PTAB	 0x4000 /* two tables in a row: 1024 entries */
#define GDT	 0x6000
#define IDT	 0x7000
#define TSS	 0x8000
#define KSTACK	 0xb000 /* top */
#define USTACK	 0xd000 /* top */
#define KCODE	 0x10000
#define UCODE	 0x20000
#define UDATA	 0x30000
#define TOUCH	 0x200000
#define TOUCH_N	 255
#define ALIAS	 (TOUCH + TOUCH_N * 0x1000)
#define MMIO_VA	 0x3ff000
#define MMIO_GPA 0x10000000

/* Exits: the port of an OUT. A vector that nobody handles is PORT_VEC + it. */
#define PORT_DONE  0x20
#define PORT_LSTAR 0x21
#define PORT_COUNT 0x22
#define PORT_VEC   0x40

#endif
