# Under make -j3 more than one and at most three pieces are in progress at a time, however many recipes run.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
for number in {1..4}; do real_data "$((1000000 + number))" > "$number"; done
cat > Makefile <<'END'
all: 1.zst 2.zst 3.zst 4.zst
%.zst: %
	+@poolmap -19 --chunk-size 256K --report $*.report $<
END
same_text "" "$(make -s -j3 2>&1)"
# The start times of two runs differ by the time it takes to start one.
export MARGIN=10
most=$(busy_at_once ./*.report)
((most >= 2 && most <= 3)) || fail "$most at a time"
for number in {1..4}; do zstd -q -dc "$number.zst" | cmp - "$number"; done
# An explicit -j overrides make's tokens: more pieces run at a time, which shows that this case can tell the difference.
rm ./*.zst
sed -i 's/poolmap/poolmap -j 2/' Makefile
same_text "" "$(make -s -j3 2>&1)"
(($(busy_at_once ./*.report) > 3)) || fail "no more than under the job server: this case cannot tell the difference"
