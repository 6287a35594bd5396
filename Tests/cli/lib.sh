# Helpers for the cases; each case sources this file first.
#
# All statements of a case must succeed: the first that fails ends the case, and its line is reported.
set -Eeuo pipefail
trap 'echo "line $LINENO: ended with $?: $BASH_COMMAND" >&2' ERR

# Whatever must happen "within a second" is given three, since a busy machine with two cores may be slow.
readonly soon=3

fail() {
    trap - ERR
    echo "line ${BASH_LINENO[*]: -2:1}: $*" >&2
    # With set -e this ends the case even from a subshell.
    exit 70
}

# ---- Inputs. The same arguments give the same bytes; those of real_data depend on the machine.

# text BYTES: lines that compress well.
text() { { seq 1 1000000000 || true; } 2> /dev/null | head -c "$1"; }

# noise BYTES [SEED]: bytes that do not compress.
noise() {
    perl -e '
        use integer;
        my ($left, $state) = @ARGV;
        binmode STDOUT;
        while ($left > 0) {
            my $count = $left < 65536 ? $left : 65536;
            my $block = "";
            for (1 .. ($count + 3) / 4) {
                $state = ($state * 6364136223846793005 + 1442695040888963407);
                $block .= pack "N", ($state >> 24) & 0xffffffff;
            }
            print substr $block, 0, $count;
            $left -= $count;
        }' "$1" "${2:-1}"
}

