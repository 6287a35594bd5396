# Helpers for the cases of batches in faults/, which source this file after lib.sh.
#
# The targets of a batch go to the folder `out` and are compared with `reference`.

# lay_out_files COUNT: makes the folder `files`: `0` with 1.2 MB, which is processed in chunks and needs workers, and
# COUNT small ones of up to 40 KB, from `1`.
lay_out_files() {
    local number
    mkdir files
    real_data 1200000 > files/0
    perl -e '
        open my $in, "<", "files/0" or die $!;
        my $bytes = do { local $/; <$in> };
        for my $number (1 .. $ARGV[0]) {
            open my $out, ">", "files/$number" or die $!;
            print $out substr $bytes, $number * 1009, $number * 7919 % 40000;
        }' "$1"
    compress_to reference -j 1
    same_text "$1" "$(($(find reference -name '*.zst' | wc -l) - 1))"
}

# names FIRST LAST: names of inputs.
names() { seq -f 'files/%g' "$1" "$2"; }

# compress_to FOLDER [OPTION…]: compresses all of them, in the order of their numbers.
compress_to() { poolmap compress -q --chunk-size 64K --output-dir "$1" --files-from <(ls -v -d files/*) "${@:2}"; }

# all_but NUMBER…: every target is there and correct, except for these, which are missing; there is nothing else.
all_but() {
    same_text "$( (($# == 0)) || printf 'Only in reference: %s.zst\n' "$@" | sort)" \
        "$(diff -rq reference out | sort)"
}

# each_whole_or_absent: each target is either correct or missing; there is nothing else.
each_whole_or_absent() {
    [[ ! -e out ]] || same_text "" "$(diff -rq reference out | grep -v '^Only in reference' || true)"
}
