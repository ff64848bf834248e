# output_busybox.sh: busybox applets, that do not fork; for output.sh.

# bb ARGS...: a test named after its arguments.
bb() {
	local name="busybox $*"
	name=${name//$'\n'/ }
	name=${name//$tmp/TMP}
	same "$(printf %.70s "$name" | tr -d '#')" busybox "$@"
}

applets_on_files() {
	bb cat numbers
	bb sha256sum numbers words binary
	bb md5sum binary
	bb sha1sum binary
	bb sha512sum binary
	bb sha3sum words
	bb cksum binary
	bb -- sum words
	bb wc numbers words binary
	bb head -n 7 numbers
	bb tail -n 7 numbers
	bb tail -c 100 binary
	bb sort -k 2n -k 1nr numbers
	bb sort -u words
	bb uniq -c words
	bb cut -d ' ' -f 2-3 numbers
	bb grep -n '77 ' numbers
	bb grep -c -E '^[0-9]+ (1|2)' numbers
	bb grep absent numbers
	bb sed -n -e 's/line \(.\)/<\1>/p' -e 100q numbers
	bb awk '{ s[$4] += $2 } END { for (i = 0; i < 7; i++) print i, s[i] }' \
		numbers
	bb awk 'BEGIN { for (i = 0; i < 20000; i++) x = x * 1.01 + sin(i)
		printf "%.17g %s\n", x, toupper(substr("hello", 2)) }'
	bb tr a-z A-Z
	bb od -A x -t x1z -N 500 binary
	bb hexdump -C -n 500 binary
	bb xxd -l 200 binary
	bb strings binary
	bb tac words
	bb rev words
	bb nl -b a words
	bb fold -w 20 numbers
	bb expand words
	bb paste words words
	bb comm words words
	bb diff numbers words
	bb cmp numbers words
	bb base64 binary
	bb uuencode binary name
	bb split -l 5000 numbers /nowhere/x
	bb shuf -e a
	bb dd if=binary bs=777 count=9 skip=3
	bb gzip -c numbers
	bb gzip -dc numbers.gz
	later "busybox zcat, which forks" busybox zcat numbers.gz
	bb unxz -c words.xz
	bb bzip2 -c words
	bb tar tf numbers.tar
	bb tar xOf numbers.tar words
	bb sha256sum -c sums
	bb file-that-is-no-applet
	bb cat missing
	bb cat /
	input=$data/words
	bb tr -d aeiou
	bb sort -r
	bb vi -h
	bb ed -p '*'
	bb bc -l
	input=/dev/null
}

applets_on_the_system() {
	bb echo hello world
	bb true
	bb false
	bb ls /usr
	bb ls -laR /etc/alternatives
	bb ls -lan /usr/include
	bb find /usr/share/misc /usr/include/linux -name '*.h' -size -4k
	bb du -a /usr/share/misc
	bb stat -c '%n %s %A %u %i %y' numbers /etc/passwd /dev/null /
	bb readlink -f /proc/../usr/./bin/../lib
	bb realpath ../data
	bb pwd
	bb basename /a/b/c.txt .txt
	bb dirname /a/b/c.txt
	bb test -f numbers
	bb test -w /etc/passwd
	bb expr 17 '*' 3 + 4
	bb seq 1 7 100
	bb factor 1234567890 97
	bb cal 2 2024
	bb date -u -d @1000000000
	bb printf '%5d %s\n' 42 text 7 more
	bb env
	bb id
	bb whoami
	bb uname -a
	bb nproc
	bb hostname
	bb getopt ab: -a -b x rest
	bb sleep 0.05
	bb usleep 1000
	bb yes --help
	later "busybox df" busybox df -P /proc
	bb tty
	bb which busybox
	bb mkdir -p /tmp
	bb sh -c 'i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done; echo $i'
	bb sh -c 'f() { echo $#; }; f a b; set -- x y; echo $2 ${1#x}; exit 4'
	bb sh -c 'while read a b c; do t=$((t + b)); done <few; echo $t'
	bb sh -c 'cd /usr; pwd; test -d bin && echo yes; umask; echo *'
	bb sh -c 'trap "echo caught" TERM; kill -TERM $$; echo on; kill -9 $$'
	bb sh -c 'echo x >&2; exec 3<words; read l <&3; echo $l; read l <&3;
		echo $l; . ./missing'
}

applets_that_write() {
	writable=$tmp/rw
	bb cp "$data/binary" "$writable/copy"
	bb cp -a "$data" "$writable/all"
	bb dd if=numbers "of=$writable/out" bs=4096 seek=2
	bb mkdir -p "$writable/a/b/c"
	bb touch "$writable/new"
	bb ln -s target "$writable/link"
	bb install -m 640 words "$writable/installed"
	bb tar xf numbers.tar -C "$writable"
	bb split -l 5000 numbers "$writable/part."
	bb tee "$writable/tee"
	bb truncate -s 12345 "$writable/hole"
	bb sh -c "cd '$writable'; for i in 1 2 3; do echo \$i >>log; done; echo log*"
	bb sort -o "$writable/sorted" numbers
	writable=
}

busybox_applets() {
	if ! command -v busybox >/dev/null; then
		echo "ok busybox # SKIP not installed"
		return
	fi
	applets_on_files
	applets_on_the_system
	applets_that_write
}
