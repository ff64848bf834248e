# programs.sh: the programs whose layout (maps.sh) and faults (faults.sh) are
# compared with Linux's; sourced after lib.sh, prints no TAP.
#
# programs_with_maps DO     calls DO NAME COMMAND... for each program that prints
#                           its own /proc/self/maps: showmaps.c, which prints
#                           its auxiliary vector, too, linked in many ways, and
#                           Debian's
# programs_without_maps DO  likewise, for those that do something else

# One environment for all, and nothing in it that differs between two runs.
clean="env -i LC_ALL=C PATH=/usr/bin:/bin PERL_HASH_SEED=0 PYTHONHASHSEED=0"
vmm_run=("$vmm" -q --no-aslr "--rw=$tmp/rw")
linked=$bin/linked
mkdir -p "$linked" "$tmp/rw"

# show_rows FILE HEADING...: the rows of a table, fields by tabs, to stderr.
show_rows() {
	local file=$1
	shift
	{ (IFS=$'\t'; echo "$*") && cat "$file"; } | awk -F '\t' '{
		printf "%-22s", $1
		for (i = 2; i <= NF; i++)
			printf " %8s", $i
		print ""
	}' >&2
}

# link DO NAME COMPILER FLAGS...: showmaps.c to $linked/NAME, newer than it.
link() {
	local do=$1 name=$2 cc=$3 src=$here/showmaps.c
	shift 3
	command -v "$cc" >/dev/null || return
	if [ ! "$linked/$name" -nt "$src" ] ||
		[ ! "$linked/$name" -nt "$here/programs.sh" ]; then
		"$cc" -O1 -w -o "$linked/$name.$$" "$@" "$src" 2>/dev/null &&
			mv "$linked/$name.$$" "$linked/$name" || return
	fi
	"$do" "$name" "$linked/$name"
}

# As KIND FLAGS...: with libraries, large and small, at every alignment.
link_kind() {
	local do=$1 kind=$2
	shift 2
	link "$do" "glibc-$kind" gcc "$@"
	link "$do" "$kind-bss" gcc "$@" -DBSS=100000000
	link "$do" "$kind-data" gcc "$@" -DDATA=5000000
	link "$do" "$kind-align-64k" gcc "$@" -DALIGN=65536
	link "$do" "$kind-pages-2m" gcc "$@" -Wl,-z,max-page-size=0x200000
	link "$do" "$kind-joined" gcc "$@" -Wl,-z,noseparate-code
	link "$do" "$kind-execstack" gcc "$@" -z execstack
	link "$do" "$kind-norelro" gcc "$@" -Wl,-z,norelro
	link "$do" "$kind-nobss" gcc "$@" -DBARE -nostdlib -fno-stack-protector
	link "$do" "$kind-onlybss" gcc "$@" -DBARE -nostdlib \
		-fno-stack-protector -DBSS=300000
	[ "$kind" = static-pie ] && return
	link "$do" "musl-$kind" musl-gcc "$@"
	link "$do" "musl-$kind-bss" musl-gcc "$@" -DBSS=1000000
}

# Copies, for what is called lies elsewhere.
interpreters() {
	cp -u /lib64/ld-linux-x86-64.so.2 "$linked/ld.so" 2>/dev/null &&
		link "$1" own-interpreter gcc -pie -fPIE \
			-Wl,--dynamic-linker="$linked/ld.so"
	"$1" ld.so /lib64/ld-linux-x86-64.so.2 /bin/cat /proc/self/maps
	printf '#!/bin/cat /proc/self/maps\n' >"$linked/script"
	chmod +x "$linked/script"
	"$1" script "$linked/script"
}

debian_with_maps() {
	local do=$1 m=/proc/self/maps
	shift
	"$do" cat cat $m
	"$do" grep grep '' $m
	"$do" sed sed -n p $m
	"$do" awk awk 1 $m
	"$do" mawk mawk 1 $m
	"$do" gawk gawk 1 $m
	"$do" head head -100 $m
	"$do" tail tail -100 $m
	"$do" tac tac $m
	"$do" cut cut -c1- $m
	"$do" nl nl $m
	"$do" dd dd if=$m status=none
	"$do" perl perl -pe 1 $m
	"$do" python3 /usr/bin/python3 -c "print(open('$m').read())"
	"$do" lua lua5.4 -e "io.write(io.open('$m'):read('a'))"
	"$do" bash bash --norc -c "while read -r l; do echo \"\$l\"; done <$m"
	"$do" dash dash -c "while read -r l; do echo \"\$l\"; done <$m"
	"$do" busybox busybox cat $m
	"$do" sqlite3 sqlite3 -init /dev/null :memory: \
		".import $m t" ".separator x" ".dump"
	"$do" jq jq -R . $m
	"$do" xxd xxd $m
	"$do" od od -c $m
	"$do" base64 base64 $m
	"$do" openssl openssl enc -base64 -in $m
}

