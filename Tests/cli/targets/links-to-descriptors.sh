# If an output name is a link to a descriptor, the output goes to that descriptor, with and without -f; the link stays.
. "$CLI_LIB"
# As a user who could not replace the machine's own names.
chmod 777 .
text 300000 > in
chmod 644 in
poolmap -q -o reference.zst in
ln -s /dev/stdout out
ln -s /dev/stderr err
ln -s /dev/fd/5 five
ln -s /proc/self/fd/1 self
mkdir deep
ln -s ../out deep/chain
for name in out self deep/chain; do
    for force in "" -f; do
        # shellcheck disable=SC2086
        as_user poolmap $force -o $name in > got
        same_file reference.zst got
        # shellcheck disable=SC2086
        as_user poolmap $force -o $name < in | cmp - reference.zst
        # shellcheck disable=SC2086
        as_user poolmap -d $force -o $name reference.zst > got
        same_file in got
        # shellcheck disable=SC2086
        as_user poolmap hash -a sha256 $force -o $name in | cmp - <(sha256sum in)
        # shellcheck disable=SC2086
        as_user poolmap hash --manifest $force -o $name in | cmp - <(poolmap hash --manifest in)
        # shellcheck disable=SC2086
        as_user poolmap hash --tree $force -o $name deep | cmp - <(poolmap hash --tree deep)
        for option in --report --trace; do
            # shellcheck disable=SC2086
            as_user poolmap -t $option $name reference.zst > got
            python3 -c 'import json; json.load(open("got"))'
        done
        # shellcheck disable=SC2086
        as_user poolmap -f -o made.zst $force --depfile $name in > got
        grep -q '^made\.zst :' got
        rm -f made.zst
    done
done
for force in "" -f; do
    # shellcheck disable=SC2086
    as_user poolmap $force -o err in 2> got
    same_file reference.zst got
    # shellcheck disable=SC2086
    as_user poolmap $force -o five in 5> got
    same_file reference.zst got
    # shellcheck disable=SC2086
    as_user poolmap hash -a sha256 $force -o five in 5> got
    sha256sum in | cmp - got
    as_user poolmap -t --report err reference.zst 2> got
    python3 -c 'import json; json.load(open("got"))'
done
# After existing content, and later output follows it.
{ echo before && as_user poolmap -f -o out in && echo after; } > got
{ echo before && cat reference.zst && echo after; } | cmp - got
for link in out err five self deep/chain; do
    [[ -L $link ]] || fail "$link is no link any more"
done
only_files deep deep/chain err five got in out reference.zst self
