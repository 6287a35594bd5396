# Mode and modification time, to the nanosecond, are kept in both directions; those of a pipe are new.
# The set-user-ID bit and the like are not kept.
. "$CLI_LIB"
text 5000 > in
facts() { stat -c '%a %Y %y' "$1"; }
for mode in 600 644 755 400 777; do
    chmod "$mode" in
    touch -d '2001-02-03 04:05:06.123456789 UTC' in
    rm -f in.zst out
    silently poolmap compress in
    same_text "$(facts in)" "$(facts in.zst)"
    silently poolmap decompress -o out in.zst
    same_text "$(facts in)" "$(facts out)"
    # An old target's mode is not kept.
    chmod 606 out
    silently poolmap decompress -f -o out in.zst
    same_text "$(facts in)" "$(facts out)"
done
for mode in 4755 2755 1644; do
    chmod $mode in
    silently poolmap -f in
    same_text "${mode#?}" "$(stat -c %a in.zst)"
    chmod $mode in.zst
    silently poolmap -d -f -o out in.zst
    same_text "${mode#?}" "$(stat -c %a out)"
done
(
    umask 027
    cat in | silently poolmap compress -o piped.zst
)
same_text 640 "$(stat -c %a piped.zst)"
(($(stat -c %Y piped.zst) > 1700000000))
