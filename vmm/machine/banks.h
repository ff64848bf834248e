/*
 * banks.h: how RAM is cut into banks (struct hv_bank of hv_boot.h).
 *
 * Shared by the VMM, which hands the banks to the guest, and by the hosted
 * tests of the guest's memory management, so that both see the same map.
 *
 * RAM lies in [0, 3 GiB) and, what does not fit there, from 4 GiB on. Each of
 * the two ranges is cut so that every bank doubles what there is: 64 MiB,
 * 64 MiB, 128 MiB, 256 MiB, ... The last bank of a range takes what is left.
 * So each bank starts at a multiple of its (uncut) size, and a bank of 128 MiB
 * or more has struct pages whose virtual and physical start are both multiples
 * of 2 MiB.
 *
 * [memmap, free) of a bank holds its struct pages, the first one that of frame
 * `start`, and is to be mapped whole at HV_VA_VMEMMAP: it also covers the
 * frames (which do not exist) that complete the last 4 MiB, so that the buddy
 * allocator may look at the twin of any block without asking where RAM ends.
 */
#ifndef BANKS_H
#define BANKS_H

#include <stdint.h>

#include "hv_boot.h"
#include "hv_map.h"

/*
 * Cut ram_size bytes of RAM (a multiple of 4 KiB, HV_RAM_MIN to HV_RAM_MAX)
 * into banks. [0, reserved_end) is in use already (boot structures, kernel);
 * the struct pages of bank 0 follow it, those of other banks are at their
 * heads. Returns the number of banks, or 0 if ram_size is not allowed or the
 * first bank has no room. A last bank smaller than its struct pages has
 * free == end.
 */
unsigned banks_layout(uint64_t ram_size, uint64_t reserved_end,
		      struct hv_bank banks[HV_BANKS_MAX]);

#endif
