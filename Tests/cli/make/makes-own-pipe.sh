# Under make with several jobs a recipe line with + takes a token from make's pipe, and make has all of them at its end.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 4000000 > in
cat > Makefile <<'END'
SHELL = /bin/bash
all: out.zst seen
out.zst: in
	+@echo "[$$MAKEFLAGS]" > flags; poolmap -19 --chunk-size 256K --report report -o $@ $<
# This recipe has one of the two tokens; so if the pipe is empty, poolmap has the other.
seen:
	+@. "$$CLI_LIB"; . "$$CLI_FOLDER/tokens.sh"; fds=$${MAKEFLAGS##*=}; \
	is_empty() { (($$(tokens_left $${fds%,*}) == 0)); }; wait_until 20 is_empty && touch $@
END
same_text "" "$(make -s -j3 2>&1)"
[[ -e seen ]]
[[ $(< flags) == *--jobserver-auth=[0-9]*,[0-9]* || $(< flags) == *--jobserver-auth=fifo:* ]]
same_text 2 "$(busy_at_once report)"
zstd -q -dc out.zst | cmp - in
# make 4.4 and later has both forms, and this one is no longer the default.
if make --jobserver-style=pipe --version > /dev/null 2>&1; then
    rm seen out.zst
    same_text "" "$(make -s -j3 --jobserver-style=pipe 2>&1)"
    [[ $(< flags) == *--jobserver-auth=[0-9]*,[0-9]* ]]
    same_text 2 "$(busy_at_once report)"
fi
