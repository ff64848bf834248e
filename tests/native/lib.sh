# lib.sh: what the scripts of this directory share; sourced, prints no TAP.
#
# $build is the build directory, $vmm the program under test, $bin where the
# programs of src/ are compiled to: NAME.KIND, with KIND one of
#   glibc pie musl          static, static-PIE, static of musl
#   dyn fixed muslpie musldyn   dynamic: PIE and not, of glibc and of musl
# Compiling again happens only where the source or a header is newer.

# Layouts that vmm does not have (setarch -L), and `setarch -R` would undo.
case $(cat /proc/self/personality) in
00000000 | '') ;;
*) exec setarch x86_64 "$0" "$@" ;;
esac

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "$build" && pwd) || exit 1
vmm=$build/vmm
bin=$build/native
common=$(dirname "$here")/common # headers
newest_header=$(ls -t "$here"/src/*.h "$common"/*.h | head -n 1)
mkdir -p "$bin"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
umask 022
ulimit -c 0
[ -n "${keep_limits-}" ] || ulimit -s 8192 # the hard limit, too

# The same for both, and short, for it is on every stack.
export LC_ALL=C
unset LD_PRELOAD LD_LIBRARY_PATH

# Limits of time are so much longer (machine.sh).
: "${PATIENCE:=4}"

skip_all_without_kvm() {
	[ -w /dev/kvm ] && return
	echo "ok $1 # SKIP no /dev/kvm"
	exit 0
}

# A program that a script itself needs: $here/NAME.c to $bin/NAME.
build_tool() {
	gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -I"$common" -o "$bin/$1.$$" \
		"$here/$1.c" >&2 && mv "$bin/$1.$$" "$bin/$1"
}

# each_seed "1 2 9-20": a line for each.
each_seed() {
	local seed
	for seed in $1; do
		case $seed in
		*-*) seq "${seed%-*}" "${seed#*-}" ;;
		*) echo "$seed" ;;
		esac
	done
}

# keys_differ: is there a reason, in $why_no_keys, to leave out what tells
# whether there are protection keys? 1 if that cannot be found out.
keys_differ() {
	why_no_keys=
	compile_as glibc "$here/src/pkeys.c" || return 1
	[ "$("$bin/pkeys.glibc" has)" = "$("$vmm" -q -- "$bin/pkeys.glibc" has)" ] ||
		why_no_keys="this machine has protection keys, its KVM or the kernel at CPL 3 none"
}

# compile_as KIND SOURCE FLAGS...: to $bin/NAME.KIND; 1 if it does not build.
compile_as() {
	local kind=$1 src=$2 cc
	local out=$bin/$(basename "$src" .c).$kind
	shift 2
	case $kind in
	glibc) cc="gcc -static" ;;
	pie) cc="gcc -static-pie" ;;
	musl) cc="musl-gcc -static" ;;
	dyn) cc="gcc -pie -fPIE" ;;
	fixed) cc="gcc -no-pie -fno-pie" ;;
	muslpie) cc="musl-gcc -pie -fPIE" ;;
	musldyn) cc="musl-gcc -no-pie -fno-pie" ;;
	esac
	[ "$out" -nt "$src" ] && [ "$out" -nt "$newest_header" ] && return
	# At once: two scripts may make the same.
	$cc -std=gnu11 -D_GNU_SOURCE -O1 -w -I"$common" -o "$out.$$" \
		"$src" "$@" >&2 &&
		mv "$out.$$" "$out"
}
