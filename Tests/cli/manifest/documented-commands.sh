# The commands in docs/manifest.md that do without poolmap: a chunk, the root, the end, and another name.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
real_data 2500000 > backup.tar
silently poolmap hash --manifest -o M backup.tar
same_text "$(tail -c +$((2097152 + 1)) backup.tar | head -c 1048576 | b3sum --no-names)" \
    "$(sed -n 's/^2097152 402848 //p' M)"
same_text "$(grep '^[0-9]' M | cut -d' ' -f3 | xxd -r -p | b3sum --no-names)" "$(sed -n 's/^root //p' M)"
same_text "$(head -n -1 M | b3sum --no-names)" "$(sed -n 's/^end //p' M)"
mv backup.tar other
{ head -n -1 M | sed 's|^file .*|file other|' > N; } && echo "end $(b3sum --no-names < N)" >> N
says 0 "other: OK" poolmap hash --check N
# The page's own example.
text 2500000 > backup.tar
poolmap hash --manifest -a crc32 backup.tar > example
sed -n '/^for instance/,/^-/s/^    //p' "$CLI_FOLDER/../../docs/manifest.md" | cmp - example
