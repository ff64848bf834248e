#!/bin/bash
# faults.sh BUILD: the page faults of static programs, on Linux by perf and in
# vmm by its own log, page by page; a table on stderr.
#
# What is not counted as a difference is in faults.awk. A program may have a
# few more (its allowance below), with the reason. The column "order" says how
# many faults come in the same order before the first that does not. What
# changes the order alone: the vDSO (its names are looked up in the program's
# read-only data), and that this Linux (6.18) maps at a file read, it seems, the
# whole of a large folio of the page cache, beyond the 64 KiB window.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
skip_all_without_kvm faults

# The second run is recorded: then the file is in the page cache.
linux_faults() {
	local data=$tmp/perf.data

	setarch -R "$@" >"$tmp/native.out" 2>&1
	setarch -R perf record -q -d -e page-faults -c 1 -o "$data" "$@" \
		>/dev/null 2>&1
	perf script -i "$data" --show-mmap-events 2>/dev/null |
		sed -nE 's/.*MMAP2 .*\[0x([0-9a-f]+)\(0x([0-9a-f]+)\).*: (....) (.*)$/map \1 \2 \3 \4/p'
	perf script -i "$data" -F event,addr,ip 2>/dev/null |
		awk '$1 == "page-faults:" { print "linux", $2, $3 }'
}

vmm_faults() {
	"$vmm" -q --no-aslr -o "$tmp/log" "$@" >/dev/null 2>&1
	awk '$3 ~ /^0x/ { sub(/^0x/, "", $3)
		flags = $5 ~ /^0x/ ? "-" : $5
		ip = $5 ~ /^0x/ ? $5 : $6
		sub(/^0x/, "", ip)
		print "vmm", $3, ip, flags }' "$tmp/log"
}

# compare NAME ALLOWANCE COMMAND...
compare() {
	local name=$1 allowed=$2 linux of_vmm vdso strings left same_order list

	shift 2
	{
		linux_faults "$@"
		vmm_faults "$@"
	} >"$tmp/faults"
	read -r linux of_vmm vdso strings left same_order list < <(
		awk -f "$here/faults.awk" "$tmp/faults")
	printf '%-24s %6d %6d %6d %8d %6d %7d  %s\n' "$name" "$linux" \
		"$of_vmm" "$vdso" "$strings" "$left" "$same_order" "$list" >&2
	if [ "$linux" = 0 ]; then
		echo "ok faults of $name # SKIP perf records no page faults"
	elif [ "$left" -gt "$allowed" ]; then
		echo "not ok faults of $name - $left of $linux differ: $list"
	else
		echo "ok faults of $name"
	fi
}

if ! command -v perf >/dev/null; then
	echo "ok faults # SKIP no perf"
	exit 0
fi
export -n OLDPWD
unset _
printf '%-24s %6s %6s %6s %8s %6s %7s  %s\n' program linux vmm vdso strings \
	differ order "(page: more in vmm)" >&2
export PATH=/usr/bin:/bin
# Allowed: static glibc allocates 0x4b0 bytes on the heap for the vDSO's link
# map, so what the program allocates lies higher by that on Linux, and a page
# more or less of the heap may be touched.
for p in args doubles jumps; do
	for kind in glibc pie musl; do
		compile_as "$kind" "$here/src/$p.c" -lm || continue
		compare "$p.$kind" 0 "$bin/$p.$kind"
	done
done
for kind in glibc pie; do
	compile_as "$kind" "$here/src/mallocs.c" -lm
	compare "mallocs.$kind" 1 "$bin/mallocs.$kind" 500
done
# Allowed: its realloc is mremap. On Linux the vDSO stands just above and the
# mapping must move; here it grows in place, upwards, as it would there.
compile_as musl "$here/src/mallocs.c" &&
	compare "mallocs.musl" 20 "$bin/mallocs.musl" 500
compare "image layout" 0 "$build/images/layout"
compare "busybox ls" 1 /usr/bin/busybox ls -l /usr/include
compare "busybox sha256sum" 1 /usr/bin/busybox sha256sum "$vmm"
compare "busybox awk" 1 /usr/bin/busybox awk \
	'BEGIN { for (i = 0; i < 9999; i++) a[i] = i; print length(a) }'
if compile_as glibc "$here/lua_shell.c" -I/usr/include/lua5.4 -llua5.4 -lm \
	-ldl 2>/dev/null; then
	compare lua 1 "$bin/lua_shell.glibc" -e \
		't = {} for i = 1, 2000 do t[i] = {i} end print(#t)'
fi
if compile_as glibc "$here/sqlite_shell.c" -lsqlite3 -lm -ldl -lpthread \
	2>/dev/null; then
	compare sqlite 1 "$bin/sqlite_shell.glibc" :memory: \
		'create table t(x); insert into t values (1), (2), (3);'
fi
