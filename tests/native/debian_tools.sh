# debian_tools.sh: tools on files, binaries and the system; for debian.sh.

debian_data() {
	cat >"$data/fib.c" <<'EOF'
#include <stdio.h>
static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
int main(void) { printf("%d\n", fib(15)); return 7; }
EOF
	printf '{"a": [1, 2, {"b": "x"}], "c": null, "d": 1.5e3}\n' \
		>"$data/some.json"
	printf '2 ^ 300\nscale = 40\n4 * a(1)\nsqrt(2)\n' >"$data/sums.bc"
	head -n 5 "$data/numbers" >"$data/few"
	sort "$data/words" | uniq >"$data/sorted"
	(cd "$data" && bzip2 -k words && gcc -S -O1 fib.c && gcc -c fib.s &&
		gcc -o fib fib.o && zstd -q words) >/dev/null 2>&1
}

tools() {
	coreutils
	coreutils_that_write
	text_tools
	archives
	binary_tools
	compilers
	system_tools
}

coreutils() {
	local p=coreutils

	deb $p b2sum numbers
	deb $p base32 few
	deb $p cksum -a sm3 numbers
	deb $p comm sorted words
	deb $p csplit -f /nowhere/x numbers 100
	deb $p date -u -d '2001-02-03 +40 days'
	deb $p du -sb /usr/include/linux
	deb $p expr match abcde 'a\(.*\)d'
	deb $p factor 1234567890123 600851475143
	deb $p fmt -w 40 numbers
	deb $p id root
	deb $p join few few
	deb $p ls -la --time-style=full-iso /usr
	deb $p ls -lR /usr/share/perl
	deb $p ls /missing
	deb $p md5sum numbers binary
	deb $p numfmt --to=iec 123456789
	deb $p od -t fDx4z binary
	deb $p pr -h title few
	deb $p ptx few
	deb $p seq -f %.3f 1 .01 50
	deb $p sha512sum binary
	deb $p shuf -i 1-100 --random-source=binary
	deb $p sort -k 2n -k 1nr numbers
	deb_rw $p sort --parallel=1 -S 100k -T "$rw" -u numbers
	deb $p stat -c '%n %s %y %i %A' /etc/passwd /
	deb $p tac numbers
	deb $p tail -n 5 numbers
	deb $p tsort few
	deb $p uniq -c words
	deb $p wc numbers words binary
	not_yet $p timeout 1 true
	not_yet $p nohup true
}

coreutils_that_write() {
	local p=coreutils

	deb_rw $p cp -a "$data" "$rw/copy"
	deb_rw $p dd if=binary "of=$rw/out" bs=3000 count=9 status=none
	deb_rw $p install -m 640 numbers "$rw/installed"
	deb_rw $p split -n 7 -d binary "$rw/part."
	deb_rw $p truncate -s 100K "$rw/hole"
	deb $p rm missing
}

text_tools() {
	deb grep grep -rn printf .
	deb grep grep -cP '\d+ 1\d+ ' numbers
	deb grep grep -E '(a|b)+c' words
	deb sed sed -n -e 's/line \(.\)/<\1>/p' -e 100q numbers
	deb sed sed -e '1~3d;y/abc/xyz/' words
	deb mawk mawk '{ s += $2 } END { printf "%.10g\n", s }' numbers
	deb gawk gawk '{ a[$4] += $2 } END { PROCINFO["sorted_in"] =
		"@ind_num_asc"; for (i in a) print i, a[i] }' numbers
	deb gawk gawk -M 'BEGIN { print 2 ^ 200, strftime("%Y", 0, 1) }'
	not_yet gawk gawk 'BEGIN { "echo hi" | getline x; print x }'
	deb findutils find /usr/share/perl -name '*.pm' -size +10k
	deb findutils find /etc -maxdepth 1 -printf '%p %s %m %u %T@ %i\n'
	not_yet findutils find . -name few -exec cat {} ';'
	deb diffutils diff -u fib.c few
	deb diffutils diff -r /usr/share/perl /usr/include/linux/netfilter
	deb diffutils cmp -l fib.c few
	input=$data/sums.bc
	deb bc bc -l -q
	input=/dev/null
	deb dc dc -e '100 k 2 v p [la 1 + d sa 1000 >x] sx 0 sa lxx la p'
	deb jq jq -S . some.json
	deb jq jq -n '[range(20000)] | map(. * .) | add'
	deb sed sed -i s/a/b/ missing
	deb m4 m4 -DB=C few
	deb units units -t '2 inches' cm
	deb file file -b fib.c fib.o fib numbers.gz some.json /usr/bin/bash
	deb xxd xxd -l 500 binary
	deb bsdextrautils hexdump -C few
	deb bsdextrautils column -t few
	deb bsdextrautils look abc sorted
}

