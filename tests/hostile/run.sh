#!/bin/sh
# run.sh BUILD ROUNDS SEED: the VMM against a hostile guest (hostile.h), as TAP.
#
# Runs where nothing of this machine can be reached: namespaces of its own, an
# empty /tmp, and nobody's rights where it began with root's.
set -u
build=$1 rounds=$2 seed=$3

if ! unshare -Urmpf true 2>/dev/null && [ "$(id -u)" != 0 ]; then
	echo "ok hostile guest # SKIP no namespaces for an ordinary user"
	exit 0
fi
[ "$(id -u)" = 0 ] && user= || user=-Ur
export build rounds seed
export ASAN_OPTIONS=exitcode=99:detect_leaks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS=exitcode=0
# shellcheck disable=SC2016 # expanded inside
exec unshare $user -mpfin --mount-proc --kill-child sh -c '
	mount -t tmpfs -o size=128m,mode=1777 none /mnt || exit 2
	cp "$build/hostile/hostile" "$build/images/hello" docs/abi.md /mnt
	mount --move /mnt /tmp && cd /tmp || exit 2
	mount -t tmpfs -o size=64m,mode=1777 none /dev/shm
	./hostile table /tmp/hello /tmp/abi.md; table=$?
	./hostile lives /tmp/hello "$rounds" "$seed" && exit $table'
