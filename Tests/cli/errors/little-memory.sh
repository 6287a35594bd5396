# Under any limit of address space each operation succeeds, or prints one line about memory; 60 MB are enough for most.
. "$CLI_LIB"
{ text 500000 && noise 900000; } > in
silently poolmap -19 --chunk-size 128K -o in.zst in
silently poolmap -o whole.zst in
mkdir tree
for number in {1..40}; do
    head -c $((number * 3000)) in > tree/$number
done
poolmap hash in > digest
poolmap hash -r tree > digests
silently poolmap -r --output-dir wanted tree

# tried WORD…: runs it in its own folder, under a limit of $limit KiB.
tried() {
    local code=0
    # shellcheck disable=SC2016
    bash -c 'ulimit -v "$1" && shift && exec timeout 20 poolmap "$@"' - "$limit" "$@" < in > got 2> said || code=$?
    if ((code != 0)); then
        ((code == 1)) || fail "$limit KiB: exit code $code: poolmap $*: $(head -c 500 said)"
        # A file of a list may have one more line, for the list.
        (($(wc -l < said) == 1)) || [[ $* == *-r* || $* == *--check* ]] || fail "$limit KiB: poolmap $*: $(head -c 500 said)"
        ! grep -v '"error": "outOfMemory"' said | grep -v "file of the list\|digest" || fail "$limit KiB: poolmap $*"
        # A pipe keeps the output from before the failure.
        [[ ! -e out || $* == *--output-dir* ]] || fail "$limit KiB: there is a target: poolmap $*"
        return 1
    fi
    [[ ! -s said ]] || fail "$limit KiB: poolmap $* said: $(< said)"
}
for limit in 30000 40000 60000 100000 200000 500000 2000000; do
    for options in -1 -3 -19 --long=27; do
        if tried compress --json $options -j 2 -o out in; then
            silently zstd -q -d -c out | cmp - in
            rm out
        fi
    done
    if tried decompress --json -j 2 -o out in.zst; then
        same_file in out && rm out
    else
        ((limit < 60000)) || fail "$limit KiB are not enough for frames of 128 KiB"
    fi
    if tried decompress --json -j 2 -o out whole.zst; then
        same_file in out && rm out
    fi
    if tried compress --json -j 2 -c; then
        silently zstd -q -d -c got | cmp - in
    fi
    tried test --json -j 2 in.zst || ((limit < 60000))
    tried hash --json -j 2 in && same_file got digest
    tried cat --json -j 2 in.zst && same_file got in
    tried decompress --salvage --json -j 2 -o out in.zst && same_file in out && rm out
    tried list --json in.zst
    tried hash --check --json -j 2 digests
    if tried compress --json -r -j 2 --output-dir out tree; then
        diff -r out wanted
    fi
    rm -rf out
done
