# When the disk becomes full during a batch, finished targets stay and are correct; each of the others is one line.
. "$CLI_LIB"
. "$CLI_FOLDER/batches.sh"
mkdir files
for number in {1..40}; do noise $((20000 + number * 7001 % 50000)) "$number" > "files/$number"; done
noise 700000 > files/0
on_full_disk() {
    . "$CLI_LIB"
    . "$CLI_FOLDER/batches.sh"
    for jobs in 1 2; do
        code=0
        # shellcheck disable=SC2046
        poolmap compress --chunk-size 64K -j $jobs --output-dir disk/out $(names 1 20) files/0 $(names 21 40) \
            2> said || code=$?
        same_text 1 "$code"
        # Some files found space, and others did not.
        done=$(find disk/out -name '*.zst' | wc -l)
        ((done >= 10 && done <= 38)) || fail "$done of 41 are done: $(< said)"
        same_text $((41 - done)) "$(wc -l < said)"
        same_text $((41 - done)) "$(grep -c '^poolmap: files/[0-9]*: cannot write disk/out/[0-9]*.zst: No space' said)"
        for target in disk/out/*; do
            number=${target##*/} number=${number%.zst}
            zstd -q -dc "$target" | cmp - "files/$number"
            ! grep -q "files/$number:" said || fail "$number is done, and was reported"
        done
        # Only files with a name use space.
        rm disk/out/*
        same_text 0 "$(find disk -type f | wc -l)"
        (($(df --output=used disk | tail -n 1) < 16)) || fail "$(df disk)"
        rm -r disk/out
    done
}
export -f on_full_disk
with_small_disk 1m bash -c on_full_disk
