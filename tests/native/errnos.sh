#!/bin/bash
# errnos.sh BUILD: random system calls with bad arguments, on Linux and in vmm:
# the same error for each (src/badcalls.c). Run by root only, which gives up its
# rights: the calls are a nobody's, on a file system and in namespaces of their
# own, for processes and for names of the machine.
#
#   ERRNOS_SEEDS="1 2 9-20"   these seeds
#   ERRNOS_CALLS=N            calls of each (2000)
set -u
build=$1
. "$(dirname "$0")/lib.sh"
skip_all_without_kvm errnos
seeds=${ERRNOS_SEEDS:-1-3}
calls=${ERRNOS_CALLS:-2000}

skip() {
	echo "ok errnos # SKIP $1"
	exit 0
}
[ "$(id -u)" = 0 ] || skip "not root: no rights to give up"
case $(uname -r) in
6.18*) ;;
*) skip "Linux $(uname -r): other rules than 6.18" ;;
esac
if [ -z "${ERRNOS_INSIDE-}" ]; then
	unshare -mupf --mount-proc true 2>/dev/null || skip "no namespaces"
	rm -rf "$tmp"
	ERRNOS_INSIDE=1 exec unshare -mupf --mount-proc "$0" "$@"
fi

gcc -static -std=gnu11 -D_GNU_SOURCE -O1 -w -I"$common" -o "$tmp/badcalls" \
	"$here/src/badcalls.c" >&2 || exit 1
chmod 755 "$tmp" && mkdir "$tmp/fs"
mount -t tmpfs -o size=16m,mode=755 none "$tmp/fs" || skip "no mounts"
trap 'umount "$tmp/fs"; rm -rf "$tmp"' EXIT
cp "$tmp/badcalls" "$tmp/fs"

# run WHICH SEED COMMAND...
run() {
	local which=$1 seed=$2
	shift 2
	rm -rf "$tmp/fs/w"
	mkdir "$tmp/fs/w"
	chown 65534:65534 "$tmp/fs/w"
	timeout 120 "$@" "$tmp/fs/badcalls" "$tmp/fs/w" "$seed" "$calls" \
		>"$tmp/$which" 2>"$tmp/$which.err" </dev/null
	echo "status $?" >>"$tmp/$which"
}

# What differs, less what is known to; see there.
different() {
	paste -d '\n' "$tmp/linux" "$tmp/vmm" | awk -f "$here/errnos.awk"
}

cd / || exit 1
for seed in $(each_seed "$seeds"); do
	run linux "$seed"
	run vmm "$seed" "$vmm" -q --check --rw "$tmp/fs/w"
	if ! grep -qx "status 0" "$tmp/linux"; then
		echo "not ok seed $seed - on Linux: $(tail -n 1 "$tmp/linux")"
		continue
	fi
	different >"$tmp/diff"
	if [ -s "$tmp/diff" ]; then
		echo "not ok seed $seed - $(head -n 1 "$tmp/diff" | tr -d '#')"
		cat "$tmp/diff" >&2
	else
		echo "ok seed $seed, $calls calls"
	fi
done
