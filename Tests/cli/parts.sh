# Helpers for the cases about parts, which source this file after lib.sh.

# contents FOLDER: its files, with sizes and digests.
contents() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 b3sum --no-names | paste -sd ' ' && find . -type f | LC_ALL=C sort); }

# in_parts COUNT COMMAND…: all parts of a command, in any order, several at a time, with one to three workers.
in_parts() {
    local count=$1 number pids=() pid
    shift
    for number in $(seq "$count" | shuf); do
        "$@" -j$((number % 3 + 1)) --part "$number/$count" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || fail "a part failed: $*"; done
}

# ---- The examples in docs/cluster.md

# block SECTION NUMBER: the code block with that number in a section of the page.
block() {
    awk -v section="## $1" -v wanted="$2" '
        /^## / { here = $0 == section }
        here && /^```/ { inside = !inside; count += inside; next }
        here && inside && count == wanted' "$CLI_FOLDER/../../docs/cluster.md" > "$CLI_NOTES/block"
    [[ -s $CLI_NOTES/block ]] || fail "there is no block $2 in \"$1\""
    cat "$CLI_NOTES/block"
}

# small_chunks: makes `poolmap compress` use chunks so small that each of sixteen parts of three megabytes has some.
small_chunks() {
    mkdir -p bin
    cat > bin/poolmap << SCRIPT
#!/bin/sh
[ "\$1" != compress ] || { shift; set -- compress --chunk-size 128K "\$@"; }
exec "$POOLMAP" "\$@"
SCRIPT
    chmod 755 bin/poolmap
    PATH=$PWD/bin:$PATH
}
