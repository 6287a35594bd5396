# tar takes poolmap as its compressor, both ways.
. "$CLI_LIB"
mkdir folder
text 300000 > folder/text
noise 300000 > folder/noise
tar cf folder.tar.zst -I poolmap folder
zstd -q -t folder.tar.zst
mv folder original
tar xf folder.tar.zst -I poolmap
diff -r original folder
