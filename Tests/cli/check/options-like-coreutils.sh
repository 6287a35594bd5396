# All options and their order: output, messages about the lists and exit code are those of sha256sum and related tools.
. "$CLI_LIB"
. "$CLI_FOLDER/checks.sh"
echo good > good
echo other > other
mkdir folder
# lay_out TOOL: writes parts of lists.
lay_out() {
    "$1" good > "good.$1"
    "$1" other | sed "s/^[0-9a-f]*/$("$1" < good | cut -d' ' -f1)/" > "wrong.$1"
    "$1" good | sed 's/good/none/' > "missing.$1"
    "$1" good | sed 's/good/folder/' > "folder.$1"
    printf 'no line of a list\n\n# a comment\n' > "bad.$1"
}
# compose TOOL PART…: writes the file `list`.
compose() { printf "%s.$1\n" "${@:2}" | xargs cat > list; }
lay_out sha256sum
for parts in good missing "good bad" "good missing" "good wrong missing folder bad bad wrong missing"; do
    # shellcheck disable=SC2086
    compose sha256sum $parts
    for options in "" --quiet --status --warn --strict --ignore-missing; do
        # shellcheck disable=SC2086
        like sha256sum $options list
    done
done
# The last option about the amount of output takes effect.
for options in "--quiet --status" "--status --quiet" "--warn --quiet" "--quiet -w" "--status --warn" "-w --status" \
    "-w --strict" "--quiet --strict --ignore-missing" "--warn --status --quiet" "--ignore-missing --quiet --warn"; do
    # shellcheck disable=SC2086
    like sha256sum $options list
done
jobs=1 like sha256sum list -w --strict
for parts in wrong folder bad "good wrong" "good folder bad" "wrong missing"; do
    # shellcheck disable=SC2086
    compose sha256sum $parts
    like sha256sum list
    jobs=1 like sha256sum list --strict --ignore-missing
done
# Other tools.
for tool in md5sum sha1sum sha512sum; do
    lay_out $tool
    compose $tool good wrong missing folder bad bad wrong missing
    like $tool -w list
done
# No lines at all; several lists, some of them unreadable; standard input, named and by default.
: > empty
like sha256sum empty
like sha256sum --status empty
like sha256sum good.sha256sum wrong.sha256sum none folder empty good.sha256sum --warn bad.sha256sum
input=good.sha256sum like sha256sum
input=good.sha256sum like sha256sum - wrong.sha256sum --quiet
input=bad.sha256sum like sha256sum -w
input=empty like sha256sum
# Bundled short options; -q is poolmap's own.
poolmap hash -cqa sha256 good.sha256sum > said
same_text "" "$(< said)"
refuses 1 none poolmap hash -c none
refuses 1 folder poolmap hash -c folder
refuses 1 "empty: no properly formatted checksum lines found" poolmap hash -c --status empty
