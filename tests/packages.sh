#!/bin/sh
# packages.sh GROUP...
#
# See to it that the Debian 12 packages of these groups are installed:
#
#   build  what `make` needs         test  `make test`, fuzzers, lint, formatter
#   hw     `make test-hw`: the CPU emulators and what fills their machines
#   bench  `make bench`: what vmm and its allocators are compared with
#
# Quiet and quick when all are there. Else they are installed when root, and if
# not, the line to run is printed, and the exit status is 1. Nothing is ever
# removed or upgraded on purpose.

build="gcc make pkg-config binutils libc6-dev linux-libc-dev libelf-dev libdw-dev
	libseccomp-dev zlib1g-dev scdoc busybox-static"
test="$build bash-static libcriterion-dev musl-tools clang clang-format
	libclang-rt-14-dev llvm linux-perf valgrind util-linux
	liblua5.4-dev libsqlite3-dev libpython3.11-testsuite
	brotli cpio datamash dos2unix dosfstools ed figlet flac gforth
	glpk-utils gnuplot-nox hexyl imagemagick indent libjpeg-turbo-progs libxml2-utils luajit lz4
	lzip lzop minisat nasm rhash ripgrep tcc tree unzip zip
	bc bison bsdextrautils bzip2 dc file flex gawk git gdb jq lua5.4 m4
	mawk openssl php-cli procps python3 sqlite3 tcl units xxd xz-utils
	zsh zstd"
# bochs wants one of its displays: bochs-term is the only one without X.
hw="$build bash-static libcriterion-dev qemu-system-x86 seabios
	bochs bochs-term bochsbios vgabios isolinux syslinux-common xorriso
	cpio xz-utils util-linux"
bench="$build linux-perf valgrind libmimalloc2.0
	libtcmalloc-minimal4 libjemalloc2"

usage() {
	echo "usage: packages.sh GROUP...  (build, test, hw, bench)" >&2
	exit 2
}

[ $# -gt 0 ] || usage
wanted=
for group in "$@"; do
	case $group in
	build) wanted="$wanted $build" ;;
	test) wanted="$wanted $test" ;;
	hw) wanted="$wanted $hw" ;;
	bench) wanted="$wanted $bench" ;;
	*) usage ;;
	esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "packages.sh: not a Debian system; needed are what Debian calls:" \
		$wanted >&2
	exit 1
fi

# Those of $wanted that are not installed. A package may be there under its
# multi-arch name (libelf-dev:amd64), so the plain name is asked for.
missing_packages() {
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
		awk -v wanted="$wanted" '
		$1 == "installed" { have[$2] = 1 }
		END {
			n = split(wanted, name)
			for (i = 1; i <= n; i++)
				if (!have[name[i]]++)
					printf " %s", name[i]
		}'
}

missing=$(missing_packages)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "missing Debian packages; run:" \
		"sudo apt-get install --no-install-recommends$missing" >&2
	exit 1
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
# A failing update may still leave lists that are good enough.
apt-get -q update >"$log" 2>&1 || true
if ! apt-get -q -y --no-install-recommends install $missing >>"$log" 2>&1; then
	grep '^E:' "$log" >&2 || tail -n 5 "$log" >&2
	echo "packages.sh: could not install:$missing" >&2
	exit 1
fi
