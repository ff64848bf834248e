#!/bin/bash
# suite.sh [-k "KIND..."] [-c CASES] BUILD
#
# Run the cases of cases.txt under every kind of real KVM, one emulated machine
# a kind, two at a time. BUILD is the build directory; from it are taken, where
# they exist:
#
#   vmm            it is static
#   images/        the static test images, as images/
#   guest.elf      as guest.elf
#   vm/test_*      the VM tests, Criterion binaries (dynamic is fine), as vm/
#
# busybox goes along as ./busybox, and probe (built here if BUILD/hw/probe is
# not there). Each result is printed with its kind; the last line is
# "N passed, N failed, N skipped"; all that a machine which ended early has not
# run is one failure. Exit status 1 if anything failed. A kind for which a
# package or the kernel is missing is skipped, with one line saying what. A
# machine gets 140 s of wall time (TIMEOUT), so that all end within 5 minutes.
#
#   -k  these kinds only      -c  another list of cases
set -euo pipefail
. "$(dirname "$0")/lib.sh"

kinds=$hw_kinds cases=$hw_dir/cases.txt
while getopts k:c: opt; do
	case $opt in
	k) kinds=$OPTARG ;;
	c) cases=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
	hw_say "usage: suite.sh [-k KINDS] [-c CASES] BUILD-DIRECTORY"
	exit 2
fi
build=$1
passed=0 failed=0 skipped=0
w=
cleanup() {
	trap - EXIT
	kill $(jobs -p) 2>/dev/null || true
	wait 2>/dev/null
	[ -z "$w" ] || rm -rf "$w"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
hw_tmpdir

collect_payload() {
	local f

	mkdir "$w/payload"
	cp "$hw_dir/inside.sh" "$w/payload/"
	cp "$cases" "$w/payload/cases.txt"
	cp /bin/busybox "$w/payload/"
	for f in vmm hw/probe images vm guest.elf; do
		[ ! -e "$build/$f" ] || cp -aL "$build/$f" "$w/payload/"
	done
	find "$w/payload" -name '*.d' -delete # make's
	[ -e "$w/payload/probe" ] || ${CC:-gcc} -std=gnu11 -O2 -static \
		-o "$w/payload/probe" "$hw_dir"/probe*.c "$hw_dir"/probe*.S
}

# Runs in the background: the report goes to $w/KIND.out.
run_kind() {
	local start=$SECONDS rc=0

	GUESTENV="KIND=$1 PATIENCE=$PATIENCE" TIMEOUT=$((70 * PATIENCE)) \
		EXTRA=$(echo "$w"/payload/*) \
		"$hw_dir/run.sh" "$1" "$hw_dir/inside.sh" cases.txt \
		>"$w/$1.out" 2>"$w/$1.err" || rc=$?
	echo "$rc $((SECONDS - start))" >"$w/$1.rc"
}

report_kind() {
	local kind=$1 line last=none planned=0 ended='' rc seconds

	read -r rc seconds <"$w/$kind.rc"
	while read -r line; do
		case $line in
		plan\ *) planned=${line#plan } ;;
		end) ended=1 ;;
		ok\ *) passed=$((passed + 1)) ;;
		not\ ok\ *) failed=$((failed + 1)) ;;
		skip\ *) skipped=$((skipped + 1)) ;;
		esac
		case $line in
		plan\ * | end) ;;
		*)
			last=$line
			echo "$kind: $line"
			;;
		esac
	done < <(tr -d '\r' <"$w/$kind.out")
	if [ -z "$ended" ]; then
		failed=$((failed + 1))
		echo "$kind: not ok machine: ended within the $planned cases" \
			"(status $rc), last result: $last"
		tail -n 20 "$w/$kind.err" | sed "s/^/$kind: #   /"
	fi
	echo "$kind: took $seconds s"
}

runnable=
for kind in $kinds; do
	missing=$(hw_missing "$kind") || exit 2
	if [ -n "$missing" ]; then
		echo "$kind: SKIPPED: missing Debian packages: $missing"
		skipped=$((skipped + 1))
	else
		runnable+=" $kind"
	fi
done
if [ -n "$runnable" ] && ! hw_kernel >/dev/null 2>"$w/why"; then
	for kind in $runnable; do
		echo "$kind: SKIPPED: no kernel for it: $(cat "$w/why")"
		skipped=$((skipped + 1))
	done
	runnable=
fi
if [ -n "$runnable" ]; then
	collect_payload
	hw_base "$(hw_kernel)" >/dev/null
	# The slow ones first.
	for kind in $(printf '%s\n' $runnable | sort); do
		while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
			wait -n || true
		done
		run_kind "$kind" &
	done
	wait
	for kind in $runnable; do
		report_kind "$kind"
	done
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
