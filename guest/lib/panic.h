/* panic.h: what the kernel does when an invariant of its own is broken. */
#ifndef PANIC_H
#define PANIC_H

/* printf-like: %s %c %d %i %u %x %lx %lu %ld %p and their widths, `#`, `0`. */
_Noreturn void panic(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/* Not assert(): always compiled in, and never about input. */
#define BUG_ON(cond)                                                           \
	do {                                                                   \
		if (__builtin_expect(!!(cond), 0))                             \
			panic("%s:%d: %s", __FILE__, __LINE__, #cond);         \
	} while (0)

#endif
