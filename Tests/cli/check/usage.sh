# Options about how to hash cannot be combined with --check, and options about how to check require it.
. "$CLI_LIB"
echo a > a
sha256sum a > list
for option in --tag --no-names "-o new" --force -r "--files-from list" "-a md5 -a sha256" "-a sha256 -a sha256"; do
    # shellcheck disable=SC2086
    refuses 2 "${option%% *}" poolmap hash --check $option list < /dev/null ||
        fail "$option"
done
refuses 2 --files-from poolmap hash -c --null list
refuses 2 --resume poolmap hash -c --resume state list
for option in --status --warn -w --strict --ignore-missing; do
    # shellcheck disable=SC2086
    refuses 2 "requires --check" poolmap hash $option a
done
refuses 2 "requires --check" poolmap hash --status -q a
refuses 2 --part-size poolmap hash -c --part-size 8M list
refuses 2 "only once" poolmap hash -c - - < list
no_file new
# After -- it is a name, not an option.
cp list -- -w
silently poolmap hash -c -- -w > said
same_text "a: OK" "$(< said)"
