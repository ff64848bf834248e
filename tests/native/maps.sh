#!/bin/bash
# maps.sh BUILD [PROGRAM]: /proc/self/maps and the auxiliary vector, on Linux
# under `setarch -R` and in vmm with --no-aslr, line by line; a table on stderr,
# with lines that are equal and lines of Linux, and the same of the vector.
#
# Nothing is normalised. AT_RANDOM's bytes are not looked at. See docs/linux.md.
set -u
build=$1 only=${2-}
. "$(dirname "$0")/lib.sh"
. "$here/programs.sh"
skip_all_without_kvm maps

# Lines of a file, of its auxiliary vector (showmaps.c) or the others.
vector='^[0-9a-f]{16} [0-9a-f]{16}$'
lines_of_vector() {
	grep -cE "$vector" "$1"
}

lines_of_maps() {
	grep -cvE "$vector" "$1"
}

# same NAME COMMAND...
same() {
	local name=$1 maps auxv
	shift

	[ -z "$only" ] || [[ "|$only|" == *"|$name|"* ]] || return
	$clean setarch -R "$@" >"$tmp/linux" 2>/dev/null
	$clean "${vmm_run[@]}" "$@" >"$tmp/vmm" 2>/dev/null
	maps=$(lines_of_maps "$tmp/linux")
	auxv=$(lines_of_vector "$tmp/linux")
	if [ "$maps" -lt 4 ]; then
		echo "ok maps of $name # SKIP does not print them"
		return
	fi
	diff "$tmp/linux" "$tmp/vmm" >"$tmp/diff"
	grep '^<' "$tmp/diff" | cut -c3- >"$tmp/unequal"
	printf '%s\t%d\t%d\t%d\t%d\n' "$name" \
		$((maps - $(lines_of_maps "$tmp/unequal"))) "$maps" \
		$((auxv - $(lines_of_vector "$tmp/unequal"))) "$auxv" >>"$rows"
	if [ ! -s "$tmp/diff" ]; then
		echo "ok maps of $name"
	else
		echo "not ok maps of $name - $(sed -n 2p "$tmp/diff")"
		{
			echo "$name: < Linux, > vmm"
			cat "$tmp/diff"
		} >&2
	fi
}

rows=$bin/maps.rows
: >"$rows"
programs_with_maps same
show_rows "$rows" program equal maps equal auxv
