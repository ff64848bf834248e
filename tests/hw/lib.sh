# shellcheck shell=bash
# lib.sh: what run.sh and suite.sh share. Sourced by bash, runs nothing itself.
#
# A machine is a stock Debian cloud kernel and an initramfs, in QEMU's software
# CPU (kvm-amd) or in Bochs (kvm-intel). Nothing is installed: the kernel
# package is downloaded and unpacked into a cache directory once.
#
#   VMM_HW_CACHE  the cache (default: vmm-hw in $XDG_CACHE_HOME or ~/.cache)
#   KPKG          kernel package (default: the one linux-image-cloud-amd64 needs)

hw_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
hw_cache=${VMM_HW_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/vmm-hw}
hw_kinds="npt npt-shadow ept ept-shadow"

hw_say() {
	echo "tests/hw: $*" >&2
}

# hw_missing KIND: print what KIND needs and this machine lacks, as one line of
# package names; nothing if all is there.
hw_missing() {
	local need file pkg missing=

	need="/bin/busybox:busybox-static cpio:cpio strip:binutils xz:xz-utils"
	case $1 in
	npt | npt-shadow) need+=" qemu-system-x86_64:qemu-system-x86
		/usr/share/seabios/bios.bin:seabios" ;;
	ept | ept-shadow) need+=" bochs:bochs xorriso:xorriso
		/usr/share/bochs/BIOS-bochs-latest:bochsbios
		/usr/share/vgabios/vgabios.bin:vgabios
		/usr/lib/ISOLINUX/isolinux.bin:isolinux
		/usr/lib/syslinux/modules/bios/ldlinux.c32:syslinux-common" ;;
	*)
		hw_say "no such kind of KVM: $1 (one of: $hw_kinds)"
		return 1
		;;
	esac
	for pkg in $need; do
		file=${pkg%%:*}
		command -v "$file" >/dev/null || [[ $file == /* && -e $file ]] ||
			missing+=" ${pkg##*:}"
	done
	echo "${missing# }"
}

# hw_kernel: print the directory of the unpacked kernel package, fetching it
# when the cache has none. A cached one is used without asking the network.
hw_kernel() {
	local pkg=${KPKG:-} dir tmp

	mkdir -p "$hw_cache" || return 1
	# What killed downloads left.
	find "$hw_cache" -maxdepth 1 -name 'tmp.*' -mmin +60 -exec rm -rf {} +
	if [ -z "$pkg" ]; then
		dir=$(find "$hw_cache" -mindepth 1 -maxdepth 1 -type d \
			-name 'linux-image-*' | sort -V | tail -n 1)
		[ -z "$dir" ] || { echo "$dir"; return; }
		pkg=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
			awk '/Depends: linux-image/ { print $2; exit }')
		[ -n "$pkg" ] || {
			hw_say "apt knows no linux-image-cloud-amd64: run" \
				"'apt-get update' (as root) first"
			return 1
		}
	fi
	dir=$hw_cache/$pkg
	if [ ! -d "$dir" ]; then
		tmp=$(mktemp -d "$hw_cache/tmp.XXXXXX") || return 1
		if ! (cd "$tmp" && apt-get -qq download "$pkg" && dpkg -x ./*.deb x) \
			>"$tmp/log" 2>&1; then
			hw_say "cannot download $pkg (network? 'apt-get update'?):" \
				"$(grep -v '^W:' "$tmp/log" | head -n 1)"
			rm -rf "$tmp"
			return 1
		fi
		# Two may race here: the first wins, both have a kernel.
		mv -T "$tmp/x" "$dir" 2>/dev/null || [ -d "$dir" ] || return 1
		rm -rf "$tmp"
	fi
	echo "$dir"
}

# hw_base KERNELDIR: print the initramfs with what every machine needs: busybox,
# the KVM modules and init.sh. Built again when one of its parts is newer.
hw_base() {
	local k=$1 kver base d m f

	kver=$(ls "$k/lib/modules")
	base=$hw_cache/base-$kver.cpio
	if [ "$base" -nt "$hw_dir/init.sh" ] && [ "$base" -nt "$hw_dir/lib.sh" ] &&
		[ "$base" -nt /bin/busybox ]; then
		echo "$base"
		return
	fi
	d=$(mktemp -d "$hw_cache/tmp.XXXXXX") || return 1
	mkdir -p "$d"/{bin,dev,etc,m,proc,sys,t,tmp}
	cp /bin/busybox "$d/bin/busybox"
	ln -s busybox "$d/bin/sh"
	cp "$hw_dir/init.sh" "$d/init"
	chmod 755 "$d/init"
	echo 'root:x:0:0:root:/:/bin/sh' >"$d/etc/passwd"
	echo 'root:x:0:' >"$d/etc/group"
	# ccp is built in or absent in cloud kernels, a module in the others.
	for m in virt/lib/irqbypass drivers/crypto/ccp/ccp \
		arch/x86/kvm/kvm arch/x86/kvm/kvm-amd arch/x86/kvm/kvm-intel; do
		for f in "$k/lib/modules/$kver/kernel/$m".ko*; do
			case $f in
			*.ko.xz) xz -dc "$f" >"$d/m/${m##*/}.ko" ;;
			*.ko) cp "$f" "$d/m/" ;;
			*) continue ;; # no such module: the pattern itself
			esac
			# Without its signature too: checking it takes longer
			# than the boot.
			strip -g "$d/m/${m##*/}.ko"
		done
	done
	hw_pack "$d" >"$base.$$" && mv "$base.$$" "$base" || return 1
	rm -rf "$d"
	echo "$base"
}

# hw_pack DIR: write DIR as a cpio archive that the kernel unpacks.
hw_pack() {
	(cd "$1" && find . -mindepth 1 | cpio -o -H newc -R 0:0 --quiet)
}

# hw_add_libs ROOT: copy the shared libraries of every dynamic program below
# ROOT/t to their host paths below ROOT, so that it finds them inside.
hw_add_libs() {
	local root=$1 f lib

	find "$root/t" -type f -perm -u+x | while read -r f; do
		LC_ALL=C ldd "$f" 2>/dev/null || true
	done | sed -n 's|.*[[:blank:]]\(/[^ ]*\) (0x.*|\1|p' | sort -u |
	while read -r lib; do
		[ -f "$lib" ] || continue
		mkdir -p "$root${lib%/*}"
		cp -L "$lib" "$root$lib"
	done
}

# hw_tmpdir: make a directory for one machine, in $w. It is locked for as long
# as its owner or the emulator lives; what killed owners left is removed here,
# after a minute: a new one is not locked yet.
hw_tmpdir() {
	local old

	find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'vmm-hw.*' -user "$(id -u)" \
		-mmin +1 2>/dev/null | while read -r old; do
		[ ! -e "$old/lock" ] ||
			flock -n "$old/lock" rm -rf "$old" || true
	done
	w=$(mktemp -d -t vmm-hw.XXXXXX) || return 1
	exec {hw_lock}>"$w/lock"
	flock "$hw_lock"
}
