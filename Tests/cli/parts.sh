# Helpers for the cases about parts, which source this file after lib.sh.

# contents FOLDER: what is in it, with sizes and sums.
contents() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 b3sum --no-names | paste -sd ' ' && find . -type f | LC_ALL=C sort); }

# in_parts COUNT COMMAND…: all parts of a command, in any order, side by side, with one to three workers.
in_parts() {
    local count=$1 number pids=() pid
    shift
    for number in $(seq "$count" | shuf); do
        "$@" -j$((number % 3 + 1)) --part "$number/$count" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || fail "a part failed: $*"; done
}

# ---- What docs/cluster.md says

# block SECTION NUMBER: the block of code of that number in a section of the page.
block() {
    awk -v section="## $1" -v wanted="$2" '
        /^## / { here = $0 == section }
        here && /^```/ { inside = !inside; count += inside; next }
        here && inside && count == wanted' "$CLI_FOLDER/../../docs/cluster.md" > "$CLI_NOTES/block"
    [[ -s $CLI_NOTES/block ]] || fail "there is no block $2 in \"$1\""
    cat "$CLI_NOTES/block"
}

# small_chunks: from now on `poolmap compress` cuts so small that each of sixteen parts of three megabytes has something.
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
