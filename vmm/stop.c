/*
 * stop.c: see stop.h.
 *
 * A signal that comes just before a blocking call would not end it; so after
 * the first one an alarm comes each second, until vmm has ended.
 */
#include "stop.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t came;
static volatile uint8_t *exit_flag;

static void on_signal(int sig)
{
	if (!came)
		came = sig;
	*exit_flag = 1;
	alarm(1);
}

void stop_init(volatile uint8_t *immediate_exit)
{
	static const int signals[] = {SIGINT,  SIGTERM, SIGHUP, SIGQUIT,
				      SIGUSR1, SIGUSR2, SIGALRM};
	struct sigaction action = {.sa_handler = on_signal}, old;

	exit_flag = immediate_exit;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (!sigaction(signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

int stop_signal(void)
{
	return came;
}
