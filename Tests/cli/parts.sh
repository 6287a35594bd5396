# Helpers for the cases that run what docs/cluster.md says, which source this file after lib.sh.

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
