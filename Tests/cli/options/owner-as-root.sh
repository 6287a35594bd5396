# The owner is kept if the user may give files away, and otherwise is the user.
. "$CLI_LIB"
text 5000 > in
if ((EUID == 0)); then
    chown 65534:65534 in
    silently poolmap compress in
    same_text "65534:65534" "$(stat -c %u:%g in.zst)"
    chown 0:0 in
    chmod 644 in
    chmod 777 .
    as_user poolmap compress -o user.zst in
    same_text "65534:65534 644" "$(stat -c '%u:%g %a' user.zst)"
else
    # A file of root's; its set-user-ID bit must not be copied to a file of the user.
    silently poolmap compress -o user.zst /etc/passwd
    same_text "$EUID" "$(stat -c %u user.zst)"
fi
