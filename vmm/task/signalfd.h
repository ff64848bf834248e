/*
 * signalfd.h: descriptors that are readable while signals wait (Linux
 * fs/signalfd.c). Behind each is an eventfd of the host, so that one can wait
 * for it as for any other; it is kept readable while the process, or any thread
 * of it, has such a signal. Reading takes signals, and never the eventfd's
 * count; a process made by fork has its own (fdtable_copy), as what one reads
 * there are the signals of whoever reads.
 */
#ifndef SIGNALFD_H
#define SIGNALFD_H

#include <stdbool.h>
#include <stdint.h>

struct process;

/* Its number in p's table, or -errno. `set` never has KILL and STOP. */
int signalfd_new(struct process *p, uint64_t set, bool cloexec, bool nonblock);
/* Another set, for all copies of fd in p's table; fd is a signalfd. */
void signalfd_change(struct process *p, int fd, uint64_t set);

#endif
