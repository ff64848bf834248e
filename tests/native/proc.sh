#!/bin/bash
# proc.sh BUILD: what /proc/self says, on Linux under `setarch -R` and in vmm
# with --no-aslr, byte for byte but for what proc.awk names: of programs of our
# own that have every kind of mapping and use every file, and of Debian's that
# read their own.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
skip_all_without_kvm proc
clean="env -i LC_ALL=C PATH=/usr/bin:/bin PERL_HASH_SEED=0 PYTHONHASHSEED=0"
mkdir "$tmp/w" # on the file system of $tmp, which is a disk's or not

copies=$(mktemp -d -p "$bin") || exit 1 # on the disk of the programs
trap 'rm -rf "$tmp" "$copies"' EXIT
build_tool singlepages || exit 1

lines=0
as=() # goes before the program and before vmm
filter() { # as same has its names
	awk -v file="$file" -v shared="$shared" -f "$here/proc.awk"
}

# same NAME FILE SHARED COMMAND...
same() {
	local name=$1 file=$2 shared=$3 i
	shift 3
	rm -f "$tmp/linux"
	# Until two runs agree: files must be in the page cache, and once in a
	# while Linux takes back what it has mapped.
	for i in 1 2 3 4 5; do
		mv "$tmp/linux" "$tmp/before" 2>/dev/null
		$clean "${as[@]}" setarch -R "$@" 2>&1 </dev/null |
			filter >"$tmp/linux"
		cmp -s "$tmp/linux" "$tmp/before" && break
	done
	$clean "${as[@]}" "$vmm" -q --check --no-aslr --rw "$tmp/w" "$@" \
		2>&1 </dev/null | grep -av '^vmm: check: ' | filter >"$tmp/vmm"
	lines=$((lines + $(wc -l <"$tmp/linux")))
	if [ ! -s "$tmp/linux" ]; then
		echo "not ok $name - prints nothing on Linux"
	elif diff -a "$tmp/linux" "$tmp/vmm" >"$tmp/diff"; then
		echo "ok $name"
	else
		echo "not ok $name -$(sed -n 2p "$tmp/diff" | tr -cd '\t -~')"
		{
			echo "$name: < Linux, > vmm"
			cat "$tmp/diff"
		} >&2
	fi
}

# A copy whose pages are on the disk, and in the page cache one by one.
own() {
	local program=$1 kind copy=$copies/$1
	shift
	for kind in glibc pie musl dyn; do
		if ! compile_as "$kind" "$here/src/$program.c"; then
			echo "ok $program ($kind) # SKIP does not build"
			continue
		fi
		rm -f "$copy"
		"$bin/singlepages" "$bin/$program.$kind" "$copy"
		same "$program ($kind)" none "$([ $kind = dyn ] && echo 1)" \
			"$copy" "$@"
	done
}

own procmaps "$tmp/w"
own procfiles "$tmp/w" one two
own procmem "$tmp/w"

# What the program inherits: it is run by one that had descriptor 300 open (it
# is closed, the table stays as large), blocks and ignores signals, and has a
# filter of system calls, which lets all pass.
cat >"$tmp/heir" <<-end
	import ctypes, os, signal, struct, sys
	os.dup2(0, 300, inheritable=False)
	signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
	signal.signal(signal.SIGHUP, signal.SIG_IGN)
	signal.signal(36, signal.SIG_IGN)
	prctl = ctypes.CDLL(None).prctl
	prctl(1, signal.SIGTERM) # PR_SET_PDEATHSIG
	prctl(38, 1, 0, 0, 0) # PR_SET_NO_NEW_PRIVS
	allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
	filter = struct.pack("HxxxxxxQ", 1, ctypes.addressof(allow))
	prctl(22, 2, filter) # PR_SET_SECCOMP
	os.execvp(sys.argv[1], sys.argv[1:])