programs_with_maps() {
	link_kind "$1" static -static
	link_kind "$1" static-pie -static-pie
	link_kind "$1" pie -pie -fPIE
	link_kind "$1" exec -no-pie -fno-pie
	link "$1" pie-now gcc -pie -fPIE -Wl,-z,now
	link "$1" pie-libm gcc -pie -fPIE -Wl,--no-as-needed -lm -lz
	link "$1" exec-at-256m gcc -no-pie -fno-pie \
		-Wl,-Ttext-segment=0x10000000
	link "$1" pie-at-80m gcc -pie -fPIE -Wl,-Ttext-segment=0x5000000
	interpreters "$1"
	debian_with_maps "$1"
}

# Those of src/, by each C library, static and dynamic.
own_without_maps() {
	local p kind
	for kind in glibc pie musl dyn fixed muslpie musldyn; do
		for p in args doubles jumps; do
			compile_as "$kind" "$here/src/$p.c" -lm || continue
			"$1" "$p.$kind" "$bin/$p.$kind"
		done
		compile_as "$kind" "$here/src/mallocs.c" || continue
		"$1" "mallocs.$kind" "$bin/mallocs.$kind" 500
	done
	compile_as dyn "$here/src/hugefaults.c" &&
		"$1" "huge pages" "$bin/hugefaults.dyn"
	"$1" "args, 3000" "$bin/args.glibc" $(seq 3000)
	for p in clocks devzero dirs errors guards hugefaults hugepages limits \
		maps resident seals signals sorts special text wide; do
		compile_as glibc "$here/src/$p.c" -lm && "$1" "$p" "$bin/$p.glibc"
	done
	compile_as glibc "$here/src/filemap.c" &&
		"$1" filemap "$bin/filemap.glibc" /etc/passwd
	compile_as glibc "$here/src/sharedfile.c" &&
		"$1" sharedfile "$bin/sharedfile.glibc" "$tmp/rw"
	compile_as glibc "$here/src/memcalls.c" || return
	for p in 1 2 3 4 5 6; do
		"$1" "memcalls, seed $p" "$bin/memcalls.glibc" $p 1000 "$tmp/rw"
	done
}

images_without_maps() {
	local image
	while read -r image; do
		"$1" "image $image" "$build/images/"$image
	done <<-END
		badptr
		bss 200
		calls 100 getppid
		cow 8
		fileread /bin/bash
		filemap /bin/bash
		fpu 100
		guard
		hello
		huge 8
		layout
		malloc128
		nolibc
		nolibc_pf 200
		rotext
		segvhandler
		stack 200
		stack 9000
		touch 200
		touch 100 read
	END
}

embedded_without_maps() {
	if compile_as glibc "$here/lua_shell.c" -I/usr/include/lua5.4 \
		-llua5.4 -lm -ldl 2>/dev/null; then
		"$1" "lua tables" "$bin/lua_shell.glibc" -e \
			't = {} for i = 1, 2000 do t[i] = {i} end print(#t)'
	fi
	if compile_as glibc "$here/sqlite_shell.c" -lsqlite3 -lm -ldl \
		-lpthread 2>/dev/null; then
		"$1" "sqlite inserts" "$bin/sqlite_shell.glibc" :memory: \
			'create table t(x); insert into t values (1), (2), (3);'
	fi
}

debian_without_maps() {
	local array='BEGIN { for (i = 0; i < 9999; i++) a[i] = i; print length(a) }'
	"$1" "busybox ls" busybox ls -n /usr/include
	"$1" "busybox sha256sum" busybox sha256sum "$vmm"
	"$1" "busybox awk" busybox awk "$array"
	"$1" true /bin/true
	"$1" ls ls -n /usr/include
	"$1" "grep -c" grep -c root /etc/passwd
	"$1" sort sort /etc/passwd
	"$1" gzip gzip -c /etc/passwd
	"$1" "mawk array" mawk "$array"
	"$1" "perl print" perl -e 'print "x" x 99'
}

programs_without_maps() {
	own_without_maps "$1"
	images_without_maps "$1"
	embedded_without_maps "$1"
	debian_without_maps "$1"
}
