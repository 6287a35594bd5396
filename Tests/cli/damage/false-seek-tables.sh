# A seek table with false sizes, counts or checksums is a clear error, without a crash or a giant allocation.
. "$CLI_LIB"
# Two GiB of address space are plenty for a valid small file, and far less than these tables announce.
ulimit -v 2097152
real_data 300000 > in
poolmap compress -q --chunk-size 64K -o own.zst in
poolmap compress -q --no-check --chunk-size 64K -o plain.zst in
mkdir lies

# lie FILE FIELD BYTES…: a copy of FILE with other bytes at FIELD, counted from the end.
lie() {
    local file=$1 copy
    shift
    copy=lies/$file$1-${*:2}
    copy=${copy// /.}
    cp "$file.zst" "$copy"
    patch "$copy" "$@"
    # Some of the "lies" are true.
    ! cmp -s "$copy" "$file.zst" || rm "$copy"
}

# Counted from the end: magic 4, descriptor 1, number of rows 4, then rows with the last first.
for file in own plain; do
    rows=6
    width=$([[ $file == own ]] && echo 12 || echo 8)
    table=$((17 + rows * width))
    for field in 9 $((9 + width)) $((5 + width)) $((9 + 2 * width)) $((5 + 2 * width)) $((table - 8)) $((table - 12)); do
        for value in 0 1 1000 65537 134217728 134217729 2147483648 4294967295; do
            # shellcheck disable=SC2046
            lie $file -$field $(u32 $value)
        done
    done
    for descriptor in 0 1 2 4 64 128 255; do
        lie $file -5 $descriptor
    done
    # The length of the table's own frame.
    for value in 0 8 100 2147483647 4294967295; do
        # shellcheck disable=SC2046
        lie $file -$((table - 4)) $(u32 $value)
    done
    # A table longer than what precedes it, and one that belongs to another file.
    tail -c $table $file.zst > lies/$file-alone
    { head -c 1000 $file.zst; tail -c $table $file.zst; } > lies/$file-after-little
done
{ head -c -$((17 + 6 * 12)) own.zst; text 300000 | poolmap compress --chunk-size 64K | tail -c $((17 + 6 * 12)); } > lies/of-another
(($(ls lies | wc -l) > 120))

all_refused test lies/*
all_refused_from_pipes lies/*
for file in lies/*-9-* lies/*5-*; do
    refuses 1 "$file" poolmap decompress -j 2 -f -o out "$file"
    no_file out
done
# These commands may read only part of a file and not notice, but they must end normally.
code=0
poolmap list lies/* > table 2> said || code=$?
((code <= 1))
! grep -v '^poolmap: lies/' said || fail "list said other lines"
for file in lies/*; do
    code=0
    poolmap cat --offset 1000 --length 10 "$file" > out 2> said || code=$?
    ((code <= 1)) || fail "exit code $code: cat $file"
    ((code == 0)) || one_error_line said "$file"
    ((code == 1)) || cmp out <(part in 1000 10) || fail "$file: other bytes"
done