# real_data BYTES: the programs of this machine, concatenated, followed by text if they are too short.
real_data() { { cat /usr/bin/[a-z]* /usr/lib/*/*.so* || true; text 1000000000 || true; } 2> /dev/null | head -c "$1"; }

# part FILE OFFSET LENGTH: prints LENGTH bytes from OFFSET, or as many as there are.
part() {
    perl -e '
        my ($file, $offset, $left) = @ARGV;
        open my $in, "<", $file or die "$file: $!";
        seek $in, $offset, 0;
        while ($left > 0 && (my $count = read $in, my $bytes, $left < 1048576 ? $left : 1048576)) {
            print $bytes;
            $left -= $count;
        }' "$@"
}

# patch FILE OFFSET BYTES…: overwrites bytes, given in decimal; a negative offset counts from the end.
patch() {
    perl -e '
        my ($file, $offset, @bytes) = @ARGV;
        open my $out, "+<", $file or die "$file: $!";
        seek $out, $offset, $offset < 0 ? 2 : 0;
        print $out pack "C*", @bytes;' "$@"
}

# u32 NUMBER: prints its four bytes in decimal, little endian.
u32() { echo "$(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))"; }

# flip_each_bit FILE FOLDER: writes a copy for every bit of FILE with that bit flipped, as FOLDER/<byte>-<bit>.
flip_each_bit() {
    mkdir "$2"
    perl -e '
        my ($file, $folder) = @ARGV;
        open my $in, "<", $file or die "$file: $!";
        my $bytes = do { local $/; <$in> };
        for my $byte (0 .. length($bytes) - 1) {
            for my $bit (0 .. 7) {
                my $copy = $bytes;
                substr($copy, $byte, 1) ^= chr(1 << $bit);
                open my $out, ">", sprintf("%s/%05d-%d", $folder, $byte, $bit) or die $!;
                print $out $copy;
            }
        }' "$@"
}

# cut_at_each_byte FILE FOLDER: writes every shorter beginning of FILE, as FOLDER/<length>.
cut_at_each_byte() {
    mkdir "$2"
    perl -e '
        my ($file, $folder) = @ARGV;
        open my $in, "<", $file or die "$file: $!";
        my $bytes = do { local $/; <$in> };
        for my $length (0 .. length($bytes) - 1) {
            open my $out, ">", sprintf("%s/%05d", $folder, $length) or die $!;
            print $out substr($bytes, 0, $length);
        }' "$@"
}

size_of() { stat -c %s -- "$1"; }

# islands FILE SIZE OFFSET:LENGTH…: writes a sparse file with LENGTH incompressible bytes at each OFFSET.
islands() {
    perl -e '
        my ($file, $size, @islands) = @ARGV;
        open my $out, "+>", $file or die "$file: $!";
        truncate $out, $size;
        srand 7;
        for (@islands) {
            my ($offset, $length) = split /:/;
            seek $out, $offset, 0;
            print $out join "", map { chr 1 + int rand 255 } 1 .. $length;
        }' "$@"
}
# disk_of FILE: the disk space that it takes, in KiB.
disk_of() { echo $(($(stat -c %b -- "$1") / 2)); }

# ---- Expectations

# skip REASON: ends a case that cannot run on this machine; the runner counts it and prints the reason.
skip() {
    trap - ERR
    echo "$*" > "$CLI_NOTES/skipped"
    exit 0
}

same_file() {
    cmp -- "$1" "$2" || fail "$1 and $2 are not the same${3:+: $3}"
}

same_text() {
    [[ $1 == "$2" ]] || fail "expected \"$1\", got \"$2\""
}

no_file() {
    local path
    for path in "$@"; do
        [[ ! -e $path && ! -L $path ]] || fail "$path should not exist"
    done
}

# only_files NAME…: the folder contains exactly these files.
only_files() {
    same_text "$(printf '%s\n' "$@" | sort)" "$(find . -mindepth 1 -printf '%P\n' | sort)"
}

# expect_exit CODE COMMAND…
expect_exit() {
    local expected=$1 code=0
    shift
    "$@" || code=$?
    ((code == expected)) || fail "exit code $code, expected $expected: $*"
}

# one_error_line FILE [PART…]: FILE is one line that begins with "poolmap: " and contains each PART.
one_error_line() {
    local file=$1 part line
    shift
    (($(wc -l < "$file") == 1)) || fail "expected one line on stderr, got: $(< "$file")"
    line=$(< "$file")
    [[ $line == "poolmap: "?* ]] || fail "the line does not begin with \"poolmap: \": $line"
    for part in "$@"; do
        [[ ${line#poolmap: } == *"$part"* ]] || fail "\"$part\" is not in the line: $line"
    done
}

# refuses CODE PART COMMAND…: exit code CODE, and one line on stderr that contains PART, such as the name of the file.
refuses() {
    local expected=$1 part=$2 code=0
    shift 2
    "$@" 2> "$CLI_NOTES/refusal" || code=$?
    ((code == expected)) || fail "exit code $code, expected $expected: $* said: $(< "$CLI_NOTES/refusal")"
    one_error_line "$CLI_NOTES/refusal" "$part"
}

# silently COMMAND…: succeeds, with nothing on stderr.
silently() {
    "$@" 2> "$CLI_NOTES/stderr" || fail "exit code $?: $* said: $(< "$CLI_NOTES/stderr")"
    [[ ! -s $CLI_NOTES/stderr ]] || fail "stderr should be empty, but has: $(< "$CLI_NOTES/stderr")"
}

# all_refused SUBCOMMAND FILE…: each file is refused with its own line, in their order.
all_refused() {
    local subcommand=$1 code=0
    shift
    poolmap "$subcommand" -j 2 "$@" > /dev/null 2> "$CLI_NOTES/refusals" || code=$?
    ((code == 1)) || fail "exit code $code, expected 1: poolmap $subcommand of $# files"
    printf 'poolmap: %s\n' "$@" > "$CLI_NOTES/expected"
    sed 's/^\(poolmap: [^:]*\): .*/\1/' "$CLI_NOTES/refusals" | diff "$CLI_NOTES/expected" - ||
        fail "these were not refused with one line each"
}

# all_refused_from_pipes FILE…: decompress refuses each of these small files from a pipe, with one line each.
all_refused_from_pipes() {
    local part jobs=()
    # Two at a time, since each file takes a process.
    for part in 0 1; do
        printf '%s\0' "$@" | perl -0 -e '
            my $part = shift;
            my @files = map { chomp; $_ } <STDIN>;
            for my $file (@files[grep { $_ % 2 == $part } 0 .. $#files]) {
                open my $in, "<", $file or die "$file: $!";
                my $bytes = do { local $/; <$in> };
                pipe my $input, my $to_input;
                pipe my $errors, my $to_errors;
                my $pid = fork;
                if (!$pid) {
                    open STDIN, "<&", $input;
                    open STDOUT, ">", "/dev/null";
                    open STDERR, ">&", $to_errors;
                    exec "poolmap", "decompress", "-c", "-j", "1";
                }
                close $input;
                close $to_errors;
                $SIG{PIPE} = "IGNORE";
                syswrite $to_input, $bytes;
                close $to_input;
                my $said = do { local $/; <$errors> };
                waitpid $pid, 0;
                $? == 256 or die "$file from a pipe: status $?, expected exit code 1; it said: $said\n";
                $said =~ /\Apoolmap: standard input: [^\n]+\n\z/ or die "$file from a pipe: it said: $said\n";
            }' "$part" &
        jobs+=($!)
    done
    wait "${jobs[0]}" || fail "not all were refused from pipes"
    wait "${jobs[1]}" || fail "not all were refused from pipes"
}

# zstd_refuses FILE…: prints the files that zstd refuses. zstd accepts an empty file.
zstd_refuses() {
    { zstd -q -t "$@" 2>&1 || true; } | tr '\r' '\n' | sed -n 's/^\(zstd: \)\?\([^ :]*\) *: .*/\2/p' | sort -u
}

# ---- Users and mounts

# as_user COMMAND…: runs it without root's privileges; for root, as the user nobody.
as_user() {
    if ((EUID == 0)); then
        setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
    else
        "$@"
    fi
}

# with_small_disk SIZE COMMAND…: runs it with an empty tmpfs of SIZE mounted at `disk`, invisible to other processes.
with_small_disk() {
    local size=$1 options=-m
    shift
    mkdir -p disk
    unshare -m mount -t tmpfs none disk 2> /dev/null || options=-Urm
    unshare $options mount -t tmpfs none disk 2> /dev/null ||
        fail "this case mounts a tmpfs: run it as root, or where user namespaces are allowed"
    # shellcheck disable=SC2016
    unshare $options bash -c 'mount -t tmpfs -o "size=$1,mode=777" none disk && shift && "$@"' - "$size" "$@"
}

# in_own_mounts: restarts the case in its own mount namespace, whose mounts end with it. Prints a message and fails
# without root's privileges.
in_own_mounts() {
    [[ -z ${CLI_OWN_MOUNTS-} ]] || return 0
    if ((EUID != 0)) || ! unshare -m true 2> /dev/null; then
        echo "needs root, to mount something" >&2
        return 1
    fi
    CLI_OWN_MOUNTS=yes exec unshare -m bash "$0"
}

# mount_fuse [OPTION…]: mounts the folder `behind` at `fuse` by FUSE, with options of bindfs: it has no nameless files,
# and no RENAME_NOREPLACE. Call it after in_own_mounts. Prints a message and fails if there is no FUSE.
mount_fuse() {
    mkdir -p fuse behind
    if [[ ! -c /dev/fuse ]] || ! bindfs "$@" behind fuse 2> /dev/null; then
        echo "there is no FUSE" >&2
        return 1
    fi
    trap 'umount -l fuse' EXIT
}

# ---- Processes

. "$CLI_FOLDER/processes.sh"
