# In a folder like /tmp, a journal or partial file of another user is refused: that user could read what is written.
. "$CLI_LIB"
text 5000 > in
mkdir -m 1777 shared
if ((EUID != 0)); then
    echo "needs root, to be two users" >&2
    exit 0
fi
for name in out.partial out.resume; do
    as_user touch shared/$name
    refuses 1 "in: cannot write shared/$name: it belongs to another user" \
        poolmap compress --resume -f -o shared/out in
    rm shared/$name
    same_text "" "$(ls -A shared)"
done
silently poolmap compress --resume -o shared/out in
same_text out "$(ls -A shared)"
