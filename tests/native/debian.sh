#!/bin/bash
# debian.sh BUILD: programs as Debian ships them, once on Linux and once under
# vmm (same.sh). What is not installed is skipped; what needs a later version is
# marked so, and passes by itself once it works.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
. "$here/same.sh"
skip_all_without_kvm debian

# Debian's own, not what somebody put before them.
PATH=/usr/bin:/bin:/usr/sbin:/sbin
gcc_dir=$(dirname "$(gcc -print-prog-name=cc1 2>/dev/null || echo /none/cc1)")
libc_dir=$(dirname "$(gcc -print-file-name=crt1.o 2>/dev/null || echo /none/x)")

# judge HOW PACKAGE COMMAND...: HOW is same or later.
judge() {
	local how=$1 package=$2 name
	shift 2
	name="$package: $(basename "$1") ${*:2}"
	name=${name//$'\n'/ }
	name=${name//$tmp/TMP}
	name=$(printf %.70s "${name//[#\\]/}" | tr -cd ' -~')
	if command -v "$1" >/dev/null; then
		"$how" "$name" "$@"
	elif [ "$how" = later ]; then
		echo "# later: $name: not installed"
	else
		echo "ok $name # SKIP not installed: $package"
	fi
}

deb() {
	judge same "$@"
}

# Threads, fork, execve, timers.
not_yet() {
	judge later "$@"
}

# With a directory that may be written, $rw.
rw=$tmp/rw
deb_rw() {
	writable=$rw
	deb "$@"
	writable=
}

source "$here/debian_tools.sh"
source "$here/debian_languages.sh"
source "$here/debian_small.sh"
make_data
debian_data
cd "$data" || exit 1
tools
languages
small_packages
