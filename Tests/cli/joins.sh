# Helpers for the cases that make the parts of a job and join them, which source this file after lib.sh.

# each_part COUNT COMMAND…: runs the command with --part I/COUNT appended for each part, unordered, two at a time.
each_part() {
    seq "$1" | shuf | xargs -P 2 -I @part@ "${@:2}" --part "@part@/$1"
}

# parts_of TARGET COUNT: the names of its parts, in order.
parts_of() { seq -f "$1.part-%.0f-of-$2" "$2"; }

# joins_to WHOLE TARGET COUNT: the parts make TARGET, with the bytes, mode, owner and time of WHOLE.
joins_to() {
    local paths
    mapfile -t paths < <(parts_of "$2" "$3" | shuf)
    same_text "$3" "$(find . -name "$2.part-*" | wc -l)"
    silently poolmap join "${paths[@]}"
    same_file "$1" "$2"
    same_text "$(stat -c '%a %u %g %.9Y' "$1")" "$(stat -c '%a %u %g %.9Y' "$2")"
}

# refuses_to_join TEXT PATH…: one line that contains TEXT, exit code 1, and no target `out`, which -o names.
refuses_to_join() {
    refuses 1 "$1" poolmap join -o out "${@:2}"
    no_file out
}

# damage_each FOLDER PART FLIP|CUT STEP: copies the parts of `out` to FOLDER/NUMBER.part-…, for every STEPth byte of the
# part of this name: with that byte changed, or with the part cut before it.
damage_each() {
    mkdir "$1"
    perl -e '
        my ($folder, $part, $kind, $step) = @ARGV;
        my ($suffix) = $part =~ /(\.part-.*)/;
        open my $in, "<", $part or die "$part: $!";
        my $bytes = do { local $/; <$in> };
        for my $place (grep { $_ % $step == 0 } 0 .. length($bytes) - 1) {
            my $name = sprintf "%s/%05d", $folder, $place;
            my $copy = $kind eq "CUT" ? substr($bytes, 0, $place) : $bytes;
            substr($copy, $place, 1) ^= chr(1 << $place % 8) if $kind eq "FLIP";
            open my $out, ">", $name . $suffix or die $!;
            print $out $copy;
            for my $other (glob "out.part-*") {
                my ($end) = $other =~ /(\.part-.*)/;
                link $other, $name . $end or die $! if $end ne $suffix;
            }
        }' "$@"
}

# all_damaged_refused FOLDER PART: the join of each copy of damage_each is refused with one line, which names the part
# and says what to do; there is no target.
all_damaged_refused() {
    local code=0 suffix=${2#out}
    poolmap join "$1"/* 2> "$CLI_NOTES/refusals" || code=$?
    ((code == 1)) || fail "exit code $code, expected 1: join of $1"
    for copy in "$1"/*"$suffix"; do echo "poolmap: ${copy%"$suffix"}: $copy"; done > "$CLI_NOTES/expected"
    sed 's/^\(poolmap: [^:]*: [^ ]*\) is .*make the part again$/\1/' "$CLI_NOTES/refusals" |
        diff "$CLI_NOTES/expected" - || fail "these were not refused with one line each"
    same_text "" "$(find "$1" -type f ! -name '*.part-*')"
}
