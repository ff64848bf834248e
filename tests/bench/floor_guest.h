/*
 * floor_guest.h: where things lie in the guest of floor.c, for C and assembler.
 *
 * 16 MiB of RAM. Kernel code, descriptors and tables are mapped 1:1 for the
 * supervisor; one page of user code; TOUCH_N pages from TOUCH_VA on, absent,
 * whose entries hold a frame number already: FRAME_N frames in turns, so that
 * no host page fault is in the floor.
 */
#ifndef FLOOR_GUEST_H
#define FLOOR_GUEST_H

#define RAM_SIZE 0x1000000
#define PML4	 0x1000
#define PDPT	 0x2000
#define PDIR	 0x3000 /* of the first GiB */
#define TOUCH_PD 0x4000 /* of the second */
#define USER_PT	 0x5000
#define GDT	 0x6000
#define IDT	 0x7000
#define TSS	 0x8000
#define KSTACK	 0xb000 /* top */
#define KCODE	 0x10000
#define UCODE	 0x20000
#define FRAMES	 0x100000
#define FRAME_N	 256
#define TOUCH_PT 0x400000 /* 512 tables: 1 GiB */
#define TOUCH_N	 0x40000
#define UCODE_VA 0x200000
#define TOUCH_VA 0x40000000

#define PORT_FAULT 0x20 /* entry number in (rdi - TOUCH_PT) / 8 */
#define PORT_DONE  0x21
#define PORT_VEC   0x40 /* a vector that nobody handles: this + it */

#endif
