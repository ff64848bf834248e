/*
 * futex.h: what else than its calls needs futexes.
 */
#ifndef FUTEX_H
#define FUTEX_H

struct thread;

/*
 * Its address space is going to be left, by its end or by exec: its robust
 * list, and clear_tid. In the thread, while a call of it is served.
 */
void futex_thread_end(struct thread *t);

#endif
