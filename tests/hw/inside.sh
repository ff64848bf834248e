#!/bin/sh
# inside.sh CASES: run the cases of a file (see cases.txt) and print for each
# one line: "ok NAME", "not ok NAME: why" or "skip NAME: why", the failing ones
# followed by "# " lines. First comes "plan N", so that a machine which dies
# half way is noticed. busybox sh only. Exit status 0 unless a case failed.

cases=$1
failed=0
work=/tmp/case
printf '1\n2\n3\n' >inside.sh.three
mkdir -p $work
[ ! -x bash ] || ln -s "$PWD/bash" /bin/bash
export VMM=$PWD/vmm IMAGES=$PWD/images # what the VM tests want to know

trim() {
	local s=$1
	s=${s#"${s%%[! 	]*}"}
	echo "${s%"${s##*[! 	]}"}"
}

rows() {
	grep -v -e '^[[:space:]]*#' -e '^[[:space:]]*$' "$cases"
}

not_ok() {
	echo "not ok $1: $2"
	failed=$((failed + 1))
}

show() {
	head -n 15 "$work/$1" | sed "s/^/#   $1: /"
}

# Each test of a TAP report as a case "NAME/test".
report_tap() {
	sed -n -e '/# SKIP test was skipped$/d' -e "s|^ok [0-9 ]*- *\([^ ]*\) *# SKIP *\(.*\)|skip $1/\1: \2|p;t" \
		-e "s|^ok [0-9 ]*- *\([^ ]*\).*|ok $1/\1|p" \
		-e "s|^not ok [0-9 ]*- *\([^ ]*\) *|not ok $1/\1: |p" \
		-e 's|^  *|#   |p' $work/stdout
	grep -q '^1\.\.' $work/stdout
}

# Why the case is not as expected; nothing if it is.
judge() {
	local status=$1 want_status=$2 want=$3

	if [ "$status" != "$want_status" ]; then
		echo "exit status $status, not $want_status"
		return
	fi
	case $want in
	'*' | tap) ;;
	=*)
		[ "$(cat $work/stdout)" = "$(printf %b "${want#=}")" ] ||
			echo "stdout is not '${want#=}'"
		;;
	'~'*)
		grep -qE -e "${want#\~}" $work/stdout ||
			echo "no line of stdout matches '${want#\~}'"
		;;
	*) echo "cases.txt: no such expectation: $want" ;;
	esac
}

# name, expected status, expected stdout, command
run_case() {
	local file=${4%% *} limit=$((20 * PATIENCE)) session status why

	case $file in
	*/*)
		if [ ! -e "$file" ]; then
			echo "skip $1: no $file"
			return
		fi
		;;
	esac
	[ "$3" != tap ] || limit=$((300 * PATIENCE))
	# A process group of its own, so that nothing of it outlives it.
	setsid timeout -s KILL $limit sh -c "$4" \
		>$work/stdout 2>$work/stderr </dev/null &
	session=$!
	wait $session 2>/dev/null
	status=$?
	kill -KILL -$session 2>/dev/null
	why=$(judge $status "$2" "$3")
	if [ "$3" = tap ] && ! report_tap "$1"; then
		why="no complete TAP report, exit status $status"
	fi
	if [ -z "$why" ]; then
		echo "ok $1"
	else
		not_ok "$1" "$why"
		[ "$3" = tap ] || show stdout
		show stderr
	fi
}

echo "plan $(rows | wc -l)"
rows >$work/rows
while read -r row <&3; do
	rest=${row#*::}
	name=$(trim "${row%%::*}")
	status=$(trim "${rest%%::*}")
	rest=${rest#*::}
	want=$(trim "${rest%%::*}")
	run_case "$name" "$status" "$want" "$(trim "${rest#*::}")" 3<&-
done 3<$work/rows
echo "end"
[ $failed -eq 0 ]
