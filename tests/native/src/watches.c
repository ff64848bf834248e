/* watches.c: inotify; argument: a directory that may be written. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"

static char events[4096];

static void show_events(int fd)
{
	struct pollfd p = {fd, POLLIN, 0};
	int waiting = -1;
	ssize_t n, size;

	SHOW(poll(&p, 1, 0));
	SHOW(ioctl(fd, FIONREAD, &waiting));
	n = read(fd, events, sizeof(events));
	SHOW(n == waiting);
	for (ssize_t at = 0; at < n; at += size) {
		const struct inotify_event *e = (void *)(events + at);

		size = (ssize_t)(sizeof(*e) + e->len);
		printf("watch %d: %x %d '%s'\n", e->wd, e->mask, e->cookie != 0,
		       e->len ? e->name : "");
	}
}

static void errors(int fd)
{
	void *volatile bad = (void *)8;

	SHOW(inotify_init1(1));
	SHOW(inotify_add_watch(fd, "/", 0));
	SHOW(inotify_add_watch(99, "/", 0));
	SHOW(inotify_add_watch(99, "/", IN_OPEN));
	SHOW(inotify_add_watch(0, "/", IN_OPEN));
	SHOW(inotify_add_watch(fd, "/missing", IN_OPEN));
	SHOW(inotify_add_watch(fd, "", IN_OPEN));
	SHOW(inotify_add_watch(fd, bad, IN_OPEN));
	SHOW(inotify_add_watch(fd, "/etc/passwd", IN_OPEN | IN_ONLYDIR));
	SHOW(inotify_add_watch(fd, "/", IN_MASK_ADD | IN_MASK_CREATE));
	SHOW(inotify_rm_watch(fd, 77));
	SHOW(inotify_rm_watch(0, 1));
	SHOW(inotify_rm_watch(99, 1));
}

static void touch(const char *name)
{
	int fd = open(name, O_CREAT | O_WRONLY, 0644);

	SHOW(write(fd, "text", 4));
	SHOW(close(fd));
}

static void changes(int fd)
{
	touch("file");
	SHOW(rename("file", "other"));
	SHOW(chmod("other", 0600));
	SHOW(mkdir("dir", 0755));
	SHOW(symlink("other", "link"));
	show_events(fd);
	SHOW(inotify_add_watch(fd, "link", IN_ALL_EVENTS | IN_DONT_FOLLOW));
	SHOW(inotify_add_watch(fd, "link", IN_ATTRIB));
	SHOW(inotify_add_watch(fd, "other", IN_ATTRIB));
	SHOW(chmod("other", 0644));
	SHOW(rmdir("dir"));
	show_events(fd);
}

int main(int argc, char **argv)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), old = inotify_init();

	SHOW_OK(fd);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_GETFL) & O_NONBLOCK);
	SHOW(fcntl(old, F_GETFL) & O_NONBLOCK);
	SHOW(read(fd, events, sizeof(events)));
	errors(fd);
	SHOW(chdir(argc > 1 ? argv[1] : "."));
	SHOW(inotify_add_watch(fd, ".", IN_ALL_EVENTS));
	changes(fd);
	SHOW(inotify_rm_watch(fd, 1));
	SHOW(read(fd, events, 1));
	show_events(fd);
	SHOW(inotify_add_watch(old, ".", IN_CREATE | IN_ONESHOT));
	touch("second");
	show_events(old);
	return 0;
}
