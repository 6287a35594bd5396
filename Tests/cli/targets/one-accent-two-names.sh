# Names that differ only in how an accent is encoded are different files, for targets and for make's rules.
. "$CLI_LIB"
one=$'\xc3\xa4' other=$'a\xcc\x88'
mkdir "$one" "$other"
echo 1 > "$one/$one"
echo 2 > "$other/$one"
echo 3 > "$other/$other"
silently poolmap --depfile rules -j 2 "$one/$one" "$other/$one" "$other/$other"
same_text "1 2 3" "$(zstd -q -dc "$one/$one.zst" "$other/$one.zst" "$other/$other.zst" | xargs)"
same_text 3 "$(grep -c ': ' rules)"
(($(find . -name '*.zst' | wc -l) == 3))
