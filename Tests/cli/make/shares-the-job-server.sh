# The lines of the documentation's Makefile that run poolmap have make's job server at hand.
. "$CLI_LIB"
unset MAKEFLAGS MAKELEVEL MFLAGS
cp "$CLI_FOLDER/../../docs/examples/Makefile" Makefile
mkdir data
text 1000 > data/file
cat > see << 'END'
#!/bin/bash
# Notes whether the pipe that MAKEFLAGS names is open, and then is poolmap.
auth=${MAKEFLAGS##*--jobserver-auth=}
auth=${auth%% *}
case $auth in
    fifo:*) [[ -p ${auth#fifo:} ]] ;;
    *,*) [[ -p /dev/fd/${auth%,*} && -p /dev/fd/${auth#*,} ]] ;;
    *) false ;;
esac && echo "$1" >> seen
exec poolmap "$@"
END
chmod +x see
silently make -j4 POOLMAP=./see check > said
same_text "compress hash test" "$(sort seen | xargs)"
