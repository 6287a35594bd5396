# A manifest of 40,000 chunks and its check take no more memory than one of a few.
. "$CLI_LIB"
# peak COMMAND…: prints the highest memory use of its processes, in KiB.
peak() {
    python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}
truncate -s 4M small
truncate -s 40M large
for name in small large; do
    eval "$name=$(peak poolmap hash --manifest -j 2 -a sha512 --chunk-size 1K -o $name.manifest $name)"
    eval "check_$name=$(peak poolmap hash --check -j 2 $name.manifest)"
done
# The text has 6 MB.
((large - small < 4500)) || fail "$small KiB for few chunks, $large KiB for many"
((check_large - check_small < 4500)) || fail "checking: $check_small KiB for few chunks, $check_large KiB for many"
