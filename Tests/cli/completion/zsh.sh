# In zsh the script completes command words, options and file names, with and without a command word.
. "$CLI_LIB"
mkdir functions
poolmap --generate-completion-script zsh > functions/_poolmap
zsh -n functions/_poolmap
touch big.tar big.zst note.txt
export HOME=$PWD ZDOTDIR=$PWD

# A zsh on its own terminal, which prints its offers between two marks. Completion works only in its line editor.
cat > asks << 'END'
zmodload zsh/zpty || exit 1
zpty shell zsh -f -i
answer=
ask() {
    zpty -w shell "$1"
    # Until the next prompt; its text is put together there, so that the echo of this line does not match.
    zpty -r -m shell answer "*<$2>*" || exit 1
}
ask 'unset zle_bracketed_paste; PS1="<rea""dy>"' ready
ask 'fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -D -u; print "<lo""aded>"' loaded
ask 'zstyle ":completion:*" list-colors; zstyle ":completion:*:default" list-prompt ""; LISTMAX=0' ready
ask 'compadd() {
        [[ ${@[(r)-(O|A|D)]} == -(O|A|D) ]] && { builtin compadd "$@"; return; }
        local -a hits
        builtin compadd -A hits "$@"
        print -rl -- $hits >> offered
        builtin compadd "$@"
    }; print "<def""ined>"' defined
zpty -w -n shell "$1"$'\t'$'\C-a'$'\C-k''print "<do""ne>"'$'\n'
zpty -r -m shell answer '*<done>*' || exit 1
zpty -d shell
END

# offers LINE WORD…
offers() {
    local line=$1
    shift
    rm -f offered
    zsh -f asks "$line" > said 2>&1 || fail "zsh did not answer: $(< said)"
    diff <(printf '%s\n' "$@" | sort) <(sort -u offered) || fail "\"$line\" completes to other than: $*"
}

offers "poolmap com" compress
offers "poolmap compress --ch" --check --chunk-size
offers "poolmap compress b" big.tar big.zst
offers "poolmap compress -o no" note.txt
offers "poolmap hash --algorithm sha5" sha512
offers "poolmap decompress b" big.zst
offers "poolmap b" big.tar big.zst
offers "poolmap -d b" big.zst
offers "poolmap -19 --ch" --check --chunk-size
