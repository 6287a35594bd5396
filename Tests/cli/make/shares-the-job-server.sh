# The lines of the documentation's Makefile that run poolmap can use make's job server.
. "$CLI_LIB"
unset MAKEFLAGS MAKELEVEL MFLAGS
cp "$CLI_FOLDER/../../docs/examples/Makefile" Makefile
mkdir data
text 1000 > data/file
cat > see << 'END'
#!/bin/bash
# Records whether the pipe named by MAKEFLAGS is open, then runs poolmap.
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
