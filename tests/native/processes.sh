#!/bin/bash
# processes.sh BUILD: programs that fork, exec, start threads, wait, signal:
# each once on Linux and once under vmm (same.sh), at both levels of the kernel.
set -u
build=$1
. "$(dirname "$0")/lib.sh"
. "$here/same.sh"
skip_all_without_kvm processes

sources() {
	mkdir -p "$tmp/make"
	cat >"$tmp/make/Makefile" <<-'M'
		all: prog
			./prog
		prog: a.o b.o
			gcc -o $@ $^
		%.o: %.c
			gcc -O2 -c -o $@ $<
	M
	echo 'int f(void); int main(void) { return f() - 42; }' >"$tmp/make/a.c"
	echo 'int f(void) { return 42; }' >"$tmp/make/b.c"
	cp -r "$tmp/make" "$tmp/make.orig"
}

shells() {
	same "a pipeline" bash -c 'ls /usr | wc -l'
	same "four in a row" sh -c 'seq 300 | sort -r | uniq | tail -n 3'
	same "a substitution" bash -c 'x=$(echo a | tr a b); echo "$x"'
	same "a subshell's status" bash -c '(exit 3); echo $?; false; echo $?'
	same "exec of another" bash -c 'exec echo "$0" one two' zero
	same "jobs in the background" \
		bash -c 'sleep 0.2 & a=$!; (exit 5) & wait $!; echo $?; wait $a; echo $?'
	same "a trap by itself" \
		bash -c 'trap "echo got" USR1; kill -USR1 $$; echo end'
	same "a child that is killed" \
		bash -c 'sleep 9 & kill -TERM $!; wait $!; echo $?'
	same "a signal from a child" \
		bash -c 'trap "echo usr2; exit 4" USR2; (kill -USR2 $$; :) & 
			while :; do sleep 0.05; done' 
	same "a here document" sh -c 'cat <<X
a
b
X'
	same "process substitution" bash -c 'diff <(seq 5) <(seq 6); echo $?'
	same "a script with an interpreter" "$tmp/script" a "b c"
	same "no such program" sh -c 'nonexistent-program-x; echo $?' 
	same "not executable" sh -c '/etc/passwd; echo $?'
	same "pipefail and SIGPIPE" \
		bash -c 'set -o pipefail; yes | head -n 2; echo ${PIPESTATUS[@]}'
}

tools() {
	same "env" env A=1 sh -c 'echo $A'
	same "nice" nice -n 3 nice
	same "nohup" nohup true
	same "xargs -P2" sh -c 'seq 20 | xargs -P2 -n1 echo | sort -n'
	same "find -exec" find /usr/share/doc/bash -exec basename {} \;
	same "tar -z" sh -c 'cd /usr/share/doc && tar -cz bash | tar -tz | sort'
	same "xz -T2" sh -c 'seq 30000 | xz -T2 | xz -d | md5sum'
	same "zstd -T2" sh -c 'seq 30000 | zstd -T2 -q | zstd -d -q | md5sum'
	same "git log" git --version
	same "busybox pipes" busybox sh -c 'ls /etc | grep pass | sort | head -n 3'
	same "awk and a command" gawk 'BEGIN { "echo hi" | getline x; print x }'
	same "gcc -S" sh -c 'echo "int f(void){return 1;}" | gcc -O1 -S -o - -x c - | grep -c ret'
	same "m4 and sed" sh -c 'echo "define(a,b)a" | m4 | sed s/b/c/'
}

languages() {
	same "perl fork" perl -e 'my $p = fork(); exit 7 if !$p; waitpid($p, 0); print $? >> 8, "\n"'
	same "perl backticks" perl -e 'print `echo hi`, $?, "\n"'
	same "python subprocess" python3 -c 'import subprocess
print(subprocess.run(["sh", "-c", "echo out; exit 3"], capture_output=True))'
	same "python threads" python3 -c 'import threading
l = []
ts = [threading.Thread(target=lambda i=i: l.append(i * i)) for i in range(8)]
[t.start() for t in ts]; [t.join() for t in ts]
print(sorted(l))'
	same "python queue" python3 -c 'import queue, threading
q, r = queue.Queue(2), []
def work():
    while (x := q.get()) is not None: r.append(x)
ts = [threading.Thread(target=work) for _ in range(3)]
[t.start() for t in ts]
for i in range(100): q.put(i)
for _ in ts: q.put(None)
[t.join() for t in ts]
print(len(r), sum(r))'
	same "python multiprocessing" python3 -c 'import multiprocessing as m
if __name__ == "__main__":
    with m.Pool(2) as p: print(p.map(abs, range(-5, 5)))'
	same "python os.fork and wait" python3 -c 'import os, signal
p = os.fork()
if not p: os.kill(os.getpid(), signal.SIGKILL)
print(os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]))'
	same "python pipes and exec" python3 -c 'import os
r, w = os.pipe()
if not os.fork():
    os.dup2(w, 1); os.execvp("echo", ["echo", "by exec"])
os.close(w); print(os.read(r, 100), os.wait()[1])'
}

build_with_make() {
	writable=$tmp/out
	same "make" sh -c "cp $tmp/make.orig/* $tmp/out && make -s -C $tmp/out"
	same "make -j2" \
		sh -c "cp $tmp/make.orig/* $tmp/out && make -s -j2 -C $tmp/out"
	writable=
}

sources
printf '#!/bin/sh -u\necho "$0" "$@" | sed "s|.*/||"\n' >"$tmp/script"
chmod +x "$tmp/script"
export LC_ALL=C
shells
tools
languages
build_with_make
