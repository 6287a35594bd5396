# A poolmap file cut anywhere, even between frames, is refused, as a file and as a pipe, with and without checksums.
. "$CLI_LIB"
{ text 2048; noise 30; } > in
: > empty
for options in --check --no-check; do
    for file in in empty; do
        poolmap compress -q $options --chunk-size 1K -f $file
        cut_at_each_byte $file.zst cuts
        all_refused test cuts/*
        all_refused_from_pipes cuts/*
        rm -r cuts
    done
done
# Also after a complete section.
poolmap compress -q --chunk-size 1K -f in
cat in.zst in.zst > joined
cut_at_each_byte joined cuts
rm "cuts/$(printf %05d "$(size_of in.zst)")"
all_refused test cuts/*
