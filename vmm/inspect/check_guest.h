/*
 * check_guest.h: what --check looks at from outside, when the program has ended
 * and the guest has not torn down yet.
 */
#ifndef CHECK_GUEST_H
#define CHECK_GUEST_H

struct vcpu;

/*
 * Walk the page tables that v uses (check_tables.h). Returns 0, or prints one
 * line "check failed: ..." and -errno.
 */
int check_guest_tables(const struct vcpu *v);

#endif
