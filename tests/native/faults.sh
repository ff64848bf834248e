#!/bin/bash
# faults.sh BUILD [PROGRAM]: the page faults of programs, on Linux by perf and in vmm by
# its own log: address and instruction pointer, row by row; a table on stderr.
#
# The copies' pages lie one by one in the page cache (singlepages.c, which sees to it).
set -u
. "$(dirname "$0")/faultrows.sh"
build_tool singlepages || exit 1

make_copy() {
	"$bin/singlepages" "$1" "$2"
}

layout() {
	:
}

have_faults
programs_with_maps same
programs_without_maps same
show_all
