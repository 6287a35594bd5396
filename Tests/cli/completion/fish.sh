# In fish the script completes command words, options, values and file names, with and without a command word.
. "$CLI_LIB"
poolmap --generate-completion-script fish > script
fish --no-execute script
touch big.tar big.zst note.txt
export HOME=$PWD XDG_DATA_HOME=$PWD XDG_CONFIG_HOME=$PWD

# offers LINE WORD…: asks fish itself what Tab offers, without the descriptions.
offers() {
    local line=$1
    shift
    # shellcheck disable=SC2016
    fish --no-config --private -c 'source script; complete -C $argv[1]' "$line" | cut -f1 | sort > offered
    diff <(printf '%s\n' "$@" | sort) offered || fail "\"$line\" completes to other than: $*"
}

offers "poolmap com" compress
offers "poolmap compress --ch" --check --chunk-size
offers "poolmap compress b" big.tar big.zst
offers "poolmap compress -o no" note.txt
offers "poolmap hash --algorithm sha5" sha512
offers "poolmap decompress b" big.zst
offers "poolmap b" big.tar big.zst
offers "poolmap --ch" --check --chunk-size
offers "poolmap -19 b" big.tar big.zst
offers "poolmap -d b" big.zst
