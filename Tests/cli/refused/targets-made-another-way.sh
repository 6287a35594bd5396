# Without links, nameless files, RENAME_NOREPLACE, modes, owners and times there is still a target, and a note.
. "$CLI_LIB"
{ text 300000 && noise 400000; } > in
chmod 640 in
silently poolmap --chunk-size 64K -o wanted in
mkdir tree
for number in {1..9}; do text $((number * 3000)) > tree/$number; done

# noted COMMAND…: succeeds, with at most a note for each file.
noted() {
    timeout 20 refuse "$refusal" -- "$@" 2> said || fail "$refusal: exit code $?: $* said: $(< said)"
    (($(wc -l < said) <= most)) || fail "$refusal: $* said: $(< said)"
    ! grep -v '^poolmap: .*\(mode\|permission\|owner\|time\)' said || fail "$refusal: $* said that"
    same_text "" "$(find . -name '.poolmap-*')"
}
for refusal in linkat={EPERM,ENOSYS,EOPNOTSUPP} {fchmod,fchown,utimensat}={EPERM,ENOSYS,EOPNOTSUPP} \
    openat:O_TMPFILE={EOPNOTSUPP,ENOSYS,EPERM} openat:O_TMPFILE=EISDIR,renameat2={ENOSYS,EINVAL} \
    linkat=EPERM,renameat2={ENOSYS,EINVAL,EPERM} openat:O_TMPFILE=EINVAL,linkat=EPERM,renameat2=EINVAL,fchmod=EPERM; do
    most=1
    for jobs in 1 2; do
        noted poolmap -j $jobs --chunk-size 64K -o out in
        same_file out wanted "$refusal"
        refuses 1 exists refuse "$refusal" -- poolmap -j $jobs --chunk-size 64K -o out in
        noted poolmap -j $jobs --chunk-size 64K -f -o out in
        same_file out wanted "$refusal"
        noted poolmap -d -j $jobs -o restored out
        same_file restored in "$refusal"
        noted poolmap -d -f --rm -j $jobs -o restored out
        same_file restored in "$refusal"
        no_file out
        noted poolmap compress --resume -j $jobs --chunk-size 64K -o out in
        same_file out wanted "$refusal"
        rm out restored
        most=9
        noted poolmap -r -j $jobs --output-dir done tree
        same_text 9 "$(find done -type f | wc -l)"
        rm -r done
        most=1
    done
    noted poolmap hash -o sums in
    silently poolmap hash --check -q sums
    rm sums
done
