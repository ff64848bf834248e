#!/bin/bash
# maps.sh BUILD: /proc/self/maps and the auxiliary vector, on Linux under
# `setarch -R` and in vmm with --no-aslr, line by line: of showmaps.c linked in
# many ways, and of programs that can be made to print their own.
#
# Normalised: nothing but the device and inode of memory shared without a file,
# of which there is none here; AT_RANDOM's bytes are not looked at.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
skip_all_without_kvm maps
clean="env -i LC_ALL=C PATH=/usr/bin:/bin PERL_HASH_SEED=0 PYTHONHASHSEED=0"

rows=0
# same NAME COMMAND...
same() {
	local name=$1 n
	shift
	$clean setarch -R "$@" >"$tmp/linux" 2>/dev/null
	$clean "$vmm" -q --no-aslr "$@" >"$tmp/vmm" 2>/dev/null
	n=$(wc -l <"$tmp/linux")
	rows=$((rows + n))
	if [ "$n" -lt 5 ]; then
		echo "ok maps of $name # SKIP does not print them"
	elif diff "$tmp/linux" "$tmp/vmm" >"$tmp/diff"; then
		echo "ok maps of $name"
	else
		echo "not ok maps of $name - $(sed -n 2p "$tmp/diff")"
		{
			echo "$name: < Linux, > vmm"
			cat "$tmp/diff"
		} >&2
	fi
}

# linked NAME COMPILER FLAGS...
linked() {
	local name=$1 cc=$2
	shift 2
	command -v "$cc" >/dev/null || return
	"$cc" -O1 -w -o "$tmp/$name" "$@" "$here/showmaps.c" 2>/dev/null ||
		{ echo "ok maps of $name # SKIP does not build" && return; }
	same "$name" "$tmp/$name"
}

for kind in "static -static" "static-pie -static-pie" "pie -pie -fPIE" \
	"exec -no-pie -fno-pie"; do
	set -- $kind
	name=$1
	shift
	linked "glibc-$name" gcc "$@"
	linked "$name-bss" gcc "$@" -DBSS=100000000
	linked "$name-data" gcc "$@" -DDATA=5000000
	linked "$name-align-64k" gcc "$@" -DALIGN=65536
	linked "$name-pages-2m" gcc "$@" -Wl,-z,max-page-size=0x200000
	linked "$name-joined" gcc "$@" -Wl,-z,noseparate-code
	linked "$name-execstack" gcc "$@" -z execstack
	linked "$name-norelro" gcc "$@" -Wl,-z,norelro
	[ "$name" = static-pie ] && continue
	linked "musl-$name" musl-gcc "$@"
	linked "musl-$name-bss" musl-gcc "$@" -DBSS=1000000
done
linked pie-now gcc -pie -fPIE -Wl,-z,now
linked pie-libm gcc -pie -fPIE -Wl,--no-as-needed -lm -lz
linked exec-at-256m gcc -no-pie -fno-pie -Wl,-Ttext-segment=0x10000000
linked pie-at-80m gcc -pie -fPIE -Wl,-Ttext-segment=0x5000000
cp /lib64/ld-linux-x86-64.so.2 "$tmp/ld.so" 2>/dev/null &&
	linked own-interpreter gcc -pie -fPIE \
		-Wl,--dynamic-linker="$tmp/ld.so"
same ld.so /lib64/ld-linux-x86-64.so.2 /bin/cat /proc/self/maps

m=/proc/self/maps
same cat cat $m
same grep grep '' $m
same sed sed -n p $m
same awk awk 1 $m
same mawk mawk 1 $m
same gawk gawk 1 $m
same head head -100 $m
same tail tail -100 $m
same tac tac $m
same cut cut -c1- $m
same nl nl $m
same dd dd if=$m status=none
same perl perl -pe 1 $m
same python3 /usr/bin/python3 -c "print(open('$m').read())"
same lua lua5.4 -e "io.write(io.open('$m'):read('a'))"
same bash bash --norc -c "while read -r l; do echo \"\$l\"; done <$m"
same dash dash -c "while read -r l; do echo \"\$l\"; done <$m"
same busybox busybox cat $m
same sqlite3 sqlite3 :memory: ".import $m t" ".separator x" ".dump"
same jq jq -R . $m
same xxd xxd $m
same od od -c $m
same base64 base64 $m
same openssl openssl enc -base64 -in $m
echo "maps: $rows rows of Linux compared" >&2
