# In bash the script completes command words, options, values and file names, with and without a command word.
. "$CLI_LIB"
poolmap --generate-completion-script bash > script
mkdir folder
touch big.tar big.zst "two words.zst" note.txt

# completes LINE: what Tab offers at the end of a line, sorted, in a bash with default settings.
completes() {
    bash --noprofile --norc -c '
        set -u
        source ./script
        spec=$(complete -p poolmap)
        function=${spec#*-F } function=${function%% *}
        COMP_LINE=$1 COMP_POINT=${#1}
        read -ra COMP_WORDS <<< "$COMP_LINE"
        [[ $COMP_LINE != *" " ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        COMPREPLY=()
        "$function" poolmap "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        ((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"' - "$1" 2> errors | sort
    [[ ! -s errors ]] || fail "\"$1\" said: $(< errors)"
}
offers() {
    local line=$1
    shift
    diff <((($# == 0)) || printf '%s\n' "$@" | sort) <(completes "$line") || fail "\"$line\" completes to other than: $*"
}

offers "poolmap com" compress
offers "poolmap dec" decompress
offers "poolmap compress --ch" --check --chunk-size
offers "poolmap compress --check --no-che" --no-check
offers "poolmap hash -a sha" sha1 sha256 sha512
offers "poolmap compress b" big.tar big.zst
offers "poolmap compress -o n" note.txt
offers "poolmap compress --level "
offers "poolmap decompress b" big.zst
offers "poolmap test t" "two words.zst"
offers "poolmap cat f" folder
offers "poolmap compress -D n" note.txt
offers "poolmap ma" map
offers "poolmap map --li" --lines
offers "poolmap map --lines n" note.txt
offers "poolmap map -o n" note.txt
offers "poolmap -d -D n" note.txt
offers "poolmap hash n" note.txt
# As zstd's users type it.
offers "poolmap b" big.tar big.zst
offers "poolmap c" cat compress
offers "poolmap --ch" --check --chunk-size
offers "poolmap -19 -T 4 b" big.tar big.zst
offers "poolmap -d b" big.zst
offers "poolmap -q -dc b" big.zst
offers "poolmap --test b" big.zst
offers "poolmap -l --j" --json
offers "poolmap -d --output n" note.txt
# All options of the help are offered.
for command in compress decompress test list cat hash map; do
    completes "poolmap $command -" > offered
    poolmap "$command" --help | sed -n '/^OPTIONS/,$p' | sed -nE 's/^  (-[^ ]*( [^ ]+)*)(  .*)?$/\1/p' |
        grep -oE -- '(^|[ /])--?[A-Za-z][A-Za-z0-9-]*' | tr -d ' /' | sort -u > options
    grep -qx -e --help options
    comm -23 options offered > missing
    [[ ! -s missing ]] || fail "poolmap $command - does not offer $(xargs < missing)"
done
