# tar can use poolmap as its compressor, in both directions.
. "$CLI_LIB"
mkdir folder
text 300000 > folder/text
noise 300000 > folder/noise
tar cf folder.tar.zst -I poolmap folder
zstd -q -t folder.tar.zst
mv folder original
tar xf folder.tar.zst -I poolmap
diff -r original folder
