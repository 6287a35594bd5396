# A failed target of the documentation's Makefile is absent or the old one, without .DELETE_ON_ERROR.
. "$CLI_LIB"
unset MAKEFLAGS MAKELEVEL MFLAGS
cp "$CLI_FOLDER/../../docs/examples/Makefile" Makefile
! grep -q '^\.DELETE_ON_ERROR' Makefile
try() {
    noise 600000 > disk/large
    text 1000 > disk/small
    silently make -j4 FOLDER=disk disk/small.zst > said
    # No space for a second one.
    expect_exit 2 make -k -j4 FOLDER=disk > said 2> errors
    grep -q '^poolmap: disk/large: ' errors
    no_file disk/large.zst
    [[ -f disk/small.zst && -f disk/small.sha256 && -f disk/large.sha256 ]] || fail "the others were not made"
    # With an old target: it stays, is still older than its file, and so is made as soon as there is space.
    text 1000 > disk/large
    silently make -j4 FOLDER=disk > said
    cp disk/large.zst old
    noise 600000 > disk/large
    expect_exit 2 make -k -j4 FOLDER=disk > said 2> errors
    same_file old disk/large.zst
    text 2000 > disk/large
    silently make -j4 FOLDER=disk > said
    zstd -q -dc disk/large.zst | cmp - disk/large
}
export -f try text noise fail no_file expect_exit silently same_file
with_small_disk 1M bash -Eeuo pipefail -c try
