/*
 * stop.h: signals by which somebody ends vmm: SIGINT, SIGTERM, SIGHUP, SIGQUIT,
 * SIGUSR1, SIGUSR2, SIGALRM.
 *
 * The guest is stopped at the next safe point, so that the log is written in
 * full and closed; then vmm ends by that signal. A call of the program that
 * blocks in the host returns -EINTR to its handler, which must give up if
 * stop_signal() says so.
 */
#ifndef STOP_H
#define STOP_H

#include <stdint.h>

/* Catch those that are not ignored. immediate_exit: kvm_run's. */
void stop_init(volatile uint8_t *immediate_exit);

/* The signal that came, or 0. */
int stop_signal(void);

#endif
