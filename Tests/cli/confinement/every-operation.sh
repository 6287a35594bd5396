# The workers of every operation sandbox themselves before their first task, and those that get pieces open no file.
. "$CLI_LIB"
real_data 9000000 > large
poolmap compress -q --chunk-size 256K -o large.zst large
mkdir tree
for name in {1..40}; do text $((20000 + name)) > tree/$name; done
poolmap hash -a sha256 -r tree > sums
poolmap hash --manifest large > manifest
cp large.zst bad.zst
patch bad.zst 400000 1 2 3

# shut_in NAMES COMMAND…: both sandboxes are in force in the workers; NAMES says whether they may open files. A run may
# end before its second worker is ready.
shut_in() {
    local names=$1 code=0
    shift
    strace -f -qq -o "$CLI_NOTES/calls" -e trace=seccomp,landlock_restrict_self,open,openat,openat2,execve,socket,connect \
        "$@" > /dev/null 2> "$CLI_NOTES/stderr" || code=$?
    ((code == 0)) || [[ $* == *salvage* ]] || fail "exit code $code: $* said: $(< "$CLI_NOTES/stderr")"
    perl -e '
        my ($names, $file) = @ARGV;
        open my $in, "<", $file or die;
        my (%filtered, %limited, @wrong);
        while (<$in>) {
            my ($pid) = /^(\d+)/ or next;
            $filtered{$pid} = 1 if /seccomp.*= 0$/;
            $limited{$pid} = 1 if /landlock_restrict_self.*= 0$/;
            push @wrong, $_ if $filtered{$pid} && /execve|socket|connect/;
            push @wrong, $_ if $filtered{$pid} && $names eq "none" && /open/;
        }
        my $count = grep { $limited{$_} } keys %filtered;
        die "no worker is shut in\n" if $count < 1;
        die "not so shut in: @wrong" if @wrong;' "$names" "$CLI_NOTES/calls" || fail "of: $*"
}

shut_in none poolmap compress -j 2 --chunk-size 256K -f -o out.zst large
shut_in none poolmap compress -j 2 --chunk-size 256K -c large
shut_in none poolmap compress -j 2 --chunk-size 256K -f --resume -o out.zst large
shut_in none poolmap decompress -j 2 -c large.zst
shut_in none poolmap decompress -j 2 --salvage -f -o out bad.zst
shut_in none poolmap cat -j 2 --offset 100 --length 1500000 large.zst
shut_in names poolmap decompress -j 2 -f -o out large.zst
shut_in names poolmap test -j 2 large.zst
shut_in names poolmap compress -j 2 -r -f tree
mkdir -p compressed/tree
cp tree/*.zst compressed/tree
shut_in names poolmap decompress -j 2 -r --output-dir restored compressed/tree
shut_in names poolmap test -j 2 -r tree
shut_in names poolmap hash -j 2 -r tree
shut_in names poolmap hash -j 2 --check sums
shut_in names poolmap hash -j 2 --check manifest
shut_in names poolmap hash -j 2 --manifest large
shut_in names poolmap hash -j 2 --tree tree
diff -r <(cd tree && cat {1..40}) <(cd restored/tree && cat {1..40})
