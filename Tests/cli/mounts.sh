# Helpers for the cases in mounts/, which source this file after lib.sh: file systems with fewer features than others.

# in_mount KIND FUNCTION [OPTION…]: runs the function of this case in a folder of a fresh file system, in its own mount
# namespace. KIND is vfat, an image on a loop device, or exfat by FUSE if the kernel has no vfat; or fuse, a folder
# behind bindfs, with its options. Skips the case if the machine has none.
in_mount() {
    local kind=$1 function=$2
    shift 2
    ((EUID == 0)) || skip "only root may mount a file system"
    mkdir -p mount store
    "can_mount_$kind" "$@"
    export -f "$function"
    # shellcheck disable=SC2016
    MOUNT_FUNCTION=$function unshare -m bash -c '
        kind=$1
        shift
        . "$CLI_LIB"
        . "$CLI_FOLDER/mounts.sh"
        # Otherwise the process that serves the mount would keep running.
        trap "cd / && umount \"$PWD/mount\"" EXIT
        "mount_$kind" "$@"
        cd mount
        "$MOUNT_FUNCTION"
        no_leftovers' - "$kind" "$@"
}

mount_vfat() {
    truncate -s 64M store/image
    mkfs.vfat store/image > "$CLI_NOTES/mkfs"
    if ! mount -o loop store/image mount 2> /dev/null; then
        mkfs.exfat store/image > "$CLI_NOTES/mkfs"
        mount -t exfat-fuse -o loop store/image mount > /dev/null
    fi
}
can_mount_vfat() { can_mount vfat "$@" || skip "neither vfat by the kernel nor exfat by FUSE: $(< "$CLI_NOTES/mount")"; }

mount_fuse() { bindfs "$@" store mount; }
can_mount_fuse() { can_mount fuse "$@" || skip "no file system by FUSE: $(< "$CLI_NOTES/mount")"; }

can_mount() {
    # shellcheck disable=SC2016
    unshare -m bash -c '. "$CLI_LIB" && . "$CLI_FOLDER/mounts.sh" && "mount_$@" && umount mount' - "$@" 2> "$CLI_NOTES/mount"
}

# no_leftovers: no hidden file is left, soon: FUSE renames a file that is removed while it is open, until it is closed.
no_leftovers() { wait_until "$soon" nothing_is_left; }
nothing_is_left() { [[ -z $(find . -name '.*' ! -name . -o -name '*.partial' -o -name '*.resume') ]]; }

# noted COMMAND…: succeeds, with at most one line on standard error, a note about mode, owner or times.
noted() {
    "$@" 2> "$CLI_NOTES/noted" || fail "exit code $?: $* said: $(< "$CLI_NOTES/noted")"
    (($(wc -l < "$CLI_NOTES/noted") <= 1)) || fail "$* said: $(< "$CLI_NOTES/noted")"
    ! grep -v '^poolmap: .*\(mode\|permission\|owner\|time\)' "$CLI_NOTES/noted" || fail "$* said that"
}

# everything: common uses, one after another. To be run in a folder of such a file system.
everything() {
    { text 400000 && noise 900000; } > in
    noted poolmap -j 2 --chunk-size 64K in
    silently zstd -q -d -c in.zst | cmp - in
    mv in kept
    noted poolmap -d -j 2 in.zst
    same_file in kept
    silently poolmap test in.zst
    same_text "$(poolmap hash in | cut -d' ' -f1)" "$(poolmap hash kept | cut -d' ' -f1)"
    refuses 1 exists poolmap in
    noted poolmap -f -j 2 in
    same_file in kept
    echo old > restored
    noted poolmap -d -f -o restored in.zst
    same_file restored kept
    noted poolmap -f --rm in
    no_file in
    noted poolmap -d --rm in.zst
    no_file in.zst
    same_file in kept
    noted poolmap --if-changed in
    noted poolmap --if-changed in
    noted poolmap --fsync -f in
    mkdir -p tree/below
    for number in {1..30}; do text $((number * 900)) > tree/below/$number; done
    poolmap -r -j 2 tree 2> said || fail "exit code $?: $(< said)"
    same_text 30 "$(find tree -name '*.zst' | wc -l)"
    (($(wc -l < said) <= 30)) || fail "too much was said: $(< said)"
    poolmap -r -q -j 2 --rm --output-dir moved tree 2> said || fail "exit code $?: $(< said)"
    same_text "" "$(cat said)"
    poolmap -d -r -q -j 2 --output-dir back moved 2> said || fail "exit code $?: $(< said)"
    for number in {1..30}; do text $((number * 900)) | cmp - "$(find back -name $number)"; done
    noted poolmap hash -o sums kept in
    silently poolmap hash --check -q sums
    noted poolmap hash -f -o sums kept
    noted poolmap compress --resume -f -o resumed --chunk-size 64K kept
    silently zstd -q -d -c resumed | cmp - kept
    noted poolmap --report report.json --trace trace.json --depfile rules -f -o resumed kept
    python3 -c 'import json; json.load(open("report.json")); json.load(open("trace.json"))'
    rm -rf tree moved back
    interrupted
}

# has_frames JOURNAL: it has more than its header.
has_frames() { [[ -e $1 ]] && (($(size_of "$1") > 64)); }

# interrupted: signals in the middle of a run leave nothing, and no partial target.
interrupted() {
    local signal
    { cat kept kept kept; } > large
    mkdir many
    for number in {1..300}; do text 30000 > many/$number; done
    for signal in INT:130 TERM:143 HUP:129; do
        start poolmap -19 -j 2 --chunk-size 64K -o out large
        wait_workers "$front" 2
        kill -"${signal%:*}" "$front"
        expect_end "${signal#*:}" "$front" 2> /dev/null
        no_file out
        no_leftovers
        start poolmap -q -19 -j 2 -r --output-dir out many
        wait_workers "$front" 2
        kill -"${signal%:*}" "$front"
        expect_end "${signal#*:}" "$front" 2> /dev/null
        no_leftovers
        if [[ -d out ]]; then
            find out -name '*.zst' -exec zstd -q -t {} +
        fi
        rm -rf out
    done
    # What --resume keeps stays, and can be resumed.
    start poolmap compress -19 -j 2 --resume --chunk-size 64K -o out large 2> /dev/null
    wait_until 20 has_frames out.resume
    kill -TERM "$front"
    expect_end 143 "$front" 2> /dev/null
    noted poolmap compress -19 -j 2 --resume --chunk-size 64K -o out large
    silently zstd -q -d -c out | cmp - large
    rm -rf many large out
}

# Sparse files give the same bytes as full ones, and can be restored with or without holes.
holes() {
    islands in 3000000 4097:3 200000:70000 2097151:1
    cat in | poolmap -q --chunk-size 64K > expected.zst
    for jobs in 1 2; do
        silently poolmap -q --chunk-size 64K -j $jobs -c in > out.zst
        same_file expected.zst out.zst
        for options in "" --no-sparse --salvage; do
            # shellcheck disable=SC2086
            noted poolmap -d -j $jobs $options -f -o out out.zst
            same_file in out "$options"
            silently poolmap -dc --sparse -j $jobs out.zst > out
            same_file in out
        done
    done
}
