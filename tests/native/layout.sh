#!/bin/bash
# layout.sh BUILD: where everything is in the address space, on Linux under
# `setarch -R` and in vmm with --no-aslr: images/layout, built in seven kinds,
# static and dynamic, says the same, address by address; both answers stand
# side by side on stderr.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
skip_all_without_kvm layout

# One environment: it is on the stack.
run_both() {
	env -i A=1 LC_ALL=C setarch -R "$@" >"$tmp/linux" 2>&1
	env -i A=1 LC_ALL=C "$vmm" -q --no-aslr "$@" >"$tmp/vmm" 2>&1
}

# To "NAME|ADDRESS" in hexadecimal.
rows() {
	sed -nE 's/^ *0x([0-9a-f]+)  (.{18})  .*/\2|\1/p' "$1" | tr -s ' ' |
		sed 's/ |/|/' | sort
}

# expect_rows WHO: each of them there, and at the same address.
expect_rows() {
	local row a b
	for row in start code "read-only data" etext "initialised data" edata \
		bss end "program headers" "entry point" arguments environment \
		"platform string" "file name string" "16 random bytes" brk \
		heap mmap "argument vector" "environment vector" \
		"auxiliary vector" stack; do
		a=$(rows "$tmp/linux" | sed -n "s/^$row|//p")
		b=$(rows "$tmp/vmm" | sed -n "s/^$row|//p")
		if [ -n "$a" ] && [ "$a" = "$b" ]; then
			echo "ok $1: $row"
		else
			echo "not ok $1: $row - Linux '$a', vmm '$b'"
		fi
	done
}

compare_layout() {
	local name=$1
	shift
	run_both "$@"
	{
		echo "$name: Linux (left), vmm"
		paste -d '|' "$tmp/linux" "$tmp/vmm" | grep '^ *0x' |
			sed 's/  *|/ | /; s/   */  /g'
	} >&2
	expect_rows "$name"
}

layout=$here/../../images/layout.c
for kind in glibc pie musl dyn fixed muslpie musldyn; do
	if compile_as $kind "$layout"; then
		compare_layout "layout ($kind)" "$bin/layout.$kind" one
		compare_layout "layout ($kind), long arguments" \
			"$bin/layout.$kind" one "$(printf %03000d 0)" three
	else
		echo "ok layout ($kind) # SKIP does not build"
	fi
done
