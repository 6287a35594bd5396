# Helpers for the cases in map/, which source this file after lib.sh.

# chunks_by_hand FILE CHUNK-BYTES CUT…: "offset length" of each chunk, one per line, as map/borders.py computes them.
chunks_by_hand() { python3 -B "$CLI_FOLDER/map/borders.py" "$@"; }

# chunks_of OPTION…: the same, as the commands of a run receive it.
chunks_of() { poolmap map "$@" -- echo '{offset} {length}'; }

# groups_of FILE…: succeeds if a process runs whose process group is in one of the files.
groups_of() {
    local file group
    for file in "$@"; do
        read -r group < "$file" || continue
        ! pgrep -g "$group" -r R,S,D,T > /dev/null 2>&1 || return 0
    done
    return 1
}
no_groups_of() { ! groups_of "$@"; }

# exist COUNT FILE…: succeeds if COUNT or more of the files exist.
exist() {
    local count=0 file
    for file in "${@:2}"; do
        [[ ! -e $file ]] || count=$((count + 1))
    done
    ((count >= $1))
}
# random_data BYTES ALPHABET: bytes of an alphabet, so that separators are near, far apart and overlapping.
random_data() {
    python3 -c '
import random, sys
random.seed(int(sys.argv[1]))
alphabet = sys.argv[3].encode().decode("unicode_escape").encode("latin-1")
sys.stdout.buffer.write(bytes(random.choices(alphabet, k=int(sys.argv[2]))))' "$RANDOM" "$1" "$2"
}
