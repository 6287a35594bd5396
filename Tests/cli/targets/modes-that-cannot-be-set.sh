# A target whose mode, owner or times cannot be set is made anyway, with one note.
. "$CLI_LIB"
real_data 300000 > in
chmod 666 in
touch -d 2001-02-03 in
umask 077
# under ERROR CALL COMMAND…
under() {
    strace -f -qq -o trace -e trace=fchmod,fchown,utimensat -e "inject=$2:error=$1" "${@:3}"
}
readonly note="in: cannot set the mode, owner or times of its target: "
for error in EPERM EOPNOTSUPP ENOSYS EINVAL; do
    for call in fchmod utimensat; do
        for jobs in 1 2; do
            under $error $call poolmap compress -f -j $jobs in 2> said || fail "exit code $?: $(< said)"
            one_error_line said "$note"
            zstd -q -dc in.zst | cmp - in
            silently under $error $call poolmap compress -q -f -j $jobs in
        done
    done
    [[ $(stat -c %Y in.zst) != "$(stat -c %Y in)" ]]
done
under EPERM fchmod poolmap compress -f --json in 2> said
python3 -c '
import json
line = json.load(open("said"))
assert line["warning"] == "metadata" and line["file"] == "in" and line["errno"] == 1, line'
# Its mode is then narrower, never wider.
under EPERM fchmod poolmap compress -q -f in
same_text 600 "$(stat -c %a in.zst)"
under EPERM fchmod poolmap compress -q --resume -f -o in.zst in
same_text 600 "$(stat -c %a in.zst)"
# Once for all files, whichever process made them.
mkdir many
for number in {1..40}; do
    text $((number * 1000)) > many/$number
done
chmod 666 many/*
for jobs in 1 2; do
    under EPERM fchmod poolmap compress -f -j $jobs -r many in 2> said || fail "exit code $?: $(< said)"
    one_error_line said ": cannot set the mode, owner or times of its target"
    same_text 40 "$(find many -name '*.zst' | wc -l)"
done
# Its content is still complete, and only then an input is removed.
under EPERM fchmod poolmap compress -q -f --rm in
zstd -q -t in.zst
no_file in
zstd -q -d in.zst
chmod 644 in
# A user may not give files away, which needs no note.
chmod 777 .
silently as_user cp in theirs
silently as_user strace -qq -f -o theirs.trace -e trace=fchown -e inject=fchown:error=EPERM poolmap compress -f theirs
zstd -q -t theirs.zst
