# A foreign file that is truncated or has a flipped bit is refused at least if zstd refuses it, or is read correctly.
. "$CLI_LIB"
{ text 300; head -c 300 /dev/zero; noise 30; } > in
zstd -q -o single.zst in
zstd -q --no-check -c < in > unsized.zst
{ zstd -q -c in; head -c 400 in | zstd -q -c; } > joined.zst
head -c 500 in | pzstd -q -p 2 > pzstd.zst
for file in single unsized joined pzstd; do
    cut_at_each_byte $file.zst cuts
    flip_each_bit $file.zst flips
    mapfile -t bad < <(zstd_refuses cuts/* flips/*)
    bad+=(cuts/00000)
    ((${#bad[@]} > 500)) || fail "only ${#bad[@]} of $file are bad"
    all_refused test "${bad[@]}"
    # Only some from a pipe, as each takes a process.
    some=()
    for ((index = 0; index < ${#bad[@]}; index += 7)); do
        some+=("${bad[index]}")
    done
    all_refused_from_pipes "${some[@]}"
    # If zstd accepts it, the content is right, or poolmap refuses it.
    rm -f "${bad[@]}"
    passed=0
    for damaged in cuts/* flips/*; do
        [[ -f $damaged ]] || continue
        if poolmap decompress -c "$damaged" > out 2> /dev/null; then
            zstd -q -dc "$damaged" | cmp - out || fail "$file: $damaged has other content than zstd restores"
            passed=$((passed + 1))
            ((passed < 30)) || break
        fi
    done
    rm -rf cuts flips
done
