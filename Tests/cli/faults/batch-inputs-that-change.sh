# A file that vanishes, grows while it is read or cannot be read is one line each; the others are processed.
. "$CLI_LIB"
. "$CLI_FOLDER/batches.sh"
lay_out_files 60
# Chunks of half a second, so that there is time to stop the workers before the small files' turn.
real_data 2100000 > files/0
work=(-19 --chunk-size 1M)
compress_to reference "${work[@]}" -f -j 1
chmod 777 .
chmod -R a+rX files
# shellcheck disable=SC2046
start $( ((EUID != 0)) || echo setpriv --reuid=65534 --regid=65534 --clear-groups) \
    poolmap compress "${work[@]}" --output-dir out -j 2 $(names 0 60) 2> said
wait_workers "$front" 2
# shellcheck disable=SC2046
kill -STOP $(worker_pids "$front")
rm files/7
chmod 000 files/11 files/60
mv files/20 away
mkdir files/20
no_file out/{7,11,20,60}.zst
# shellcheck disable=SC2046
kill -CONT $(worker_pids "$front")
wait_gone 20 "$front"
expect_exit 1 wait "$front"
same_text 4 "$(wc -l < said)"
same_text "7 11 20 60" "$(sed -n 's|^poolmap: files/\([0-9]*\): .*|\1|p' said | xargs)"
all_but 7 11 20 60
rm -rf out files/20
mv away files/20
cp files/1 files/7
chmod 644 files/11 files/60
work=(-1 --chunk-size 64K)
compress_to reference "${work[@]}" -f -j 1
# Bytes added after a file was read, and before it is done, are noticed: strace makes its reader wait then.
growing=$PWD/files/31
start strace -qq -f -o trace -P "$growing" -e inject=pread64:delay_exit=400000 \
    poolmap compress "${work[@]}" --output-dir out -j 2 $(names 0 60) 2> said
is_read() { grep -qs pread64 trace; }
wait_until 20 is_read
echo more >> files/31
wait_gone 20 "$front"
expect_exit 1 wait "$front"
one_error_line said "files/31: " change
all_but 31