archives() {
	deb gzip gzip -nc numbers
	deb gzip gzip -dc numbers.gz
	deb gzip gzip -l numbers.gz
	deb bzip2 bzip2 -c binary
	deb bzip2 bzip2 -dc words.bz2
	deb xz-utils xz -T1 -c numbers
	deb xz-utils xz -dc words.xz
	deb tar tar tvf numbers.tar
	deb tar tar --xattrs -cf - few fib.c
	deb_rw tar tar xf numbers.tar -C "$rw"
	not_yet tar tar czf - few
	not_yet zstd zstd -c words
	not_yet zstd zstd -dc words.zst
	not_yet xz-utils xz -T2 -c binary
}

binary_tools() {
	local p=binutils

	deb $p strings -t x binary
	deb $p readelf -aW fib
	deb $p objdump -d fib
	deb $p nm fib
	deb $p size fib fib.o
	deb $p c++filt _ZNSt6vectorIiSaIiEE9push_backERKi
	deb_rw $p objcopy -S fib "$rw/stripped"
	deb_rw $p ar rcsD "$rw/lib.a" fib.o
	deb libc-bin ldconfig -p
	deb libc-bin getconf PAGESIZE
	deb libc-bin iconv -f latin1 -t utf8 binary
	deb libc-bin getent passwd root
	deb libc6 /lib64/ld-linux-x86-64.so.2 --verify ./fib
	deb libc6 /lib64/ld-linux-x86-64.so.2 ./fib
}

compilers() {
	deb gcc "$gcc_dir/cc1" -quiet -O2 fib.c -o -
	deb_rw binutils as fib.s -o "$rw/fib.o"
	deb_rw binutils ld -o "$rw/fib" -pie \
		-dynamic-linker /lib64/ld-linux-x86-64.so.2 \
		"$libc_dir/Scrt1.o" "$libc_dir/crti.o" fib.o -lc \
		-L"$libc_dir" "$libc_dir/crtn.o"
	deb gcc gcc --version
	deb make make --version
	deb clang-format clang-format fib.c
	deb flex flex --version
	deb bison bison --version
	deb_rw clang clang -O2 -c fib.c -o "$rw/fib.o"
	# gcc and gdb work, or fail, only after they tried vfork for 15 seconds.
	not_yet gcc gcc -E fib.c
	not_yet gdb gdb -nx -batch -ex 'disassemble fib' fib
}

system_tools() {
	deb util-linux lscpu --version
	deb util-linux findmnt -n -o TARGET /
	deb util-linux namei -l /usr/bin/awk
	deb util-linux getopt ab: -a -b x rest
	deb util-linux ionice
	deb procps ps -o pid= -p 1
	deb procps uptime --version
	deb dpkg dpkg --compare-versions 1.0~rc1 lt 1.0
	deb dpkg dpkg-query -W bash dpkg
	deb dpkg dpkg-query -S /bin/ls
	deb git git hash-object few numbers
	deb git git diff --no-index --stat few fib.c
	deb_rw git git init -q "$rw/repository"
	deb ncurses-bin infocmp -x vt100
	deb ncurses-bin tput -T xterm cols
	deb openssl openssl dgst -sha3-512 numbers binary
	deb openssl openssl enc -aes-256-cbc -pbkdf2 -iter 1000 -in numbers \
		-S 0102030405060708 -k password
	deb openssl openssl prime 1000003 1000001
	deb openssl openssl ciphers
	deb openssl openssl passwd -6 -salt abc password
}
