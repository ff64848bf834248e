#!/bin/bash
# suite.sh [-k "KIND..."] [-c CASES] BUILD
#
# Run the cases of cases.txt under every kind of real KVM, one emulated machine
# a kind, and the VM tests whole in two more (npt); two machines at a time.
# BUILD is the build directory; from it are taken, where they exist:
#
#   vmm            it is static
#   images/        the static test images, as images/
#   guest.elf      as guest.elf
#   vm/test_*      the VM tests, Criterion binaries (dynamic is fine), as vm/
#
# busybox goes along as ./busybox, a static bash, and probe (built here if BUILD/hw/probe is
# not there). Each result is printed with its machine; the last line is
# "N passed, N failed, N skipped"; all that a machine which ended early has not
# run is one failure. Exit status 1 if anything failed. A kind for which a
# package or the kernel is missing is skipped, with one line saying what. A
# machine gets 140 s of wall time on an idle host (machine.sh, PATIENCE), one with
# VM tests four times that.
#
#   -k  these kinds only      -c  another list of cases, and nothing else
set -euo pipefail
. "$(dirname "$0")/lib.sh"

kinds=$hw_kinds cases=
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
. "$hw_dir/../machine.sh"
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
	cp "${cases:-$hw_dir/cases.txt}" "$w/payload/cases.txt"
	for f in 1 2; do
		vm_cases | awk "NR % 2 == $f % 2" >"$w/payload/vm-$f.txt"
	done
	cp /bin/busybox "$w/payload/"
	[ ! -x /bin/bash-static ] || cp /bin/bash-static "$w/payload/bash"
	for f in vmm hw/probe images vm guest.elf; do
		[ ! -e "$build/$f" ] || cp -aL "$build/$f" "$w/payload/"
	done
	find "$w/payload" -name '*.d' -delete # make's
	[ -e "$w/payload/probe" ] || ${CC:-gcc} -std=gnu11 -O2 -static \
		-o "$w/payload/probe" "$hw_dir"/probe*.c "$hw_dir"/probe*.S
}

# left_out PROGRAM: which of its tests are not for these machines, as a pattern.
left_out() {
	case $1 in
	test_isolation) echo '*' ;; # crashes Linux itself on QEMU's software CPU
	test_errors) echo '*' ;;    # about files that never run; takes long
	test_proc) echo '*' ;;	    # compares with the figures of Linux 6.18
	test_images) echo 'guard*' ;;  # needs a Linux that knows guard markers
	test_inspect) echo 'a_walk_*' ;; # expects a file of a disk
	test_busybox) echo '@(find|env)*' ;; # directories of a whole system
	test_options) echo 'the_directory*' ;; # likewise
	test_vdso) echo '@(half|every_clock)*' ;; # time is not time there
	esac
}

# A case for each VM test program.
vm_cases() {
	local t left

	for t in "$build"/vm/test_*; do
		[[ -x $t && $t != *.d ]] || continue
		left=$(left_out "${t##*/}")
		[ "$left" = '*' ] || echo "${t##*/test_} :: 0 :: tap ::" \
			"./vm/${t##*/} --tap=- --jobs 1" \
			"${left:+--filter '*/!($left)'}"
	done
}

# run_machine KIND/CASES, in the background: the report goes to $w/KIND.CASES.out.
run_machine() {
	local kind=${1%/*} list=${1#*/} start=$SECONDS rc=0 limit
	local out=$w/$kind.$list

	limit=$((70 * PATIENCE))
	[ "$list" = cases ] || limit=$((4 * limit))
	GUESTENV="KIND=$kind PATIENCE=$PATIENCE" TIMEOUT=$limit \
		EXTRA=$(echo "$w"/payload/*) \
		"$hw_dir/run.sh" "$kind" "$hw_dir/inside.sh" "$list.txt" \
		>"$out.out" 2>"$out.err" || rc=$?
	echo "$rc $((SECONDS - start))" >"$out.rc"
}

report_machine() {
	local kind=${1%/cases} at=$w/${1/\//.}
	local line last=none planned=0 ended='' rc seconds

	read -r rc seconds <"$at.rc"
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
	done < <(tr -d '\r' <"$at.out")
	if [ -z "$ended" ]; then
		failed=$((failed + 1))
		echo "$kind: not ok machine: ended within the $planned cases" \
			"(status $rc), last result: $last"
		tail -n 20 "$at.err" | sed "s/^/$kind: #   /"
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
	machines=
	[ -n "$cases" ] || [[ " $runnable " != *" npt "* ]] ||
		machines="npt/vm-1 npt/vm-2"
	# The slow ones first.
	for kind in $(printf '%s\n' $runnable | sort); do
		machines+=" $kind/cases"
	done
	for machine in $machines; do
		while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
			wait -n || true
		done
		run_machine "$machine" &
	done
	wait
	for machine in $machines; do
		report_machine "$machine"
	done
fi
echo "time: $SECONDS s in all, two machines at a time"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
