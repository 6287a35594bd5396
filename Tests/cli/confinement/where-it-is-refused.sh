# If the kernel refuses to sandbox workers, they work anyway, and -v says on one line what is missing.
. "$CLI_LIB"
real_data 1500000 > data
mkdir tree
for name in {1..30}; do text $((20000 + name)) > tree/$name; done
poolmap compress -q -j 1 --chunk-size 256K -o reference.zst data

# without CALLS SENTENCE: these calls are refused, and -v prints this.
without() {
    local call options=()
    for call in $1; do options+=(-e "inject=$call:error=EPERM"); done
    strace -f -qq -o /dev/null "${options[@]}" poolmap compress -v -j 2 --chunk-size 256K -c data \
        > out.zst 2> said
    same_file reference.zst out.zst
    grep -qxF "$2" said || fail "-v says: $(< said)"
    (($(wc -l < said) == 2)) || fail "-v says: $(< said)"
    strace -f -qq -o /dev/null "${options[@]}" poolmap compress -j 2 -r -f tree 2> said
    [[ ! -s said ]] || fail "without -v: $(< said)"
    silently poolmap test -r tree
}

without seccomp "workers: confined by Landlock, but not by seccomp: Operation not permitted"
without landlock_create_ruleset "workers: confined by seccomp, but not by Landlock: Operation not permitted"
without "seccomp landlock_restrict_self" "workers: not confined: Operation not permitted"
without prctl "workers: not confined: Operation not permitted"
poolmap compress -v -j 2 --chunk-size 256K -c data 2> said > out.zst
grep -qxF "workers: confined by seccomp and Landlock" said || fail "-v says: $(< said)"
