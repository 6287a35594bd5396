# A recipe line without +, for which make closes its pipe, has one worker; -v says why, in one line.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 3000000 > in
cat > Makefile <<'END'
all:
	@poolmap $(OPTIONS) -c --chunk-size 64K --report report < in > out.zst
END
# make 4.4 and later has both forms, and this one is no longer the default.
make=(make -s -j3)
! make --jobserver-style=pipe --version > /dev/null 2>&1 || make+=(--jobserver-style=pipe)
same_text "" "$("${make[@]}" 2>&1)"
same_text 1 "$(workers_in report)"
zstd -q -dc out.zst | cmp - in
"${make[@]}" OPTIONS=-v 2> said
same_text "poolmap: using one worker: make passes its job server only to recipe lines that begin with +" "$(sed 1q said)"
same_text 1 "$(grep -c "^poolmap: " said)"
# make 4.4 and later says the same explicitly.
export MAKEFLAGS=" -j3 --jobserver-auth=-2,-2"
silently poolmap --report report -f -o out.zst --chunk-size 64K in
same_text 1 "$(workers_in report)"
poolmap -v --report report -f -o out.zst --chunk-size 64K in 2> said
grep -qx "poolmap: using one worker: make passes its job server only to recipe lines that begin with +" said
poolmap -v -q --report report -f -o out.zst --chunk-size 64K in 2> said
same_text "" "$(< said)"