end
as=(/usr/bin/python3 "$tmp/heir")
same "status, inherited" status 1 cat /proc/self/status
same "signal of the parent's death, inherited" none 0 /usr/bin/python3 -c \
	'import ctypes; n = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(n)); print(n.value)'
as=()

# What is for root only. /dev/kvm may be root's, too: it gets another one.
as_nobody() {
	local vmm=$tmp/program as=(unshare -m bash "$tmp/nobody") program

	cat >"$tmp/nobody" <<-end
		mount -t tmpfs -o mode=755 none "$tmp/dev" &&
			mknod -m 666 "$tmp/dev/kvm" c 10 232 &&
			mount --bind "$tmp/dev/kvm" /dev/kvm &&
			exec setpriv --reuid=65534 --regid=65534 --clear-groups "\$@"
	end
	mkdir "$tmp/dev"
	chmod 755 "$tmp"
	chmod 777 "$tmp/w"
	install -m 755 "$build/vmm" "$vmm"
	for program in procfiles procmem; do
		install -m 755 "$bin/$program.glibc" "$tmp/$program"
		same "$program (nobody)" none 0 "$tmp/$program" "$tmp/w" one
	done
	for file in pagemap mem clear_refs; do
		same "$file (nobody)" none 0 head -c 4 /proc/self/$file
	done
	for file in kpageflags kpagecount slabinfo vmallocinfo; do
		same "$file (nobody)" none 0 head -c 4 /proc/$file
	done
	same "iomem (nobody)" none 0 head -c 17 /proc/iomem # no addresses
	chmod 700 "$tmp"
}
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	as_nobody
else
	echo "ok as nobody # SKIP not root"
fi

for file in maps smaps smaps_rollup status statm stat numa_maps limits auxv \
	environ cmdline comm syscall personality; do
	f=/proc/self/$file
	same "cat $file" $file 1 cat $f
	same "busybox cat $file" $file 1 busybox cat $f
	same "perl $file" $file 1 perl -pe 1 $f
	same "python3 $file" $file 1 /usr/bin/python3 -c "print(open('$f').read())"
	same "lua $file" $file 1 lua5.4 -e "io.write(io.open('$f'):read('a'))"
	case $file in
	auxv | environ | cmdline) ;; # of no line, and that is what bash reads
	*) same "bash $file" $file 1 bash --norc -c \
		"while read -r l; do echo \"\$l\"; done <$f" ;;
	esac
	same "sqlite3 $file" $file 1 sqlite3 :memory: \
		"select cast(readfile('$f') as text)"
	same "sed $file" $file 1 sed -n p $f
done
same "names in /proc/self" none 0 ls -f /proc/self/
same "names in fd" none 0 busybox ls /proc/self/fd
same "names in fdinfo" none 0 busybox ls /proc/self/fdinfo
same "links" none 0 perl -e \
	'print readlink("/proc/self/$_"), "\n" for qw(exe cwd root fd/0)'
same "map_files" none 0 busybox ls /proc/self/map_files
same "/proc/net" none 0 busybox ls /proc/net
for file in /proc/swaps /proc/sys/vm/overcommit_memory \
	/proc/sys/vm/max_map_count /proc/filesystems /proc/version \
	/proc/cmdline /proc/sys/kernel/pid_max \
	/sys/kernel/mm/transparent_hugepage/enabled \
	/sys/kernel/mm/transparent_hugepage/hpage_pmd_size; do
	same "$file" none 0 cat $file
	same "$file, after a seek" none 0 perl -e 'open(F, "<", $ARGV[0]);
		print seek(F, -3, 2) ? "end" : "$!", ": ", <F>, "\n";
		print seek(F, 2, 0) ? "start" : "$!", ": ", <F>, "\n"' $file
done
# Names, order and width of the lines.
for file in meminfo vmstat; do
	same "format of $file" none 0 busybox sed -E \
		's/^(Huge|DirectMap).*//; s/ +[0-9]+/ N/g' /proc/$file
done
echo "proc: $lines lines of Linux compared" >&2
