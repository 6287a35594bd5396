# -v prints one line for each file on stderr, -q only errors, and neither changes the data.
. "$CLI_LIB"
# lines: the number of lines about files; there may be one about the sandbox of workers.
lines() { grep -vc '^workers: ' said; }
text 50000 > a
text 60000 > b
poolmap compress -v a b 2> said
(($(lines) == 2))
grep -q '^a: .* to ' said
grep -q '^b: .* to ' said
silently poolmap -q -f a
silently poolmap -f a
silently poolmap -q -v -f a
poolmap -dcv a.zst 2> said | cmp - a
(($(lines) == 1))
poolmap test -v a.zst b.zst 2> said
(($(lines) == 2))
refuses 1 nothing poolmap -q nothing
refuses 1 nothing poolmap -q -d nothing.zst
