# make install puts the command, manual pages and completions where they are found, and make uninstall removes them.
. "$CLI_LIB"
unset MAKEFLAGS MAKELEVEL MFLAGS
source=$CLI_FOLDER/../..
in_source() { make --silent -C "$source" BINARY="$POOLMAP" "$@"; }
# A name with a space, and a strict umask that must not take effect.
root="$PWD/a root"
pages=$(cd "$source/docs/man" && ls ./*.1 | sed 's|^\./|share/man/man1/|')
for prefix in "" /usr; do
    options=(DESTDIR="$root" ${prefix:+PREFIX="$prefix"})
    prefix=${prefix:-/usr/local}
    (umask 077 && silently in_source install "${options[@]}")
    cd "$root$prefix"
    {
        echo bin/poolmap
        echo "$pages"
        echo share/bash-completion/completions/poolmap
        echo share/zsh/site-functions/_poolmap
        echo share/fish/vendor_completions.d/poolmap.fish
    } | sort | diff - <(find . -type f -printf '%P\n' | sort)
    same_text 755 "$(stat -c %a bin/poolmap)"
    same_text 755 "$(find . -type d -printf '%m\n' | sort -u)"
    same_text 644 "$(find share -type f -printf '%m\n' | sort -u)"
    same_text "$(poolmap --version)" "$(bin/poolmap --version)"
    seq 1000 | bin/poolmap | zstd -q -d | cmp - <(seq 1000)
    for shell in bash zsh fish; do
        poolmap --generate-completion-script "$shell" > "../$shell"
    done
    cmp ../bash share/bash-completion/completions/poolmap
    cmp ../zsh share/zsh/site-functions/_poolmap
    cmp ../fish share/fish/vendor_completions.d/poolmap.fish
    rm ../bash ../zsh ../fish
    # By the names that people type, found by man itself.
    for page in poolmap poolmap-compress "poolmap hash"; do
        # shellcheck disable=SC2086
        LC_ALL=C.UTF-8 man --no-justification -P cat -M "$PWD/share/man" $page | col -bx > "$CLI_NOTES/page"
        grep -q "^ *${page/ /-} - " "$CLI_NOTES/page" || fail "man $page: $(head -c 500 "$CLI_NOTES/page")"
    done
    # Again over the first, as for a new version.
    silently in_source install "${options[@]}"
    echo other > share/man/man1/other.1
    silently in_source uninstall "${options[@]}"
    same_text share/man/man1/other.1 "$(find . -type f -printf '%P\n')"
    cd "$root/.."
    rm -r "$root"
done
