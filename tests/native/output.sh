#!/bin/bash
# output.sh BUILD: each command once on Linux and once under vmm (same.sh).
set -u
build=$1
. "$(dirname "$0")/lib.sh"
. "$here/same.sh"
skip_all_without_kvm output

# each NAME PROGRAM ARGS...: a test of each of the three kinds of PROGRAM.
each() {
	local name=$1 program=$2 kind
	shift 2
	for kind in glibc pie musl; do
		if compile_as "$kind" "$here/src/$program.c" -lm; then
			same "$name ($kind)" "$bin/$program.$kind" "$@"
		elif [ "$kind" = musl ]; then
			echo "ok $name ($kind) # SKIP no musl-gcc"
		else
			echo "not ok $name ($kind) - does not build"
		fi
	done
}

source "$here/output_programs.sh"
source "$here/output_busybox.sh"
make_data
cd "$data" || exit 1
compiled_programs
languages
busybox_applets
